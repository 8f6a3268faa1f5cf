//! Recorded traffic: `t_s,load` lines, read with their mistakes named, and laid out minute by minute.
//!
//! A load is a rate in any unit; [`Trace::minutes`] scales it to shards. A load up to [`HELD_SECONDS`] before the
//! next is held until then, for that is how metrics at five-minute periods are meant; a coarser trace is
//! interpolated.

/// The longest step between two loads over which the first is held.
pub const HELD_SECONDS: f64 = 300.0;

/// The longest trace that is laid out: ten years, so that two far-off times cannot ask for all memory.
const MAX_MINUTES: f64 = 10.0 * 366.0 * 24.0 * 60.0;

/// A step this many times the usual one, and longer than a day, is a gap that nothing can stand for.
const GAP_STEPS: f64 = 4.0;
const DAY_SECONDS: f64 = 86_400.0;

/// Traffic over time, in whatever unit it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    seconds: f64,
    load: f64,
}

/// Why a text is no trace; lines count from 1.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TraceError {
    /// The first line is not the header.
    #[error("line 1: expected the header `t_s,load`, found `{found}`")]
    Header {
        /// What stands there.
        found: String,
    },
    /// A line is not two numbers.
    #[error("line {line}: expected seconds and load as two numbers with a comma between, found `{found}`")]
    Line {
        /// Where.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A time or load that is no ordinary number.
    #[error("line {line}: {what} must be a finite number, not {value}")]
    NotFinite {
        /// Where.
        line: usize,
        /// `t_s` or `load`.
        what: &'static str,
        /// What stands there.
        value: f64,
    },
    /// A load below nothing.
    #[error("line {line}: a load cannot be negative, and this is {load}")]
    Negative {
        /// Where.
        line: usize,
        /// What stands there.
        load: f64,
    },
    /// Time stands still or runs backwards.
    #[error(
        "line {line}: t_s must grow from line to line, and {seconds} follows {before}: sort the file by t_s"
    )]
    Unsorted {
        /// Where.
        line: usize,
        /// The time there.
        seconds: f64,
        /// The time in the line before.
        before: f64,
    },
    /// More is missing than can be interpolated with a good conscience.
    #[error(
        "line {line}: {days:.1} days are missing before it, where lines are usually {usual:.0} s apart: fill them in, or leave out what lies before"
    )]
    Gap {
        /// The line after the gap.
        line: usize,
        /// How long the gap is.
        days: f64,
        /// The usual step, in seconds.
        usual: f64,
    },
    /// Fewer than two loads make no traffic.
    #[error("a trace needs at least two lines of t_s,load after the header, and this has {points}")]
    TooShort {
        /// How many there are.
        points: usize,
    },
    /// More than ten years.
    #[error("the trace spans {days:.0} days; ten years are the most: is t_s in seconds?")]
    TooLong {
        /// How many days it spans.
        days: f64,
    },
    /// Nothing to scale.
    #[error("every load of the trace is zero, so it cannot be scaled to a mean")]
    AllZero,
}

impl Trace {
    /// Reads `t_s,load` lines under that header. Blank lines are passed over.
    ///
    /// # Errors
    /// [`TraceError`], naming the first line that is wrong.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut lines =
            text.trim_start_matches('\u{feff}').lines().zip(1..).map(|(line, number)| (number, line.trim()));
        let header = lines.next().map_or("", |(_, line)| line);
        if header.split(',').map(str::trim).ne(["t_s", "load"]) {
            return Err(TraceError::Header { found: shortened(header) });
        }
        let (mut points, mut numbers): (Vec<Point>, Vec<usize>) = (Vec::new(), Vec::new());
        for (line, text) in lines.filter(|(_, text)| !text.is_empty()) {
            let point = Point::parse(line, text)?;
            if let Some(before) = points.last().filter(|before| point.seconds <= before.seconds) {
                return Err(TraceError::Unsorted { line, seconds: point.seconds, before: before.seconds });
            }
            points.push(point);
            numbers.push(line);
        }
        Self::of(points, &numbers)
    }

    fn of(points: Vec<Point>, lines: &[usize]) -> Result<Self, TraceError> {
        let [first, .., last] = &points[..] else {
            return Err(TraceError::TooShort { points: points.len() });
        };
        if (last.seconds - first.seconds) / 60.0 > MAX_MINUTES {
            return Err(TraceError::TooLong { days: (last.seconds - first.seconds) / 86_400.0 });
        }
        if points.iter().all(|point| point.load == 0.0) {
            return Err(TraceError::AllZero);
        }
        let trace = Self { points };
        let usual = trace.usual_step();
        let too_long = |step: &f64| *step > DAY_SECONDS && *step > GAP_STEPS * usual;
        let gap = trace.steps().zip(lines.iter().skip(1)).find(|(step, _)| too_long(step));
        match gap {
            Some((step, line)) => Err(TraceError::Gap { line: *line, days: step / DAY_SECONDS, usual }),
            None => Ok(trace),
        }
    }

    fn steps(&self) -> impl Iterator<Item = f64> + '_ {
        self.points.windows(2).map(|pair| pair[1].seconds - pair[0].seconds)
    }

    /// The median of the steps.
    fn usual_step(&self) -> f64 {
        let mut steps: Vec<f64> = self.steps().collect();
        steps.sort_unstable_by(f64::total_cmp);
        steps.get(steps.len() / 2).copied().unwrap_or_default()
    }

    /// How many steps are longer than usual and than what is held, so that something is missing that was interpolated.
    #[must_use]
    pub fn gaps(&self) -> usize {
        let usual = self.usual_step();
        self.steps().filter(|step| *step > HELD_SECONDS && *step > 1.5 * usual).count()
    }

    /// The load of every minute from the first time on, scaled so that their mean is `mean_shards`: 1 is what one
    /// shard carries at its limit.
    ///
    /// The last load lasts as long as the step before it, held for [`HELD_SECONDS`] at most.
    #[must_use]
    pub fn minutes(&self, mean_shards: f64) -> Vec<f64> {
        let loads = self.unscaled();
        #[expect(clippy::cast_precision_loss, reason = "a trace has far fewer than 2^52 minutes")]
        let mean = loads.iter().sum::<f64>() / loads.len() as f64;
        // Loads between the minutes may be all there is; then there is nothing to scale either.
        if mean > 0.0 { loads.iter().map(|load| load * mean_shards / mean).collect() } else { loads }
    }

    /// The load of every minute as it was recorded.
    #[must_use]
    pub fn unscaled(&self) -> Vec<f64> {
        let mut minutes = Vec::new();
        let start = self.points.first().map_or(0.0, |point| point.seconds);
        let mut at = start;
        for pair in self.points.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            while at < to.seconds {
                minutes.push(from.towards(to, at));
                at += 60.0;
            }
        }
        if let [.., before, last] = &self.points[..] {
            let end = last.seconds + (last.seconds - before.seconds).min(HELD_SECONDS);
            while at < end {
                minutes.push(last.load);
                at += 60.0;
            }
        }
        minutes
    }
}

impl Point {
    fn parse(line: usize, text: &str) -> Result<Self, TraceError> {
        let wrong = || TraceError::Line { line, found: shortened(text) };
        let (seconds, load) = text.split_once(',').ok_or_else(wrong)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| wrong());
        let (seconds, load) = (number(seconds)?, number(load)?);
        for (what, value) in [("t_s", seconds), ("load", load)] {
            if !value.is_finite() {
                return Err(TraceError::NotFinite { line, what, value });
            }
        }
        if load < 0.0 { Err(TraceError::Negative { line, load }) } else { Ok(Self { seconds, load }) }
    }

    /// The load at a time between this point and the next.
    fn towards(self, next: Self, at: f64) -> f64 {
        let step = next.seconds - self.seconds;
        if step <= HELD_SECONDS {
            self.load
        } else {
            self.load + (next.load - self.load) * (at - self.seconds) / step
        }
    }
}

/// A line as it can stand in a message.
fn shortened(line: &str) -> String {
    const SHOWN: usize = 60;
    let mut shown: String = line.chars().take(SHOWN).collect();
    if shown.len() < line.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn minutes(text: &str) -> Vec<f64> {
        Trace::parse(text).unwrap().unscaled()
    }

    #[test]
    fn five_minute_loads_are_held_and_so_is_the_last() {
        let expected = [[10.0; 5], [20.0; 5]].concat();
        assert_eq!(minutes("t_s,load\n0,10\n300,20\n"), expected);
    }

    #[test]
    fn coarser_loads_are_interpolated() {
        let read = minutes("t_s,load\n0,0\n600,10\n");
        assert_eq!(read[..10], [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        assert_eq!(read[10..], [10.0; 5]);
    }

    #[test]
    fn finer_loads_are_sampled_at_the_minute() {
        assert_eq!(minutes("t_s,load\n0,1\n30,9\n60,2\n90,9\n"), [1.0, 2.0]);
    }

    #[test]
    fn the_mean_is_what_was_asked_for() {
        let scaled = Trace::parse("t_s,load\n0,1\n60,3\n120,2\n").unwrap().minutes(20.0);
        assert_eq!(scaled, [10.0, 30.0, 20.0]);
    }

    #[test]
    fn each_mistake_is_named_with_its_line() {
        let error = |text: &str| Trace::parse(text).unwrap_err().to_string();
        assert_eq!(error(""), "line 1: expected the header `t_s,load`, found ``");
        assert_eq!(error("time,value\n"), "line 1: expected the header `t_s,load`, found `time,value`");
        assert_eq!(
            error("t_s,load\n"),
            "a trace needs at least two lines of t_s,load after the header, and this has 0"
        );
        assert!(error("t_s,load\n0,1\nx,2\n").starts_with("line 3: expected seconds and load"));
        assert!(error("t_s,load\n0,1\n60;2\n").starts_with("line 3: expected seconds and load"));
        assert_eq!(error("t_s,load\n0,NaN\n"), "line 2: load must be a finite number, not NaN");
        assert_eq!(error("t_s,load\n0,1\n\n60,-2\n"), "line 4: a load cannot be negative, and this is -2");
        assert!(error("t_s,load\n60,1\n0,2\n").starts_with("line 3: t_s must grow"));
        assert!(error("t_s,load\n0,1\n0,2\n").starts_with("line 3: t_s must grow"));
        assert!(error("t_s,load\n0,1\n1e12,2\n").starts_with("the trace spans 11574074 days"));
        assert!(
            error("t_s,load\n0,1\n60,1\n120,1\n180,1\n400000,2\n")
                .starts_with("line 6: 4.6 days are missing")
        );
        assert!(error("t_s,load\n0,0\n60,0\n").starts_with("every load of the trace is zero"));
    }

    #[test]
    fn a_short_gap_is_interpolated_and_counted_and_a_long_one_is_refused() {
        let text = |gap: u32| {
            let lines = (0..10).map(|line| format!("{},1\n", line * 300 + if line > 5 { gap } else { 0 }));
            format!("t_s,load\n{}", lines.collect::<String>())
        };
        assert_eq!(Trace::parse(&text(0)).unwrap().gaps(), 0);
        assert_eq!(Trace::parse(&text(3600)).unwrap().gaps(), 1);
        let error = Trace::parse(&text(3 * 86_400)).unwrap_err().to_string();
        assert!(error.starts_with("line 8: 3.0 days are missing before it"), "{error}");
        // Days apart as a rule are no gap.
        assert!(Trace::parse("t_s,load\n0,1\n172800,2\n345600,1\n").is_ok());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "(t_s,load\n)?([0-9.,eNa\\-\n]{0,60})") {
            if let Ok(trace) = Trace::parse(&text) {
                prop_assert!(trace.minutes(20.0).iter().all(|load| load.is_finite() && *load >= 0.0));
            }
        }

        #[test]
        fn the_scaled_mean_holds_for_any_loads(loads in proptest::collection::vec(0.01_f64..1e6, 2..100), step in 60_u32..900) {
            let lines: String = loads.iter().zip(0..).map(|(load, index)| format!("{},{load}\n", index * step)).collect();
            let scaled = Trace::parse(&format!("t_s,load\n{lines}")).unwrap().minutes(20.0);
            #[expect(clippy::cast_precision_loss, reason = "short traces")]
            let mean = scaled.iter().sum::<f64>() / scaled.len() as f64;
            prop_assert!((mean - 20.0).abs() < 1e-6);
        }
    }
}
