//! The statistics that can be asked for, and how each is computed.

use super::aggregate::Aggregate;

/// A statistic CloudWatch knows: the basic five, percentiles, and those over a part of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their sum.
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// Sum over count.
    Average,
    /// `p99.9`: the value that so many percent of the values do not pass.
    Percentile(f64),
    /// `tm99`, `TM(10%:90%)`: the mean of a part.
    TrimmedMean(Part),
    /// `tc99`, `TC(…)`: how many values are in a part.
    TrimmedCount(Part),
    /// `ts99`, `TS(…)`: the sum of a part.
    TrimmedSum(Part),
    /// `wm99`, `WM(…)`: the mean, values outside the part counting as the part's ends.
    WinsorizedMean(Part),
    /// `PR(:300)`: the percentage of values in a part.
    PercentileRank(Part),
}

/// A part of the values: above the lower end, up to the upper end and with it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Part {
    /// By rank, in percent.
    Percent(f64, f64),
    /// By value.
    Values(f64, f64),
}

/// What a statistic is computed from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values {
    pub(super) aggregate: Aggregate,
    /// Sorted distinct values with their counts; `None` where they are not known or not asked for.
    pub(super) spread: Option<Vec<(f64, f64)>>,
}

impl Statistic {
    /// Reads AWS's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "SampleCount" => return Some(Self::SampleCount),
            "Sum" => return Some(Self::Sum),
            "Minimum" => return Some(Self::Minimum),
            "Maximum" => return Some(Self::Maximum),
            "Average" => return Some(Self::Average),
            "IQM" => return Some(Self::TrimmedMean(Part::Percent(25.0, 75.0))),
            _ => {}
        }
        let at = text.find(|letter: char| !letter.is_ascii_alphabetic())?;
        let (kind, rest) = text.split_at(at);
        if let Some(range) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
            let part = Part::parse(range)?;
            return match (kind, part) {
                ("TM", part) => Some(Self::TrimmedMean(part)),
                ("TC", part) => Some(Self::TrimmedCount(part)),
                ("TS", part) => Some(Self::TrimmedSum(part)),
                ("WM", part) => Some(Self::WinsorizedMean(part)),
                ("PR", Part::Values(..)) => Some(Self::PercentileRank(part)),
                _ => None,
            };
        }
        let percent = percent(rest)?;
        let part = Part::Percent(0.0, percent);
        match kind {
            "p" => Some(Self::Percentile(percent)),
            "tm" => Some(Self::TrimmedMean(part)),
            "tc" => Some(Self::TrimmedCount(part)),
            "ts" => Some(Self::TrimmedSum(part)),
            "wm" => Some(Self::WinsorizedMean(part)),
            _ => None,
        }
    }

    /// Whether it is one of the five that need no values.
    #[must_use]
    pub fn is_basic(self) -> bool {
        matches!(self, Self::SampleCount | Self::Sum | Self::Minimum | Self::Maximum | Self::Average)
    }

    /// The statistic of some values; `None` where it needs values that are not known.
    pub(super) fn of(self, values: &Values) -> Option<f64> {
        let all = &values.aggregate;
        let spread = || values.spread.as_deref().filter(|spread| !spread.is_empty());
        match self {
            Self::SampleCount => Some(all.count),
            Self::Sum => Some(all.sum),
            Self::Minimum => Some(all.minimum),
            Self::Maximum => Some(all.maximum),
            Self::Average => (all.count > 0.0).then(|| all.sum / all.count),
            Self::Percentile(percent) => Some(percentile(spread()?, percent).clamp(all.minimum, all.maximum)),
            Self::TrimmedMean(part) => {
                let (count, sum) = part.count_and_sum(spread()?);
                (count > 0.0).then(|| sum / count)
            }
            Self::TrimmedCount(part) => Some(part.count_and_sum(spread()?).0),
            Self::TrimmedSum(part) => Some(part.count_and_sum(spread()?).1),
            Self::WinsorizedMean(part) => Some(part.winsorized(spread()?)),
            Self::PercentileRank(part) => {
                let spread = spread()?;
                Some(100.0 * part.count_and_sum(spread).0 / total(spread))
            }
        }
    }
}

impl Part {
    fn parse(range: &str) -> Option<Self> {
        let (from, to) = range.split_once(':')?;
        if from.is_empty() && to.is_empty() {
            return None;
        }
        let by_percent = [from, to].iter().any(|end| end.ends_with('%'));
        let part = if by_percent {
            let end = |text: &str, open: f64| match text {
                "" => Some(open),
                text => percent(text.strip_suffix('%')?),
            };
            Self::Percent(end(from, 0.0)?, end(to, 100.0)?)
        } else {
            let end = |text: &str, open: f64| if text.is_empty() { Some(open) } else { number(text) };
            Self::Values(end(from, f64::NEG_INFINITY)?, end(to, f64::INFINITY)?)
        };
        let (Self::Percent(from, to) | Self::Values(from, to)) = part;
        (from < to).then_some(part)
    }

    /// How many values are inside, and their sum.
    fn count_and_sum(self, spread: &[(f64, f64)]) -> (f64, f64) {
        let inside: Box<dyn Fn(f64, f64, f64) -> f64> = match self {
            Self::Values(from, to) => {
                Box::new(move |value, _, count| if value > from && value <= to { count } else { 0.0 })
            }
            Self::Percent(from, to) => {
                let (from, to) = (rank(spread, from), rank(spread, to));
                Box::new(move |_, before, count| ((before + count).min(to) - before.max(from)).max(0.0))
            }
        };
        let (mut before, mut kept, mut sum) = (0.0, 0.0, 0.0);
        for (value, count) in spread {
            let inside = inside(*value, before, *count);
            kept += inside;
            sum += inside * value;
            before += count;
        }
        (kept, sum)
    }

    fn winsorized(self, spread: &[(f64, f64)]) -> f64 {
        let (from, to) = match self {
            Self::Values(from, to) => (from, to),
            Self::Percent(from, to) => {
                let least = if from > 0.0 { percentile(spread, from) } else { f64::NEG_INFINITY };
                (least, percentile(spread, to))
            }
        };
        let sum: f64 = spread.iter().map(|(value, count)| value.max(from).min(to) * count).sum();
        sum / total(spread)
    }
}

fn total(spread: &[(f64, f64)]) -> f64 {
    spread.iter().map(|(_, count)| count).sum()
}

/// The rank, from 1, of a percentile: the nearest one. CloudWatch does not say how it rounds (?).
fn rank(spread: &[(f64, f64)], percent: f64) -> f64 {
    let exact = total(spread) * percent / 100.0;
    // 99.9 % of 1000 is 999 and not 999.0000000001.
    (exact - 1e-9 * exact.abs()).ceil()
}

fn percentile(spread: &[(f64, f64)], percent: f64) -> f64 {
    let rank = rank(spread, percent).max(1.0);
    let mut seen = 0.0;
    for (value, count) in spread {
        seen += count;
        if seen >= rank {
            return *value;
        }
    }
    spread.last().map_or(f64::NAN, |(value, _)| *value)
}

/// `99`, `99.9`, `100`: up to ten places after the point.
fn percent(text: &str) -> Option<f64> {
    number(text).filter(|percent| (0.0..=100.0).contains(percent))
}

fn number(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 10 {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: &[f64]) -> Values {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let aggregate = sorted
            .iter()
            .map(|value| Aggregate::of(*value))
            .reduce(|mut sum, one| {
                sum.merge(&one);
                sum
            })
            .unwrap();
        Values { aggregate, spread: Some(sorted.into_iter().map(|value| (value, 1.0)).collect()) }
    }

    #[test]
    fn each_spelling_is_computed_as_it_says() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let values = of(&hundred);
        for (text, expected) in [
            ("SampleCount", 100.0),
            ("Sum", 5050.0),
            ("Average", 50.5),
            ("Minimum", 1.0),
            ("Maximum", 100.0),
            ("p0", 1.0),
            ("p50", 50.0),
            ("p99", 99.0),
            ("p99.9", 100.0),
            ("p100", 100.0),
            ("tm90", 45.5),
            ("TM(10%:90%)", 50.5),
            ("IQM", 50.5),
            ("TM(:10)", 5.5),
            ("tc90", 90.0),
            ("TC(10:20)", 10.0),
            ("ts10", 55.0),
            ("TS(90%:)", 955.0),
            ("wm90", 49.95),
            ("PR(:30)", 30.0),
            ("PR(20:30)", 10.0),
        ] {
            let statistic = Statistic::parse(text).unwrap_or_else(|| panic!("{text} is a statistic"));
            let found = statistic.of(&values).unwrap();
            assert!((found - expected).abs() < 1e-9, "{text}: {found}, not {expected}");
        }
    }

    #[test]
    fn what_is_no_statistic_is_not_taken_for_one() {
        for text in [
            "",
            "p",
            "p101",
            "p-1",
            "p1e1",
            "P99",
            "average",
            "TM(:)",
            "TM(90%:10%)",
            "PR(1%:2%)",
            "tm",
            "p99.99999999999",
            "TM(1:2",
            "xx9",
            "p٣",
        ] {
            assert_eq!(Statistic::parse(text), None, "{text}");
        }
    }

    #[test]
    fn percentiles_of_unknown_values_are_not_made_up() {
        let values = Values { spread: None, ..of(&[1.0, 2.0]) };
        assert_eq!(Statistic::Percentile(50.0).of(&values), None);
        assert_eq!(Statistic::Sum.of(&values), Some(3.0));
    }

    proptest! {
        #[test]
        fn a_percentile_is_the_exact_one_of_the_sorted_values(
            mut values in proptest::collection::vec(-1e6..1e6_f64, 1..200),
            percent in 1_u32..=100,
        ) {
            let found = Statistic::Percentile(f64::from(percent)).of(&of(&values)).unwrap();
            values.sort_by(f64::total_cmp);
            let percent = usize::try_from(percent).unwrap();
            let rank = (values.len() * percent).div_ceil(100);
            prop_assert_eq!(found, values[rank - 1]);
        }
    }
}
