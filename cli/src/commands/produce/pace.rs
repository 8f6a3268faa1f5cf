//! How fast, and for how long: `--rate`, `--ramp`, `--duration`.

use std::path::PathBuf;
use std::time::Duration;

use pipectl_autoscaler::simulate::trace::Trace;
use pipectl_producer::feed::Tempo;

use crate::args::duration;
use crate::error::{CommandError, Kind};

const HEADING: &str = "Pace";

/// How fast and how long.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Args {
    /// Put no more records than this: 5000/s, 300/m, 10/h
    #[arg(long, value_name = "RATE", value_parser = rate, help_heading = HEADING)]
    pub(super) rate: Option<Rate>,

    /// Rise and fall as the loads of this CSV file (`t_s,load`), of which the highest is --rate
    #[arg(long, value_name = "FILE", requires = "rate", help_heading = HEADING)]
    ramp: Option<PathBuf>,

    /// End after this time; a --ramp is squeezed or stretched to it
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = HEADING)]
    pub(super) duration: Option<Duration>,
}

/// Records a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rate(f64);

impl Rate {
    /// From one record to the next.
    pub(super) fn interval(self) -> Duration {
        Duration::try_from_secs_f64(1.0 / self.0).unwrap_or(Duration::MAX)
    }
}

fn rate(text: &str) -> Result<Rate, String> {
    let wrong = || "write how many in which time, such as 5000/s, 300/m or 10/h".to_owned();
    let (count, unit) = text.split_once('/').ok_or_else(wrong)?;
    let count: f64 = count.trim().replace([',', '_'], "").parse().map_err(|_| wrong())?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3600.0,
        _ => return Err(wrong()),
    };
    let rate = count / seconds;
    // A record an hour is slow enough, and a hundred million a second are more than a machine makes.
    match (1.0 / 3600.0..=1e8).contains(&rate) {
        true => Ok(Rate(rate)),
        false => Err("it lies between 1/h and 100000000/s".to_owned()),
    }
}

impl Args {
    /// When which record may go; `None` for as fast as it goes.
    pub(super) fn tempo(&self) -> Result<Option<Tempo>, CommandError> {
        let Some(Rate(rate)) = self.rate else { return Ok(None) };
        let tempo = match &self.ramp {
            None => Tempo::steady(rate),
            Some(path) => {
                let failed = |kind, cause: Box<dyn std::error::Error + Send + Sync>| {
                    CommandError::wrap(kind, format!("cannot use {} as a ramp", path.display()), cause)
                };
                let text = std::fs::read_to_string(path).map_err(|cause| failed(Kind::File, cause.into()))?;
                let trace = Trace::parse(&text).map_err(|cause| failed(Kind::Invalid, cause.into()))?;
                ramp(&trace.minutes(1.0), rate, self.duration)
            }
        };
        Ok(Some(match self.duration {
            Some(duration) => tempo.until(duration),
            None => tempo,
        }))
    }
}

/// The loads of each minute, the highest at `rate`, a minute each unless they are to fill another time.
fn ramp(loads: &[f64], rate: f64, duration: Option<Duration>) -> Tempo {
    const MINUTE: Duration = Duration::from_secs(60);
    let highest = loads.iter().copied().fold(0.0, f64::max);
    let scale = if highest > 0.0 { rate / highest } else { 0.0 };
    let count = u32::try_from(loads.len()).unwrap_or(u32::MAX).max(1);
    let whole = duration.unwrap_or(MINUTE * count);
    let steps =
        (0..count).zip(loads).map(|(n, load)| (whole.mul_f64(f64::from(n) / f64::from(count)), load * scale));
    Tempo::ramp(steps, whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_a_unit() {
        assert_eq!(rate("5000/s"), Ok(Rate(5000.0)));
        assert_eq!(rate("5,000/s"), Ok(Rate(5000.0)));
        assert_eq!(rate("90/m"), Ok(Rate(1.5)));
        assert_eq!(rate("1/h"), Ok(Rate(1.0 / 3600.0)));
        for wrong in ["5000", "5000/", "/s", "x/s", "0/s", "-1/s", "1e9/s", "nan/s", "5000/d"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_ramp_fills_the_time_and_its_highest_load_is_the_rate() {
        let tempo = ramp(&[10.0, 40.0, 0.0, 20.0], 100.0, Some(Duration::from_secs(4)));
        assert_eq!((tempo.fastest(), tempo.records()), (100.0, Some(25 + 100 + 50)));
        let own_time = ramp(&[10.0, 40.0], 100.0, None);
        assert_eq!(own_time.records(), Some(60 * 125));
    }
}
