//! What a run comes to: shard-hours, what was throttled, the calls, and the dollars.

use pipectl_pricing::{Bill, Prices, kinesis};
use schemars::JsonSchema;
use serde::Serialize;

use super::policies::on_demand::Plan;
use super::rules::Call;
use super::run::Run;
use super::view::Point;

/// What one shard takes in at its limit, in bytes a second.
const SHARD_BYTES: f64 = 1024.0 * 1024.0;
/// What one shard takes in at its limit, in records a second.
const SHARD_RECORDS: f64 = 1000.0;
/// Hours of the month that a bill is for.
const MONTH_HOURS: f64 = 730.0;

/// What turns a run's traffic into dollars: prices, and what the records are like.
#[derive(Clone, Debug)]
pub struct Billing {
    /// What AWS charges.
    pub prices: Prices,
    /// Bytes of a Kinesis record, after aggregation.
    pub record_bytes: f64,
    /// Consumers that read everything with `GetRecords`; on-demand charges what they read.
    pub consumers: u32,
}

impl Default for Billing {
    /// Built-in prices, aggregates as large as KPL and this producer make them, and one consumer.
    fn default() -> Self {
        Self { prices: Prices::builtin(), record_bytes: 51_200.0, consumers: 1 }
    }
}

impl Billing {
    /// A shard's traffic is what its first limit lets in: bytes, or with records of less than 1049 bytes their number.
    fn traffic(&self, load: f64) -> kinesis::Traffic {
        let record_bytes = self.record_bytes.max(1.0);
        let per_shard = (SHARD_BYTES / record_bytes).min(SHARD_RECORDS);
        kinesis::Traffic {
            records_per_second: load * per_shard,
            record_bytes,
            consumers: self.consumers,
            ..kinesis::Traffic::default()
        }
    }

    /// What a bill for a month comes to in so many minutes.
    fn for_minutes(bill: &Bill, minutes: f64) -> f64 {
        bill.total().0 * minutes / 60.0 / MONTH_HOURS
    }

    /// A provisioned stream that took in these loads.
    pub(crate) fn provisioned(&self, points: &[Point]) -> f64 {
        let shards = mean(points.iter().map(|point| f64::from(point.open_shards)));
        let traffic = self.traffic(mean(points.iter().map(|point| point.accepted)));
        Self::for_minutes(&kinesis::provisioned(&self.prices, &traffic, shards), count(points))
    }

    /// An on-demand stream that took in these loads.
    pub(crate) fn on_demand(&self, points: &[Point], plan: Plan) -> f64 {
        let traffic = self.traffic(mean(points.iter().map(|point| point.accepted)));
        let bill = match plan {
            Plan::Standard => kinesis::on_demand_standard(&self.prices, &traffic),
            Plan::Advantage => kinesis::on_demand_advantage(&self.prices, &traffic),
        };
        Self::for_minutes(&bill, count(points))
    }
}

#[expect(clippy::cast_precision_loss, reason = "a trace has far fewer than 2^52 minutes")]
fn count(points: &[Point]) -> f64 {
    points.len() as f64
}

/// The mean of some figures; of none, nothing.
fn mean(figures: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = figures.fold((0.0, 0.0), |(sum, count), figure| (sum + figure, count + 1.0));
    if count > 0.0 { sum / count } else { 0.0 }
}

/// What a run comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "PolicyAccount")]
pub struct Account {
    /// Open shards times the hours they were open.
    pub shard_hours: f64,
    /// Volume that was throttled, of all that came.
    pub throttled_ratio: f64,
    /// `UpdateShardCount` calls that AWS took.
    pub update_shard_count_calls: usize,
    /// `SplitShard` calls that AWS took.
    pub splits: usize,
    /// `MergeShards` calls that AWS took.
    pub merges: usize,
    /// Calls that AWS would have refused; they did not happen.
    pub refused_calls: usize,
    /// US dollars for the time of the trace.
    pub dollars: f64,
}

impl Account {
    /// The account of a provisioned stream's run.
    #[must_use]
    pub fn of(run: &Run, billing: &Billing) -> Self {
        let calls = || run.schedule.iter().flat_map(|minute| &minute.calls);
        let counted = |wanted: fn(&Call) -> bool| calls().filter(|call| wanted(call)).count();
        Self {
            shard_hours: shard_hours(&run.points),
            throttled_ratio: throttled_ratio(&run.points),
            update_shard_count_calls: counted(|call| matches!(call, Call::UpdateShardCount(_))),
            splits: counted(|call| matches!(call, Call::Split)),
            merges: counted(|call| matches!(call, Call::Merge)),
            refused_calls: run.decisions.iter().map(|decided| decided.refused.len()).sum(),
            dollars: billing.provisioned(&run.points),
        }
    }
}

pub(crate) fn shard_hours(points: &[Point]) -> f64 {
    points.iter().map(|point| f64::from(point.open_shards)).sum::<f64>() / 60.0
}

pub(crate) fn throttled_ratio(points: &[Point]) -> f64 {
    let offered: f64 = points.iter().map(Point::offered).sum();
    let throttled: f64 = points.iter().map(|point| point.throttled).sum();
    if offered > 0.0 { throttled / offered } else { 0.0 }
}
