//! Scenarios and properties of the flow, without a runtime.

mod aggregated;
mod anything;
mod ordered;
mod paced;
mod routed;
mod sending;
mod unjudged;

use super::*;
use crate::outcome::SequenceNumber;
use crate::sink::{Distribution, Routing};
use pipectl_shards::{Lineage, ShardId};

const MS: fn(u64) -> Duration = Duration::from_millis;

fn flow() -> Flow {
    Flow::new(Limits::default())
}

fn record(n: usize) -> Record {
    Record::new(format!("key-{n}"), n.to_string().into_bytes())
}

fn put() -> PutResult {
    PutResult::Put { shard: ShardId::new(0), sequence: SequenceNumber::new("1") }
}

fn landed(shard: u64) -> PutResult {
    PutResult::Put { shard: ShardId::new(shard), sequence: SequenceNumber::new("7") }
}

/// What a stream with these shards tells.
fn listed(lineage: &Lineage) -> Routing {
    let shards = lineage.open().map(|shard| (shard.id, shard.range)).collect();
    Routing { shards, distribution: Distribution::ByKey, ..Routing::default() }
}

fn uniform(count: u32) -> Lineage {
    Lineage::uniform(std::num::NonZeroU32::new(count).unwrap())
}

fn throttled() -> PutResult {
    PutResult::Failed { code: "ProvisionedThroughputExceededException".into(), message: "full".into() }
}

fn error(kind: SinkErrorKind) -> SinkError {
    SinkError { kind, code: "Code".into(), message: "message".into() }
}

fn at(now: Duration) -> Answer {
    Answer { began: now, now, random: 0.5 }
}

fn names(ended: &[Ended]) -> Vec<&'static str> {
    ended.iter().map(|ended| ended.outcome.name()).collect()
}
