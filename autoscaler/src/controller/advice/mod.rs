//! What else would be worth doing about a stream that no reshard does: another mode, throughput held ready, metrics of
//! its shards.
//!
//! `day` is what the last day came to, `mode` compares prices and what refuses records, both pure.

mod day;
mod mode;

use pipectl_pricing::Prices;
use schemars::JsonSchema;
use serde::Serialize;

pub(super) use day::Day;

use super::known::Known;
use crate::execute::Description;
use crate::policy::{Decision, HoldReason, Reason};

/// Something worth doing.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Advice {
    /// What it is about.
    pub about: Topic,
    /// In a sentence.
    pub text: String,
    /// What it would change in a month, where it is about money.
    pub costs: Option<Costs>,
}

/// What advice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "AdviceTopic")]
pub enum Topic {
    /// Another mode costs less.
    CheaperMode,
    /// Another mode would refuse less.
    SaferMode,
    /// Throughput that AWS is to hold ready.
    WarmThroughput,
    /// Metrics that are not there.
    ShardMetrics,
}

/// What a stream costs in a month as it is, and as it could be, in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Costs {
    /// Provisioned, with as many shards as are open or would have to be.
    pub provisioned: f64,
    /// On demand.
    pub on_demand: f64,
}

/// What is worth doing about the stream as it is seen, besides what was decided; in prices of the fallback region.
pub(super) fn advise(description: &Description, known: &Known, decision: &Decision) -> Vec<Advice> {
    let (day, prices) = (Day::of(&known.day), Prices::builtin());
    if description.on_demand {
        let provisioned = mode::provisioned_is_cheaper(description, &day, &prices);
        return provisioned.into_iter().chain(mode::warm_throughput(&day)).collect();
    }
    // A bound that is in the way is the user's to raise, and the decision says so.
    let bounded =
        matches!(decision.reason, Reason::Hold(HoldReason::AtMax { .. } | HoldReason::AtQuota { .. }));
    let cheaper = mode::on_demand_is_cheaper(description, &day, &prices);
    let safer = || mode::on_demand_is_safer(description, &day, &prices).filter(|_| !bounded);
    cheaper.or_else(safer).into_iter().chain(shard_metrics(description, known)).collect()
}

/// Throttles below the stream's capacity come of hot shards, which only shard-level metrics show.
fn shard_metrics(description: &Description, known: &Known) -> Option<Advice> {
    let newest = known.history.newest()?;
    let refused = newest.refused.shards() > 0.0;
    let has_room = newest.accepted.shards() < 0.7 * f64::from(description.open_shards);
    (refused && has_room && !description.shard_metrics).then(|| Advice {
        about: Topic::ShardMetrics,
        text: "records are refused though the stream as a whole has room: some shards are hot. Turn on shard-level metrics \
               (`shard-metrics: [IncomingBytes, IncomingRecords, WriteProvisionedThroughputExceeded]` under the stream) so \
               that they can be found and split"
            .to_owned(),
        costs: None,
    })
}
