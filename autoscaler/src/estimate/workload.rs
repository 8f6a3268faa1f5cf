//! What is to be carried: the question an estimate answers.

use super::downstream::{Delivery, Transform};
use super::packing::Packing;
use super::sizes::Sizes;

/// Traffic, who reads it, and how it is handled.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// How large user records are.
    pub sizes: Sizes,
    /// The largest record, in bytes, where it is known.
    pub largest_record: Option<f64>,
    /// User records a second, on average over the month.
    pub records_per_second: f64,
    /// How much more there is at the peak.
    pub burst: Burst,
    /// Applications that read everything with `GetRecords`, beside the delivery.
    pub consumers: u32,
    /// Applications that read everything with enhanced fan-out.
    pub fan_out_consumers: u32,
    /// How producers aggregate; `None` where they do not.
    pub aggregation: Option<Packing>,
    /// How long records stay readable, in hours.
    pub retention_hours: f64,
    /// The share of a shard's limits that the peak may use, above 0 and up to 1. AWS's formula uses all.
    pub target: f64,
    /// A Firehose delivery that reads the stream.
    pub delivery: Option<Delivery>,
    /// A function that the delivery's records pass through.
    pub transform: Option<Transform>,
}

/// The peak over the mean, of records and of bytes. Both are 1 for steady traffic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Burst {
    /// Of records a second.
    pub records: f64,
    /// Of bytes a second.
    pub bytes: f64,
}

impl Burst {
    /// The same for both.
    #[must_use]
    pub fn of(times: f64) -> Self {
        Self { records: times, bytes: times }
    }
}

impl Workload {
    /// A steady flow of records of an assumed size with one consumer, a day's retention, and every shard used in full:
    /// what AWS's formula is about.
    #[must_use]
    pub fn steady(record_bytes: f64, records_per_second: f64) -> Self {
        Self {
            sizes: Sizes::Assumed(record_bytes),
            largest_record: None,
            records_per_second,
            burst: Burst::of(1.0),
            consumers: 1,
            fan_out_consumers: 0,
            aggregation: None,
            retention_hours: 24.0,
            target: 1.0,
            delivery: None,
            transform: None,
        }
    }

    /// Applications that share what a shard gives out to `GetRecords`; the delivery is one of them.
    #[must_use]
    pub fn shared_consumers(&self) -> u32 {
        self.consumers.saturating_add(u32::from(self.delivery.is_some()))
    }

    pub(crate) fn check(&self) -> Result<(), WorkloadError> {
        let mut fields = vec![
            Field("record size", self.sizes.mean(), 1.0, MAX_RECORD, "bytes"),
            Field("record rate", self.records_per_second, 1.0 / SECONDS_PER_MONTH, 1e9, "records a second"),
            Field("burst", self.burst.records, 1.0, 1e6, "times the mean"),
            Field("burst", self.burst.bytes, 1.0, 1e6, "times the mean"),
            Field("retention", self.retention_hours, 24.0, 8760.0, "hours"),
            Field("target", self.target, 0.01, 1.0, "of a shard's limits"),
            Field("number of consumers", f64::from(self.consumers), 0.0, 1000.0, ""),
            Field("number of fan-out consumers", f64::from(self.fan_out_consumers), 0.0, 50.0, ""),
        ];
        if let Some(largest) = self.largest_record {
            fields.push(Field("largest record", largest, self.sizes.mean(), MAX_RECORD, "bytes"));
        }
        if let Some(packing) = self.aggregation {
            fields.push(Field("number of producers", f64::from(packing.producers), 1.0, 1e6, ""));
            fields.push(Field("aggregation wait", packing.wait_seconds, 0.0, 60.0, "seconds"));
            fields.push(Field("aggregate size", packing.max_bytes, 64.0, 1024.0 * 1024.0, "bytes"));
        }
        if let Some(transform) = self.transform {
            fields.extend(transform.fields());
        }
        if let Some(partitioning) = self.delivery.and_then(|delivery| delivery.partitioning) {
            fields.extend(partitioning.fields());
        }
        fields.iter().try_for_each(Field::check)?;
        if self.transform.is_some() && self.delivery.is_none() {
            return Err(WorkloadError::NothingToTransform);
        }
        let bytes = self.records_per_second * self.sizes.mean() * self.burst.bytes;
        Field("traffic at the peak", bytes / (1024.0 * 1024.0), 0.0, MAX_MIB_PER_SECOND, "MiB/s").check()
    }
}

/// The largest record that a stream takes, once `UpdateMaxRecordSize` has raised its limit.
const MAX_RECORD: f64 = 10.0 * 1024.0 * 1024.0;
/// What a million shards take in; no stream is anywhere near.
const MAX_MIB_PER_SECOND: f64 = 1e6;
const SECONDS_PER_MONTH: f64 = pipectl_pricing::SECONDS_PER_MONTH;

/// A number that has bounds: its name, itself, the least, the most, and what it counts.
pub(crate) struct Field(
    pub(crate) &'static str,
    pub(crate) f64,
    pub(crate) f64,
    pub(crate) f64,
    pub(crate) &'static str,
);

impl Field {
    fn check(&self) -> Result<(), WorkloadError> {
        let &Field(field, value, least, most, unit) = self;
        // A NaN is in no range.
        if (least..=most).contains(&value) {
            Ok(())
        } else {
            Err(WorkloadError::OutOfRange { field, value, least, most, unit })
        }
    }
}

/// Why there is no estimate.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WorkloadError {
    /// A number that is none, or lies outside of what is possible.
    #[error("the {field} is {value}{}{unit}; it must lie between {least} and {most}", if unit.is_empty() { "" } else { " " })]
    OutOfRange {
        /// What it is of.
        field: &'static str,
        /// What it is.
        value: f64,
        /// The least it may be.
        least: f64,
        /// The most it may be.
        most: f64,
        /// What it counts.
        unit: &'static str,
    },
    /// A transform needs a delivery that calls it.
    #[error(
        "a transform is called by a delivery, and there is none: add the delivery, or leave the transform out"
    )]
    NothingToTransform,
}
