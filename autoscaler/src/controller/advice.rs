//! What else would be worth doing about a stream that no reshard does: another mode, metrics of its shards.

use pipectl_pricing::Prices;
use pipectl_pricing::kinesis::{Traffic, on_demand_standard, provisioned};
use serde::Serialize;

use super::known::Known;
use crate::execute::Description;

/// Something worth doing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Advice {
    /// In a sentence.
    pub text: String,
    /// What it would save in a month, where it is about money.
    pub costs: Option<Costs>,
}

/// What a stream costs in a month as it is, and as it could be, in US dollars.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Costs {
    /// Provisioned, with as many shards as are open.
    pub provisioned: f64,
    /// On demand.
    pub on_demand: f64,
}

/// Minutes that have to be known before a month is told from them.
const ENOUGH: usize = 6 * 60;
/// Less than this in a month is not worth a change.
const WORTH_IT: f64 = 5.0;

pub(super) fn advise(description: &Description, known: &Known) -> Vec<Advice> {
    if description.on_demand {
        return Vec::new();
    }
    mode(description, known).into_iter().chain(shard_metrics(description, known)).collect()
}

/// On demand where that is cheaper at the last day's traffic, in prices of the fallback region.
fn mode(description: &Description, known: &Known) -> Option<Advice> {
    if known.day.len() < ENOUGH {
        return None;
    }
    #[expect(clippy::cast_precision_loss, reason = "a day's minutes")]
    let minutes = known.day.len() as f64;
    let bytes = known.day.iter().map(|load| load.bytes_per_second).sum::<f64>() / minutes;
    let records = known.day.iter().map(|load| load.records_per_second).sum::<f64>() / minutes;
    let traffic = Traffic {
        records_per_second: records,
        record_bytes: if records > 0.0 { bytes / records } else { 0.0 },
        consumers: 1,
        fan_out_consumers: description.consumers,
        retention_hours: f64::from(description.retention_hours),
    };
    let prices = Prices::builtin();
    let costs = Costs {
        provisioned: provisioned(&prices, &traffic, f64::from(description.open_shards)).total().0,
        on_demand: on_demand_standard(&prices, &traffic).total().0,
    };
    let saved = costs.provisioned - costs.on_demand;
    (saved > WORTH_IT).then(|| Advice {
        text: format!(
            "at the traffic of the last {:.0} hours `shards: on-demand` would cost about ${:.0} a month where {} shards cost \
             ${:.0} (prices of {}, {})",
            minutes / 60.0,
            costs.on_demand,
            description.open_shards,
            costs.provisioned,
            prices.region,
            prices.as_of,
        ),
        costs: Some(costs),
    })
}

/// Throttles below the stream's capacity come of hot shards, which only shard-level metrics show.
fn shard_metrics(description: &Description, known: &Known) -> Option<Advice> {
    let newest = known.history.newest()?;
    let refused = newest.refused.shards() > 0.0;
    let has_room = newest.accepted.shards() < 0.7 * f64::from(description.open_shards);
    (refused && has_room && !description.shard_metrics).then(|| Advice {
        text: "records are refused though the stream as a whole has room: some shards are hot. Turn on shard-level metrics \
               (`aws kinesis enable-enhanced-monitoring --shard-level-metrics IncomingBytes IncomingRecords \
               WriteProvisionedThroughputExceeded`) so that they can be found and split"
            .to_owned(),
        costs: None,
    })
}
