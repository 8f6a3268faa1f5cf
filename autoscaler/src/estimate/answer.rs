//! The answer: data that a table or JSON is made of. Its fields serialise under these names.

use std::fmt;

use pipectl_pricing::{Bill, Dollars, Prices};
use schemars::JsonSchema;
use serde::Serialize;

use super::cost::{self, Priced};
use super::demand::{Limit, Need, Sized};
use super::workload::Workload;

/// What a workload needs and costs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Estimate {
    /// What was asked about.
    pub load: Load,
    /// Open shards that a provisioned stream needs.
    pub shards: f64,
    /// The limit that asks for the most of them.
    pub binding: Limit,
    /// What each limit asks for.
    pub needs: Vec<Need>,
    /// The share of the binding limit that is free at the peak, of 1.
    pub headroom_at_peak: f64,
    /// The share of it that is free at the mean, of 1.
    pub headroom_at_mean: f64,
    /// What AWS's formula says for the peak, as a fraction of shards; it leaves the limit of records out.
    pub aws_formula: f64,
    /// What a month costs in each mode.
    pub modes: Vec<ModeBill>,
    /// The mode that costs least.
    pub cheapest: Mode,
    /// Advantage in an account whose other streams use up the least that it bills.
    pub advantage_among_others: Dollars,
    /// The delivery, where there is one.
    pub delivery: Option<Bill>,
    /// The transform, where there is one.
    pub transform: Option<Bill>,
    /// The cheapest mode, the delivery and the transform together.
    pub monthly: Dollars,
    /// With and without aggregation.
    pub aggregation: Aggregation,
    /// Where the prices are from.
    pub prices: Source,
    /// What the reader should know beside the figures.
    pub notes: Vec<String>,
}

/// The workload in figures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Load {
    /// Bytes of a user record, on average.
    pub record_bytes: f64,
    /// Whether that was assumed rather than measured, so that AWS's formula rounds it up to whole KiB.
    pub size_is_assumed: bool,
    /// User records a second.
    pub records_per_second: Average,
    /// Bytes of user records a second.
    pub bytes_per_second: Average,
    /// Kinesis records a second, on average: fewer, where producers aggregate.
    pub kinesis_records_per_second: f64,
    /// Applications that read with `GetRecords`, the delivery included.
    pub consumers: u32,
    /// Applications that read with enhanced fan-out.
    pub fan_out_consumers: u32,
    /// How long records stay readable, in hours.
    pub retention_hours: f64,
    /// The share of a shard's limits that the peak may use, of 1.
    pub target: f64,
}

/// A rate over the month and at its highest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Average {
    /// Over the month.
    pub mean: f64,
    /// At the peak.
    pub peak: f64,
}

/// How a stream is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// The user counts the shards.
    Provisioned,
    /// AWS does.
    OnDemandStandard,
    /// AWS does, in an account with the commitment.
    OnDemandAdvantage,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Mode::Provisioned => "provisioned",
            Mode::OnDemandStandard => "on-demand Standard",
            Mode::OnDemandAdvantage => "on-demand Advantage",
        })
    }
}

/// A mode and what it costs in a month.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ModeBill {
    /// The mode.
    pub mode: Mode,
    /// Its bill.
    pub monthly: Bill,
}

/// The same workload with and without aggregation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Aggregation {
    /// Whether the workload asked about has it.
    pub used: bool,
    /// Processes that produce.
    pub producers: u32,
    /// Every record alone.
    pub without: Side,
    /// Records sharing.
    pub with: Side,
    /// What it saves in a month, each side in its cheapest mode; negative where it costs.
    pub saves: Dollars,
}

/// One side of that comparison.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Side {
    /// Shards of a provisioned stream.
    pub shards: f64,
    /// User records in a Kinesis record, on average.
    pub records_in_one: f64,
    /// Kinesis records a second, on average.
    pub kinesis_records_per_second: f64,
    /// A month, provisioned.
    pub provisioned: Dollars,
    /// The mode that costs least.
    pub cheapest: Mode,
    /// A month in that mode.
    pub monthly: Dollars,
}

/// Where and when prices were read.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "PriceSource")]
pub struct Source {
    /// The region they are of.
    pub region: String,
    /// The day.
    pub as_of: String,
    /// The place.
    pub source: String,
}

impl From<&Prices> for Source {
    fn from(prices: &Prices) -> Self {
        Self { region: prices.region.clone(), as_of: prices.as_of.clone(), source: prices.source.clone() }
    }
}

/// What has been worked out already.
pub(crate) struct Parts {
    pub(crate) modes: Vec<Priced>,
    pub(crate) delivery: Option<Bill>,
    pub(crate) transform: Option<Bill>,
    pub(crate) aggregation: Aggregation,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn assemble(workload: &Workload, sized: &Sized, parts: Parts, prices: &Prices) -> Estimate {
    let Parts { modes, delivery, transform, aggregation, notes } = parts;
    let (cheapest, bill) = cost::cheapest(&modes);
    let downstream = delivery.iter().chain(&transform).map(Bill::total).sum();
    let busiest = sized.needs.iter().map(|need| need.used).fold(0.0, f64::max);
    Estimate {
        load: Load::of(workload, sized),
        shards: sized.shards,
        binding: sized.binding,
        needs: sized.needs.clone(),
        headroom_at_peak: (1.0 - busiest).max(0.0),
        headroom_at_mean: (1.0 - sized.mean_used).max(0.0),
        aws_formula: sized.formula,
        cheapest: *cheapest,
        advantage_among_others: cost::advantage_among_others(workload, sized, prices).total(),
        monthly: bill.total() + downstream,
        modes: modes.into_iter().map(|(mode, monthly)| ModeBill { mode, monthly }).collect(),
        delivery,
        transform,
        aggregation,
        prices: Source::from(prices),
        notes,
    }
}

impl Load {
    fn of(workload: &Workload, sized: &Sized) -> Self {
        let (records, bytes) = (workload.records_per_second, workload.sizes.mean());
        Self {
            record_bytes: bytes,
            size_is_assumed: workload.sizes.is_assumed(),
            records_per_second: Average { mean: records, peak: records * workload.burst.records },
            bytes_per_second: Average { mean: records * bytes, peak: records * bytes * workload.burst.bytes },
            kinesis_records_per_second: records / sized.mean.members,
            consumers: workload.shared_consumers(),
            fan_out_consumers: workload.fan_out_consumers,
            retention_hours: workload.retention_hours,
            target: workload.target,
        }
    }
}
