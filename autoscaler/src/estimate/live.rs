//! A workload from what a stream has seen: its metrics over days, and what it is like now.

use async_trait::async_trait;

use super::sizes::Sizes;
use super::workload::{Burst, Workload};

/// Where the traffic of a stream can be asked for.
#[async_trait]
pub trait TrafficSource: Send + Sync {
    /// What was accepted and refused in each period of `seconds` over the last `window_seconds`, up to now. Periods
    /// without a call may be left out.
    ///
    /// # Errors
    /// What the metrics' service, or the way to it, answers.
    async fn periods(
        &self,
        stream: &str,
        seconds: u32,
        window_seconds: u32,
    ) -> Result<Vec<Period>, TrafficError>;

    /// What the stream is like.
    ///
    /// # Errors
    /// What Kinesis, or the way to it, answers.
    async fn shape(&self, stream: &str) -> Result<Shape, TrafficError>;
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {message}")]
pub struct TrafficError {
    /// The call, as in `cloudwatch:GetMetricData`.
    pub call: &'static str,
    /// What went wrong.
    pub message: String,
}

/// What happened in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Period {
    /// When it began, in seconds from any origin.
    pub start: f64,
    /// Bytes accepted.
    pub bytes: f64,
    /// Kinesis records accepted.
    pub records: f64,
    /// Records refused because a shard was full; one that is tried again counts again.
    pub throttled: f64,
    /// Bytes read by `GetRecords`, over all consumers.
    pub read: f64,
}

/// What a stream is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Open shards.
    pub open_shards: u32,
    /// Whether AWS sizes it.
    pub on_demand: bool,
    /// How long records stay readable.
    pub retention_hours: u32,
    /// Registered fan-out consumers.
    pub fan_out_consumers: u32,
}

/// CloudWatch's rules of how long points are kept: of a minute 15 days, of five minutes 63, of an hour 455.
#[must_use]
pub fn period_for(window_seconds: u32) -> u32 {
    const DAY: u32 = 86_400;
    match window_seconds {
        ..=1_296_000 => 60,
        _ if window_seconds <= 63 * DAY => 300,
        _ => 3_600,
    }
}

/// The workload that was seen, with what an estimate of it should say.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// It. Its records are Kinesis records: what producers aggregated stays so.
    pub workload: Workload,
    /// What the figures do not show.
    pub notes: Vec<String>,
}

/// What `periods` of `seconds` come to; `None` where there was no traffic.
///
/// The mean is over the time from the first of them to the last. How many applications share the reads is what was read
/// over what was written.
#[must_use]
pub fn seen(periods: &[Period], seconds: u32, shape: Shape) -> Option<Seen> {
    let sum = |of: fn(&Period) -> f64| periods.iter().map(of).sum::<f64>();
    let most = |of: fn(&Period) -> f64| periods.iter().map(of).fold(0.0, f64::max);
    let (bytes, records) = (sum(|period| period.bytes), sum(|period| period.records));
    if records <= 0.0 || bytes <= 0.0 {
        return None;
    }
    let starts = || periods.iter().map(|period| period.start);
    let length = f64::from(seconds);
    let elapsed = starts().fold(f64::MIN, f64::max) - starts().fold(f64::MAX, f64::min) + length;
    let peak = |most: f64, sum: f64| (most / length / (sum / elapsed)).max(1.0);
    let workload = Workload {
        sizes: Sizes::Averaged(bytes / records),
        burst: Burst {
            records: peak(most(|period| period.records), records),
            bytes: peak(most(|period| period.bytes), bytes),
        },
        consumers: rounded(sum(|period| period.read) / bytes),
        fan_out_consumers: shape.fan_out_consumers,
        retention_hours: f64::from(shape.retention_hours),
        ..Workload::steady(1.0, records / elapsed)
    };
    Some(Seen { workload, notes: notes(periods, elapsed, seconds, shape) })
}

fn notes(periods: &[Period], elapsed: f64, seconds: u32, shape: Shape) -> Vec<String> {
    let days = elapsed / 86_400.0;
    let mode = if shape.on_demand { "on-demand" } else { "provisioned" };
    let mut notes = vec![
        format!("the stream is {mode} with {} open shards; seen over {days:.1} days", shape.open_shards),
        format!("the peak is that of the busiest {seconds} s; shorter ones do not show in metrics"),
    ];
    let throttled: f64 = periods.iter().map(|period| period.throttled).sum();
    if throttled > 0.0 {
        notes.push(format!(
            "{throttled:.0} records were throttled: metrics count what was accepted, and there was more to carry"
        ));
    }
    notes
}

/// To the nearest whole number, of which there are few.
fn rounded(number: f64) -> u32 {
    (0..1000).find(|whole| f64::from(*whole) + 0.5 > number).unwrap_or(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHAPE: Shape =
        Shape { open_shards: 2, on_demand: false, retention_hours: 48, fan_out_consumers: 1 };

    fn period(minute: u32, records: f64) -> Period {
        let bytes = records * 500.0;
        Period { start: f64::from(minute) * 60.0, bytes, records, throttled: 0.0, read: bytes * 1.9 }
    }

    #[test]
    fn mean_peak_size_and_readers_come_from_the_metrics() {
        // Ten minutes, of which those in between had no call.
        let seen = seen(&[period(0, 6_000.0), period(9, 54_000.0)], 60, SHAPE).unwrap();
        let workload = seen.workload;
        assert_eq!(workload.sizes, Sizes::Averaged(500.0));
        assert_eq!(workload.records_per_second, 100.0);
        assert_eq!(workload.burst, Burst::of(9.0));
        assert_eq!((workload.consumers, workload.fan_out_consumers), (2, 1));
        assert_eq!(workload.retention_hours, 48.0);
        assert!(workload.check().is_ok());
    }

    #[test]
    fn a_stream_without_traffic_gives_nothing_to_go_by() {
        assert_eq!(seen(&[], 60, SHAPE), None);
        assert_eq!(seen(&[period(0, 0.0)], 60, SHAPE), None);
    }

    #[test]
    fn throttled_records_are_told_since_the_metrics_hide_what_they_would_have_been() {
        let full = Period { throttled: 7.0, ..period(0, 60_000.0) };
        let notes = seen(&[full], 60, SHAPE).unwrap().notes;
        assert!(notes.iter().any(|note| note.starts_with("7 records were throttled")), "{notes:?}");
    }

    #[test]
    fn long_windows_take_the_points_that_are_still_kept() {
        assert_eq!([86_400, 15 * 86_400, 16 * 86_400, 64 * 86_400].map(period_for), [60, 60, 300, 3600]);
    }
}
