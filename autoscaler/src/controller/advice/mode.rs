//! Whether the other mode would be cheaper or safer, at the traffic of the last day.

use pipectl_pricing::Prices;
use pipectl_pricing::kinesis::{Traffic, on_demand_advantage, on_demand_standard, provisioned};

use super::day::Day;
use super::{Advice, Costs, Topic};
use crate::execute::Description;

/// Minutes that have to be known before a month is told from them.
const ENOUGH: usize = 6 * 60;
/// Less than this in a month is not worth a change.
const WORTH_IT: f64 = 5.0;
/// Minutes of a day in which a full stream may refuse records before another mode is worth a word.
const MANY: usize = 15;
/// How full a provisioned stream without an autoscaler would be at the day's peak.
const AT_PEAK: f64 = 0.7;
/// How much more than the day's peak is held ready.
const HELD_READY: f64 = 1.25;
/// What `UpdateStreamWarmThroughput` takes, in MiB/s.
const MOST_WARM: f64 = 10_240.0;

/// On demand where that costs less than the shards that are open.
pub(super) fn on_demand_is_cheaper(description: &Description, day: &Day, prices: &Prices) -> Option<Advice> {
    if day.minutes < ENOUGH {
        return None;
    }
    let (kind, costs) = on_demand(description, day, prices, f64::from(description.open_shards));
    (costs.provisioned - costs.on_demand > WORTH_IT).then(|| Advice {
        about: Topic::CheaperMode,
        text: format!(
            "at the traffic of the last {:.0} hours `shards: on-demand` would cost about ${:.0} a month{kind} where {} shards \
             cost ${:.0} {}",
            day.hours(),
            costs.on_demand,
            description.open_shards,
            costs.provisioned,
            of(prices),
        ),
        costs: Some(costs),
    })
}

/// On demand where loads come faster than shards can be opened, again and again.
pub(super) fn on_demand_is_safer(description: &Description, day: &Day, prices: &Prices) -> Option<Advice> {
    if day.refused_minutes < MANY {
        return None;
    }
    let (kind, costs) = on_demand(description, day, prices, f64::from(description.open_shards));
    Some(Advice {
        about: Topic::SaferMode,
        text: format!(
            "a full stream refused records in {} of the last {} minutes: load comes faster than shards can be opened. \
             `shards: on-demand` holds twice the highest load of the last 30 days ready, for about ${:.0} a month{kind} \
             where {} shards cost ${:.0} {}; or lower `autoscale.target`",
            day.refused_minutes,
            day.minutes,
            costs.on_demand,
            description.open_shards,
            costs.provisioned,
            of(prices),
        ),
        costs: Some(costs),
    })
}

/// Provisioned where as many shards as the day's peak asks for, all day long, cost less.
pub(super) fn provisioned_is_cheaper(
    description: &Description,
    day: &Day,
    prices: &Prices,
) -> Option<Advice> {
    if day.minutes < ENOUGH {
        return None;
    }
    let shards = (day.peak_shards / AT_PEAK).ceil().max(1.0);
    let (_, costs) = on_demand(description, day, prices, shards);
    (costs.on_demand - costs.provisioned > WORTH_IT).then(|| Advice {
        about: Topic::CheaperMode,
        text: format!(
            "at the traffic of the last {:.0} hours `shards: {shards:.0}` would cost ${:.0} a month, its peak at {:.0} % of \
             them, where on demand costs about ${:.0} {}; with `autoscale` it would be less",
            day.hours(),
            costs.provisioned,
            AT_PEAK * 100.0,
            costs.on_demand,
            of(prices),
        ),
        costs: Some(costs),
    })
}

/// Throughput to hold ready where a stream on demand refuses records: its load more than doubled within minutes.
pub(super) fn warm_throughput(day: &Day) -> Option<Advice> {
    (day.refused_minutes > 0).then(|| Advice {
        about: Topic::WarmThroughput,
        text: format!(
            "records were refused in {} of the last {} minutes though AWS sizes the stream: it holds twice the highest load \
             of the last 30 days, and more only after some minutes. `warm-throughput: {:.0}MiB/s` under the stream holds that \
             ready from the start; it asks for on-demand Advantage, a setting of the whole account that commits it for 24 hours",
            day.refused_minutes,
            day.minutes,
            (day.peak_shards * HELD_READY).ceil().clamp(1.0, MOST_WARM),
        ),
        costs: None,
    })
}

/// What the cheaper kind of on demand costs beside so many shards, and how it is called when it is not the usual one.
fn on_demand(description: &Description, day: &Day, prices: &Prices, shards: f64) -> (&'static str, Costs) {
    let (bytes, records) = (day.mean.bytes_per_second, day.mean.records_per_second);
    let traffic = Traffic {
        records_per_second: records,
        record_bytes: if records > 0.0 { bytes / records } else { 0.0 },
        consumers: 1,
        fan_out_consumers: description.consumers,
        retention_hours: f64::from(description.retention_hours),
    };
    let standard = on_demand_standard(prices, &traffic).total().0;
    let advantage = on_demand_advantage(prices, &traffic).total().0;
    let provisioned = provisioned(prices, &traffic, shards).total().0;
    let kind = if advantage < standard { " in an account with on-demand Advantage" } else { "" };
    (kind, Costs { provisioned, on_demand: standard.min(advantage) })
}

fn of(prices: &Prices) -> String {
    format!("(prices of {}, {})", prices.region, prices.as_of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::execute::Status;
    use crate::policy::Load;

    fn description(open_shards: u32, on_demand: bool) -> Description {
        Description {
            status: Status::Active,
            on_demand,
            open_shards,
            shard_metrics: false,
            consumers: 0,
            retention_hours: 24,
        }
    }

    /// A day of so many shards' worth of records of 1 KiB.
    fn day(mean: f64, peak_shards: f64, refused_minutes: usize) -> Day {
        let mean = Load { bytes_per_second: mean * 1_048_576.0, records_per_second: mean * 1024.0 };
        Day { minutes: 1_440, refused_minutes, mean, peak_shards }
    }

    #[test]
    fn an_idle_stream_of_many_shards_is_cheaper_on_demand() {
        let advice = on_demand_is_cheaper(&description(20, false), &day(0.01, 0.02, 0), &Prices::builtin());
        let costs = advice.expect("20 shards idle").costs.expect("it is about money");
        // 20 × 730 h × $0.015.
        assert!(costs.provisioned > 219.0 && costs.on_demand < 60.0, "{costs:?}");
        assert_eq!(
            on_demand_is_cheaper(&description(1, false), &day(0.5, 0.9, 0), &Prices::builtin()),
            None,
            "a shard that is used costs less"
        );
    }

    #[test]
    fn what_a_few_hours_show_is_not_told_of_a_month() {
        let few = Day { minutes: ENOUGH - 1, ..day(0.01, 0.02, 0) };
        assert_eq!(on_demand_is_cheaper(&description(20, false), &few, &Prices::builtin()), None);
        assert_eq!(provisioned_is_cheaper(&description(4, true), &few, &Prices::builtin()), None);
    }

    #[test]
    fn a_full_stream_that_keeps_refusing_is_safer_on_demand() {
        let advice = on_demand_is_safer(&description(8, false), &day(6.0, 14.0, 40), &Prices::builtin());
        let advice = advice.expect("40 minutes of refusals");
        assert_eq!(advice.about, Topic::SaferMode);
        assert!(advice.text.contains("40 of the last 1440 minutes"), "{}", advice.text);
        assert_eq!(
            on_demand_is_safer(&description(8, false), &day(6.0, 8.0, MANY - 1), &Prices::builtin()),
            None
        );
    }

    #[test]
    fn steady_traffic_is_cheaper_provisioned_with_room_for_its_peak() {
        let advice = provisioned_is_cheaper(&description(4, true), &day(2.0, 2.5, 0), &Prices::builtin());
        let advice = advice.expect("steady traffic");
        assert!(advice.text.contains("`shards: 4`"), "2.5 shards at 70 %: {}", advice.text);
    }

    #[test]
    fn throughput_is_held_ready_for_the_peak_and_some_more() {
        assert_eq!(warm_throughput(&day(1.0, 2.0, 0)), None);
        let advice = warm_throughput(&day(10.0, 100.0, 3)).expect("refused");
        assert!(advice.text.contains("`warm-throughput: 125MiB/s`"), "{}", advice.text);
        let advice = warm_throughput(&day(10.0, 100_000.0, 3)).expect("refused");
        assert!(advice.text.contains("`warm-throughput: 10240MiB/s`"), "{}", advice.text);
    }
}
