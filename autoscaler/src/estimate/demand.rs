//! From a workload to shards: what each limit of a shard asks for, and which asks for the most.

use pipectl_shards::limits::{READ_BYTES_PER_SECOND, WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND};
use schemars::JsonSchema;
use serde::Serialize;

use super::packing::Packed;
use super::sizes::KIB;
use super::workload::Workload;

/// A limit of a provisioned shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Limit {
    /// 1 MiB/s in.
    WriteBytes,
    /// 1,000 records/s in.
    WriteRecords,
    /// 2 MiB/s out, shared by everyone who calls `GetRecords`.
    Read,
    /// 2 MiB/s out to each fan-out consumer.
    FanOut,
}

/// What the peak asks of one limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Need {
    /// Which limit.
    pub limit: Limit,
    /// What there is at the peak: bytes or records a second.
    pub peak: f64,
    /// What one shard gives: bytes or records a second.
    pub one_shard: f64,
    /// How many shards that takes, as a fraction, with each used in full.
    pub shards: f64,
    /// The share of it that is used, of the shards the estimate comes to: 1 is full.
    pub used: f64,
}

/// A workload with the shards it needs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sized {
    /// Whole shards.
    pub(crate) shards: f64,
    /// Every limit, in the order of [`Limit`].
    pub(crate) needs: Vec<Need>,
    /// The limit that asks for the most shards.
    pub(crate) binding: Limit,
    /// Kinesis records on average over the month.
    pub(crate) mean: Packed,
    /// Of the busiest limit, the share that the mean uses.
    pub(crate) mean_used: f64,
    /// What AWS's formula says, as a fraction: without the limit of records.
    pub(crate) formula: f64,
}

/// A stream has at most so many shards here; it ends the search for how many aggregates need.
const MOST_SHARDS: f64 = 1e7;

/// The shards that the peak needs.
///
/// More shards leave less to share in an aggregate, and more aggregates may need more shards. What is needed only
/// grows with what there is, so counting up from one shard to what it asks for ends at the least number that is enough.
pub(crate) fn size(workload: &Workload) -> Sized {
    let mut shards = 1.0;
    loop {
        let needs = asked(workload, shards);
        let wanted = whole(needs.iter().map(|need| need.shards).fold(0.0, f64::max) / workload.target);
        if wanted <= shards || shards >= MOST_SHARDS {
            return sized(workload, shards, needs);
        }
        shards = wanted;
    }
}

fn sized(workload: &Workload, shards: f64, mut needs: Vec<Need>) -> Sized {
    for need in &mut needs {
        need.used = need.shards / shards;
    }
    let most = |one: Need, other: &Need| if other.shards > one.shards { *other } else { one };
    let binding = needs[1..].iter().fold(needs[0], most);
    let mean = packed(workload, workload.records_per_second, shards);
    let steady = Workload { burst: super::Burst::of(1.0), ..workload.clone() };
    let at_mean = asked(&steady, shards).into_iter().map(|need| need.shards).fold(0.0, f64::max);
    let formula = needs.iter().filter(|need| matches!(need.limit, Limit::WriteBytes | Limit::Read));
    let formula = formula.map(|need| need.shards).fold(0.0, f64::max);
    Sized { shards, binding: binding.limit, needs, mean, mean_used: at_mean / shards, formula }
}

/// Kinesis records at a rate of user records.
pub(crate) fn packed(workload: &Workload, records_per_second: f64, shards: f64) -> Packed {
    match &workload.aggregation {
        None => Packed { members: 1.0, bytes: workload.sizes.mean() },
        Some(packing) => packing.packed(&workload.sizes, records_per_second, shards),
    }
}

fn asked(workload: &Workload, shards: f64) -> Vec<Need> {
    let peak = workload.records_per_second * workload.burst.records;
    let packed = packed(workload, peak, shards);
    let kinesis_records = peak / packed.members;
    let counted = if workload.sizes.is_assumed() { (packed.bytes / KIB).ceil() * KIB } else { packed.bytes };
    let mean_records = workload.records_per_second / packed.members;
    let bytes = mean_records * counted * workload.burst.bytes;
    let need = |limit, peak: f64, one_shard: u64| {
        #[expect(clippy::cast_precision_loss, reason = "limits of a shard are small")]
        let one_shard = one_shard as f64;
        Need { limit, peak, one_shard, shards: peak / one_shard, used: 0.0 }
    };
    let fanned = if workload.fan_out_consumers > 0 { bytes } else { 0.0 };
    vec![
        need(Limit::WriteBytes, bytes, WRITE_BYTES_PER_SECOND),
        need(Limit::WriteRecords, kinesis_records, WRITE_RECORDS_PER_SECOND),
        need(Limit::Read, bytes * f64::from(workload.shared_consumers()), READ_BYTES_PER_SECOND),
        need(Limit::FanOut, fanned, READ_BYTES_PER_SECOND),
    ]
}

/// Rounded up to at least one, past what floating point adds to a whole number.
fn whole(shards: f64) -> f64 {
    (shards * (1.0 - 1e-12)).ceil().max(1.0)
}
