//! What a reader of an estimate should know beside its figures: the limits it runs into, and what it takes for granted.

use pipectl_pricing::Prices;

use super::answer::Mode;
use super::cost::{self, Priced};
use super::demand::{self, Limit, Sized};
use super::sizes::Sizes;
use super::workload::Workload;

/// `GetRecords` calls that a shard answers in a second.
const READ_CALLS: u32 = 5;
/// Fan-out consumers of a stream outside of Advantage.
const FAN_OUT_STANDARD: u32 = 20;
/// Shards that an account has at first outside of the three largest regions.
const USUAL_QUOTA: f64 = 1_000.0;
/// Shards that `UpdateShardCount` goes to.
const MOST_BY_UPDATE: f64 = 10_000.0;
/// Bytes of a record unless the stream's limit was raised.
const USUAL_RECORD: f64 = 1024.0 * 1024.0;
/// Invocations that an account runs at once at first.
const USUAL_CONCURRENCY: f64 = 1_000.0;

pub(crate) fn notes(workload: &Workload, sized: &Sized, modes: &[Priced], prices: &Prices) -> Vec<String> {
    let mut notes = Vec::new();
    sizing(workload, sized, &mut notes);
    readers(workload, sized, &mut notes);
    quotas(workload, sized, &mut notes);
    on_demand(workload, sized, modes, prices, &mut notes);
    downstream(workload, &mut notes);
    notes
}

fn sizing(workload: &Workload, sized: &Sized, notes: &mut Vec<String>) {
    if sized.binding == Limit::WriteRecords {
        notes.push(format!(
            "AWS's formula comes to {:.2} shards; it leaves out that a shard takes 1,000 records a second",
            sized.formula
        ));
    }
    let exact = Workload { sizes: Sizes::Averaged(workload.sizes.mean()), ..workload.clone() };
    let exact = demand::size(&exact).shards;
    if exact < sized.shards {
        notes.push(format!(
            "AWS's formula rounds the average size up to whole KiB; by the bytes themselves {exact} shards would do"
        ));
    }
    if sized.shards > 1.0 {
        notes.push(
            "partition keys are taken to spread evenly over the shards; a hot key needs more".to_owned(),
        );
    }
}

fn readers(workload: &Workload, sized: &Sized, notes: &mut Vec<String>) {
    let shared = workload.shared_consumers();
    if sized.binding == Limit::Read && shared > 2 {
        notes.push(format!(
            "{shared} consumers share the 2 MiB/s that a shard gives out; with fan-out for {} of them, reading would \
             ask for no more than writing",
            shared - 2
        ));
    }
    if shared > READ_CALLS {
        notes.push(format!(
            "{shared} consumers share {READ_CALLS} GetRecords calls a second of each shard: each can ask every {:.1} s",
            f64::from(shared) / f64::from(READ_CALLS)
        ));
    }
    if workload.fan_out_consumers > FAN_OUT_STANDARD {
        notes.push(format!(
            "a stream has at most {FAN_OUT_STANDARD} fan-out consumers, 50 in an account with on-demand Advantage"
        ));
    }
}

fn quotas(workload: &Workload, sized: &Sized, notes: &mut Vec<String>) {
    if sized.shards > MOST_BY_UPDATE {
        notes.push(
            "UpdateShardCount goes to 10,000 shards; past that only splits do, or more streams".to_owned(),
        );
    }
    if sized.shards > USUAL_QUOTA {
        notes.push(
            "an account has 20,000 shards in us-east-1, us-west-2 and eu-west-1, and 1,000 or 6,000 elsewhere, \
             until AWS raises that"
                .to_owned(),
        );
    }
    if workload.largest_record.unwrap_or_else(|| workload.sizes.mean()) > USUAL_RECORD {
        notes.push(
            "records above 1 MiB need UpdateMaxRecordSize, and the whole second of a shard or more"
                .to_owned(),
        );
    }
}

fn on_demand(workload: &Workload, sized: &Sized, modes: &[Priced], prices: &Prices, notes: &mut Vec<String>) {
    let (cheapest, _) = cost::cheapest(modes);
    if *cheapest != Mode::Provisioned && workload.burst.bytes.max(workload.burst.records) > 2.0 {
        notes.push(
            "on-demand keeps twice the peak of the last 30 days ready: a higher one throttles until it has grown"
                .to_owned(),
        );
    }
    let least = prices.kinesis.on_demand_advantage.least_mib_per_second;
    let alone = modes.iter().find(|(mode, _)| *mode == Mode::OnDemandAdvantage).map(|(_, bill)| bill.total());
    let among = cost::advantage_among_others(workload, sized, prices).total();
    if alone.is_some_and(|alone| alone.0 > among.0 + 0.005) {
        notes.push(format!(
            "Advantage bills {least} MiB/s in and out of an account at least; where other streams use that up, this \
             one costs {among}"
        ));
    }
    if workload.retention_hours > 7.0 * 24.0 {
        notes.push(
            "reading provisioned records older than 7 days costs extra by the GB, and is not in this"
                .to_owned(),
        );
    }
}

fn downstream(workload: &Workload, notes: &mut Vec<String>) {
    if workload.delivery.is_some() && workload.aggregation.is_some() {
        notes.push(
            "Firehose takes aggregates apart; each record in them is taken to be billed as 5 KiB at least, which no \
             source of AWS's confirms"
                .to_owned(),
        );
    }
    if workload.delivery.and_then(|delivery| delivery.partitioning).is_some_and(|by| by.jq_hours == 0.0) {
        notes.push("hours of jq, at which dynamic partitioning evaluates keys, are not in this".to_owned());
    }
    if let Some(transform) = workload.transform {
        let peak = workload.records_per_second * workload.sizes.mean() * workload.burst.bytes;
        let at_once = transform.invocations(peak) * transform.seconds;
        if at_once > USUAL_CONCURRENCY {
            notes.push(format!(
                "the transform runs {at_once:.0} times at once at the peak; an account has 1,000 until AWS raises that"
            ));
        }
    }
}
