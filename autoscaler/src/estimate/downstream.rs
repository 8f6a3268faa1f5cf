//! What comes after the stream: a Firehose delivery, and the function its records pass through.

use pipectl_pricing::{Bill, Prices, firehose, lambda};

use super::workload::{Field, Workload};

/// A delivery that reads the stream. Each user record is rounded up: Firehose takes KPL's aggregates apart. No source
/// says that the price counts what comes out; it is the dearer way to read the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Delivery {
    /// Whether it writes Parquet or ORC.
    pub converts: bool,
    /// Dynamic partitioning.
    pub partitioning: Option<Partitioning>,
}

/// Dynamic partitioning: an object for each partition, each time it is full or has waited long enough.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Partitioning {
    /// Partitions that records come for at any time; AWS's quota is 500 unless it was raised.
    pub partitions: u32,
    /// Size at which an object is written, in bytes.
    pub buffer_bytes: f64,
    /// Seconds after which it is, full or not.
    pub buffer_seconds: f64,
    /// Hours of jq in a month.
    pub jq_hours: f64,
}

/// A function that a delivery's records pass through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    /// How long one invocation takes, in seconds.
    pub seconds: f64,
    /// Its memory, in MiB.
    pub memory_mib: f64,
    /// Bytes that Firehose gathers for one invocation; 1 MiB unless it is set, 3 at most.
    pub batch_bytes: f64,
    /// The longest it gathers, in seconds.
    pub batch_seconds: f64,
    /// Whether it runs on arm64.
    pub arm64: bool,
}

impl Delivery {
    pub(crate) fn bill(&self, workload: &Workload, prices: &Prices) -> Bill {
        let (records, sizes) = (workload.records_per_second, &workload.sizes);
        let bytes = records * sizes.mean();
        let rounding = f64::from(prices.firehose.rounding_bytes);
        let usage = firehose::Usage {
            rounded_bytes_per_second: records * sizes.rounded(rounding),
            bytes_per_second: bytes,
            converts: self.converts,
            partitioning: self.partitioning.map(|partitioning| partitioning.usage(bytes)),
        };
        firehose::usage(prices, &usage)
    }
}

impl Partitioning {
    fn usage(&self, bytes_per_second: f64) -> firehose::Partitioning {
        let waited = f64::from(self.partitions) / self.buffer_seconds;
        let filled = bytes_per_second / self.buffer_bytes;
        firehose::Partitioning { objects_per_second: waited.max(filled), jq_hours: self.jq_hours }
    }

    pub(crate) fn fields(&self) -> [Field; 4] {
        let mib = 1024.0 * 1024.0;
        [
            Field("number of partitions", f64::from(self.partitions), 1.0, 5000.0, ""),
            // Dynamic partitioning buffers 64 MiB at least.
            Field("partition buffer", self.buffer_bytes / mib, 64.0, 128.0, "MiB"),
            Field("partition buffer", self.buffer_seconds, 1.0, 900.0, "seconds"),
            Field("jq hours", self.jq_hours, 0.0, 1e6, "hours a month"),
        ]
    }
}

impl Transform {
    /// Invocations in a second: one for each batch that is full, or has waited long enough.
    pub(crate) fn invocations(&self, bytes_per_second: f64) -> f64 {
        (bytes_per_second / self.batch_bytes).max(1.0 / self.batch_seconds)
    }

    pub(crate) fn bill(&self, workload: &Workload, prices: &Prices) -> Bill {
        let invocations = self.invocations(workload.records_per_second * workload.sizes.mean());
        let architecture =
            if self.arm64 { lambda::Architecture::Arm64 } else { lambda::Architecture::X86_64 };
        lambda::function(prices, architecture, invocations, self.seconds, self.memory_mib)
    }

    pub(crate) fn fields(&self) -> [Field; 4] {
        let mib = 1024.0 * 1024.0;
        [
            Field("transform time", self.seconds, 0.001, 900.0, "seconds"),
            Field("transform memory", self.memory_mib, 128.0, 10_240.0, "MiB"),
            Field("transform batch", self.batch_bytes / mib, 0.2, 3.0, "MiB"),
            Field("transform batch time", self.batch_seconds, 1.0, 900.0, "seconds"),
        ]
    }
}
