//! Values with a unit: `24h`, `5MiB`, `70%`.
//!
//! A bare number is refused even where one could guess: sixty what? The fix says what to write.

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::super::tree::Kind;
use super::fields::{Found, Given};

/// Units and how many of the smallest they are.
type Units = &'static [(&'static str, u64)];

const TIME: Units = &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400)];
const SIZE: Units = &[("KiB", 1), ("MiB", 1024), ("GiB", 1024 * 1024)];
const DAY: Units = &[("d", 1)];
const RATE: Units = &[("MiB/s", 1), ("GiB/s", 1024)];
const SHARE: Units = &[("%", 1)];

/// What people write for a unit, and which unit they mean.
const MEANT: &[(&str, &str)] = &[
    ("s", "s"),
    ("sec", "s"),
    ("secs", "s"),
    ("second", "s"),
    ("seconds", "s"),
    ("m", "m"),
    ("min", "m"),
    ("mins", "m"),
    ("minute", "m"),
    ("minutes", "m"),
    ("h", "h"),
    ("hr", "h"),
    ("hrs", "h"),
    ("hour", "h"),
    ("hours", "h"),
    ("d", "d"),
    ("day", "d"),
    ("days", "d"),
    ("k", "KiB"),
    ("kb", "KiB"),
    ("kib", "KiB"),
    ("ki", "KiB"),
    ("m", "MiB"),
    ("mb", "MiB"),
    ("mib", "MiB"),
    ("mi", "MiB"),
    ("g", "GiB"),
    ("gb", "GiB"),
    ("gib", "GiB"),
    ("mb/s", "MiB/s"),
    ("mib/s", "MiB/s"),
    ("mibps", "MiB/s"),
    ("mib", "MiB/s"),
    ("mb", "MiB/s"),
    ("gb/s", "GiB/s"),
    ("gib/s", "GiB/s"),
    ("gib", "GiB/s"),
    ("gi", "GiB"),
    ("%", "%"),
    ("pct", "%"),
    ("percent", "%"),
];

/// A field with a unit: what it takes and what it is counted in.
#[derive(Debug)]
pub(crate) struct Measure {
    units: Units,
    /// The unit that the value is counted in; others must come out whole.
    step: &'static str,
    /// Least, in steps.
    min: u32,
    /// Most, in steps.
    max: u32,
}

/// `retention`: IncreaseStreamRetentionPeriod takes 24 to 8760 hours.
pub(crate) const RETENTION: Measure = Measure { units: TIME, step: "h", min: 24, max: 8760 };
/// `max-record`: UpdateMaxRecordSize takes 1024 to 10240 KiB.
pub(crate) const MAX_RECORD: Measure = Measure { units: SIZE, step: "KiB", min: 1024, max: 10_240 };
/// `warm-throughput`: UpdateStreamWarmThroughput takes up to 10 GiB/s.
pub(crate) const WARM_THROUGHPUT: Measure = Measure { units: RATE, step: "MiB/s", min: 1, max: 10_240 };
/// `autoscale.target`.
pub(crate) const TARGET: Measure = Measure { units: SHARE, step: "%", min: 1, max: 100 };
/// `memory`: what Lambda takes.
pub(crate) const MEMORY: Measure = Measure { units: SIZE, step: "MiB", min: 128, max: 10_240 };
/// `timeout`: what Lambda takes.
pub(crate) const TIMEOUT: Measure = Measure { units: TIME, step: "s", min: 1, max: 900 };
/// `logs.retention`: the shortest and longest that PutRetentionPolicy takes; it takes few between.
pub(crate) const LOG_RETENTION: Measure = Measure { units: TIME, step: "d", min: 1, max: 3653 };
/// `batch.window`: MaximumBatchingWindowInSeconds of an event source mapping.
pub(crate) const BATCH_WINDOW: Measure = Measure { units: TIME, step: "s", min: 0, max: 300 };
/// `batch.tumbling`: TumblingWindowInSeconds of an event source mapping.
pub(crate) const TUMBLING_WINDOW: Measure = Measure { units: TIME, step: "s", min: 0, max: 900 };
/// `failures.age`: MaximumRecordAgeInSeconds of an event source mapping, which refuses 1 to 59.
pub(crate) const RECORD_AGE: Measure = Measure { units: TIME, step: "s", min: 60, max: 604_800 };
/// `partition.retry`: RetryOptions of dynamic partitioning.
pub(crate) const PARTITION_RETRY: Measure = Measure { units: TIME, step: "s", min: 0, max: 7200 };
/// Times of lifecycle rules, which S3 counts in days.
pub(crate) const DAYS: Measure = Measure { units: DAY, step: "d", min: 1, max: 36_500 };
/// `buffer.size`: BufferingHints of an S3 destination.
pub(crate) const BUFFER_SIZE: Measure = Measure { units: SIZE, step: "MiB", min: 1, max: 128 };
/// `buffer.size`: HttpEndpointBufferingHints.
pub(crate) const HTTP_BUFFER_SIZE: Measure = Measure { units: SIZE, step: "MiB", min: 1, max: 64 };
/// `buffer.interval`: BufferingHints of an S3 destination.
pub(crate) const BUFFER_INTERVAL: Measure = Measure { units: TIME, step: "s", min: 0, max: 900 };

/// Why a text is no measure.
#[derive(Debug, PartialEq, Eq)]
enum Misfit {
    /// Not a whole number before the unit.
    Number,
    /// No unit.
    Bare(u64),
    /// A unit that is none of these; with the text it probably means.
    Unit(String, Option<String>),
    /// Does not come out whole in steps.
    Part,
    /// Outside the bounds.
    Range,
}

impl Measure {
    /// The value in steps, or a diagnostic with the fix.
    pub(crate) fn read(&self, given: &Given<'_>, found: &mut Found) -> Option<u32> {
        let scalar = given.scalar("a number with a unit", found)?;
        let text = scalar.text.trim();
        let misfit = match self.parse(text) {
            Ok(steps) => return Some(steps),
            Err(misfit) => misfit,
        };
        let name = given.name();
        let (code, message, help) = match misfit {
            Misfit::Bare(number) => (
                Code::WrongUnit,
                format!("`{name}` needs a unit: {}", self.listed()),
                format!("write `{name}: {}`", self.shown(number)),
            ),
            Misfit::Unit(unit, fix) => (
                Code::WrongUnit,
                format!("`{name}` cannot be measured in `{unit}`"),
                match fix {
                    Some(fix) => format!("write `{name}: {fix}`"),
                    None => format!("its units are {}", self.listed()),
                },
            ),
            Misfit::Number if matches!(scalar.kind(), Kind::Bool) => (
                Code::WrongType,
                format!("`{name}` is a number with a unit, but here is `{text}`"),
                format!("for example `{name}: {}`", self.shown(u64::from(self.min.max(1)))),
            ),
            Misfit::Number => (
                Code::WrongUnit,
                format!("`{text}` is not a whole number with a unit"),
                format!("for example `{name}: {}`", self.shown(u64::from(self.min.max(1)))),
            ),
            Misfit::Part => (
                Code::WrongUnit,
                format!("`{name}` is counted in whole {}, and `{text}` is not", self.step_in_words()),
                format!("it can be {}", self.bounds()),
            ),
            Misfit::Range => (
                Code::OutOfRange,
                format!("`{name}` is {text}, but AWS takes {}", self.bounds()),
                format!("the nearest is `{name}: {}`", self.shown(u64::from(self.nearest(text)))),
            ),
        };
        found.push(Diagnostic::error(code, given.place(), message).help(help));
        None
    }

    fn parse(&self, text: &str) -> Result<u32, Misfit> {
        let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = text.split_at(digits);
        if digits == 0 || unit.starts_with(['.', ',', '_']) {
            return Err(Misfit::Number);
        }
        let number: u64 = number.parse().map_err(|_| Misfit::Range)?;
        if unit.is_empty() {
            return Err(Misfit::Bare(number));
        }
        let Some(factor) = self.factor(unit) else {
            return Err(Misfit::Unit(unit.trim().to_owned(), self.meant(number, unit)));
        };
        let step = self.factor(self.step).unwrap_or(1);
        let total = number.checked_mul(factor).ok_or(Misfit::Range)?;
        if total % step != 0 {
            return Err(Misfit::Part);
        }
        u32::try_from(total / step)
            .ok()
            .filter(|steps| (self.min..=self.max).contains(steps))
            .ok_or(Misfit::Range)
    }

    fn factor(&self, unit: &str) -> Option<u64> {
        self.units.iter().find(|(name, _)| *name == unit).map(|(_, factor)| *factor)
    }

    fn meant(&self, number: u64, written: &str) -> Option<String> {
        let folded = written.trim().to_lowercase();
        let (_, unit) = MEANT.iter().find(|(word, unit)| *word == folded && self.factor(unit).is_some())?;
        Some(format!("{number}{unit}"))
    }

    /// In the unit it is counted in; sizes in the largest that comes out whole.
    fn shown(&self, steps: u64) -> String {
        let factor = self.factor(self.step).unwrap_or(1);
        let whole = |(_, larger): &&(&str, u64)| {
            *larger > factor && steps > 0 && (steps * factor).is_multiple_of(*larger)
        };
        let is_size = self.units.iter().any(|(unit, _)| *unit == "KiB");
        match self.units.iter().rev().find(whole).filter(|_| is_size) {
            Some((unit, larger)) => format!("{}{unit}", steps * factor / larger),
            None => format!("{steps}{}", self.step),
        }
    }

    /// The bounds in words: `24h` to `8760h`.
    fn bounds(&self) -> String {
        format!("{} to {}", self.shown(u64::from(self.min)), self.shown(u64::from(self.max)))
    }

    /// The bound that a value beyond them is beyond.
    fn nearest(&self, text: &str) -> u32 {
        let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
        let unit = self.factor(&text[digits.len()..]).unwrap_or(u64::MAX);
        let step = self.factor(self.step).unwrap_or(1);
        match digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit)) {
            Some(total) if total / step < u64::from(self.min) => self.min,
            _ => self.max,
        }
    }

    fn listed(&self) -> String {
        super::suggest::either(self.units.iter().map(|(unit, _)| *unit))
    }

    fn step_in_words(&self) -> &'static str {
        match self.step {
            "h" => "hours",
            "s" => "seconds",
            "MiB" => "MiB",
            "KiB" => "KiB",
            "MiB/s" => "MiB/s",
            "d" => "days",
            _ => "percents",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [&Measure; 14] = [
        &RETENTION,
        &MAX_RECORD,
        &WARM_THROUGHPUT,
        &TARGET,
        &MEMORY,
        &TIMEOUT,
        &BATCH_WINDOW,
        &TUMBLING_WINDOW,
        &RECORD_AGE,
        &LOG_RETENTION,
        &PARTITION_RETRY,
        &DAYS,
        &BUFFER_SIZE,
        &BUFFER_INTERVAL,
    ];

    #[test]
    fn units_convert_to_what_aws_counts_in() {
        assert_eq!(RETENTION.parse("7d"), Ok(168));
        assert_eq!(RETENTION.parse("1440m"), Ok(24));
        assert_eq!(MEMORY.parse("1GiB"), Ok(1024));
        assert_eq!(BUFFER_SIZE.parse("5120KiB"), Ok(5));
        assert_eq!(BUFFER_INTERVAL.parse("0s"), Ok(0));
        assert_eq!(TARGET.parse("70%"), Ok(70));
    }

    #[test]
    fn what_does_not_fit_is_told_apart() {
        assert_eq!(RETENTION.parse("24"), Err(Misfit::Bare(24)));
        assert_eq!(RETENTION.parse("90m"), Err(Misfit::Part));
        assert_eq!(RETENTION.parse("23h"), Err(Misfit::Range));
        assert_eq!(RETENTION.parse("366d"), Err(Misfit::Range));
        assert_eq!(RETENTION.parse("99999999999999999999h"), Err(Misfit::Range));
        assert_eq!(BUFFER_INTERVAL.parse("1.5m"), Err(Misfit::Number));
        assert_eq!(BUFFER_INTERVAL.parse("-1s"), Err(Misfit::Number));
        assert_eq!(BUFFER_SIZE.parse("5MB"), Err(Misfit::Unit("MB".to_owned(), Some("5MiB".to_owned()))));
        assert_eq!(RETENTION.parse("5MiB"), Err(Misfit::Unit("MiB".to_owned(), None)));
    }

    proptest! {
        #[test]
        fn every_value_in_bounds_reads_back(which in 0..ALL.len(), any in any::<u32>()) {
            let measure = ALL[which];
            let steps = measure.min + any % (measure.max - measure.min + 1);
            prop_assert_eq!(measure.parse(&measure.shown(u64::from(steps))), Ok(steps));
        }

        #[test]
        fn any_text_is_a_value_or_a_misfit(text in "\\PC{0,12}", which in 0..ALL.len()) {
            if let Ok(steps) = ALL[which].parse(&text) {
                prop_assert!((ALL[which].min..=ALL[which].max).contains(&steps));
            }
        }
    }
}
