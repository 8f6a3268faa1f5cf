//! What is measured of a stream, in the units that its limits are stated in.

use std::fmt;

use pipectl_shards::limits::{READ_BYTES_PER_SECOND, WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND};

/// Seconds in a minute, the period of CloudWatch's stream metrics.
pub(crate) const MINUTE: i64 = 60;

/// A moment, in seconds since the Unix epoch; in a simulation, since any midnight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// So many seconds later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Seconds from `earlier` to this; negative when it is not earlier.
    #[must_use]
    pub fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Traffic written to a stream, in both units that a shard limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// Bytes a second, partition keys included.
    pub bytes_per_second: f64,
    /// Records a second.
    pub records_per_second: f64,
}

impl Load {
    /// Nothing.
    pub const ZERO: Self = Self { bytes_per_second: 0.0, records_per_second: 0.0 };

    /// A load that fills so many shards by its bytes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the limit is 2^20")]
    pub fn of_shards(shards: f64) -> Self {
        Self { bytes_per_second: shards * WRITE_BYTES_PER_SECOND as f64, records_per_second: 0.0 }
    }

    /// How many shards it fills when spread evenly, by whichever limit binds.
    #[must_use]
    pub fn shards(self) -> f64 {
        self.by_bytes().max(self.by_records())
    }

    /// How many shards it fills by its bytes.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the limit is 2^20")]
    pub fn by_bytes(self) -> f64 {
        self.bytes_per_second / WRITE_BYTES_PER_SECOND as f64
    }

    /// How many shards it fills by its records.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the limit is 1,000")]
    pub fn by_records(self) -> f64 {
        self.records_per_second / WRITE_RECORDS_PER_SECOND as f64
    }

    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            bytes_per_second: self.bytes_per_second + other.bytes_per_second,
            records_per_second: self.records_per_second + other.records_per_second,
        }
    }

    pub(crate) fn is_sane(self) -> bool {
        [self.bytes_per_second, self.records_per_second].iter().all(|rate| rate.is_finite() && *rate >= 0.0)
    }
}

/// One minute of a stream's metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When the minute began.
    pub at: Timestamp,
    /// What the stream took in (`IncomingBytes`, `IncomingRecords`): of full shards, a lower bound of the demand.
    pub accepted: Load,
    /// What it refused, each record once, as far as it is known: from producers that say what is new and what a
    /// retry; else from `WriteProvisionedThroughputExceeded`.
    pub refused: Load,
    /// Bytes that wait in producers at the end of the minute; 0 when they do not say.
    pub backlog_bytes: f64,
    /// Bytes a second that consumers without enhanced fan-out read (`GetRecords.Bytes`).
    pub read_bytes_per_second: f64,
    /// How far the slowest consumer is behind, in seconds (`GetRecords.IteratorAgeMilliseconds`, Lambda's
    /// `IteratorAge`), when known.
    pub consumer_lag_seconds: Option<f64>,
}

impl Point {
    /// A minute of writes of which nothing else is known.
    #[must_use]
    pub fn of_writes(at: Timestamp, accepted: Load, refused: Load) -> Self {
        Self {
            at,
            accepted,
            refused,
            backlog_bytes: 0.0,
            read_bytes_per_second: 0.0,
            consumer_lag_seconds: None,
        }
    }

    /// The demand in shards: what was taken in, what was refused, and what it takes to send the producers' backlog
    /// within ten minutes; or what was read where that needs more.
    #[must_use]
    pub fn demand(&self) -> f64 {
        const SENT_WITHIN: f64 = 600.0;
        let backlog = Load { bytes_per_second: self.backlog_bytes / SENT_WITHIN, records_per_second: 0.0 };
        self.accepted.plus(self.refused).plus(backlog).shards().max(self.reads())
    }

    /// How many shards the reads fill.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "the limit is 2^21")]
    pub fn reads(&self) -> f64 {
        self.read_bytes_per_second / READ_BYTES_PER_SECOND as f64
    }

    pub(crate) fn is_sane(&self) -> bool {
        let rates =
            [self.backlog_bytes, self.read_bytes_per_second, self.consumer_lag_seconds.unwrap_or(0.0)];
        self.accepted.is_sane()
            && self.refused.is_sane()
            && rates.iter().all(|rate| rate.is_finite() && *rate >= 0.0)
    }
}

/// What a stream is doing, as `DescribeStreamSummary` says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StreamStatus {
    /// Ready for the next change.
    #[default]
    Active,
    /// A change is under way, ours or anyone's.
    Updating,
    /// Being made or being deleted.
    Unavailable,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(accepted: Load, refused: Load) -> Point {
        Point::of_writes(Timestamp(0), accepted, refused)
    }

    #[test]
    fn whichever_of_bytes_records_and_reads_needs_most_shards_is_the_demand() {
        let bytes = Load { bytes_per_second: 3.0 * 1024.0 * 1024.0, records_per_second: 10.0 };
        let records = Load { bytes_per_second: 10.0, records_per_second: 4_500.0 };
        assert!((point(bytes, Load::ZERO).demand() - 3.0).abs() < 1e-9);
        assert!((point(records, Load::ZERO).demand() - 4.5).abs() < 1e-9);
        let read = Point { read_bytes_per_second: 14.0 * 1024.0 * 1024.0, ..point(records, Load::ZERO) };
        assert!((read.demand() - 7.0).abs() < 1e-9);
    }

    #[test]
    fn what_was_refused_is_demand_too() {
        assert!((point(Load::of_shards(2.0), Load::of_shards(1.5)).demand() - 3.5).abs() < 1e-9);
    }
}
