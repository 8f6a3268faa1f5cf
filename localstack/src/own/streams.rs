//! The streams on the page: where their shards are, and how loaded.

use pipectl_shards::{HashKey, Shard};
use serde_json::{Value, json};

use crate::kinesis::{Mode, State, Stream};
use crate::world::World;

/// Shards of one stream that are shown: the open ones, and what they came from while there is room.
const MOST_SHARDS: usize = 1000;

/// All streams, by name.
pub(super) fn streams(world: &World) -> Value {
    let now = world.clock.now();
    let streams = world.kinesis.all(now);
    streams.iter().map(|stream| shown(stream, world)).collect()
}

fn shown(stream: &Stream, world: &World) -> Value {
    let now = world.clock.now();
    let millis = now.as_millisecond();
    stream.with(now, |state| {
        let listed: Vec<&Shard> =
            state.lineage.shards().filter(|shard| state.is_listed(shard.id, millis)).collect();
        let kept = most_telling(&listed);
        let shards: Vec<Value> = kept.iter().map(|shard| shown_shard(state, shard, millis)).collect();
        json!({
            "name": stream.arn().name(),
            "region": stream.arn().region(),
            "status": state.status().as_str(),
            "mode": if state.mode == Mode::OnDemand { "ON_DEMAND" } else { "PROVISIONED" },
            "retentionHours": state.retention_hours,
            "openShards": state.lineage.open().count(),
            "bytes": stream.held_bytes(),
            "shards": shards,
            "hiddenShards": listed.len() - kept.len(),
        })
    })
}

/// The open shards, then the newest closed ones, [`MOST_SHARDS`] at most; in the order of their numbers.
fn most_telling<'a>(listed: &[&'a Shard]) -> Vec<&'a Shard> {
    let mut kept = listed.to_vec();
    kept.sort_by_key(|shard| (!shard.open, std::cmp::Reverse(shard.id)));
    kept.truncate(MOST_SHARDS);
    kept.sort_by_key(|shard| shard.id);
    kept
}

fn shown_shard(state: &State, shard: &Shard, now: i64) -> Value {
    let log = state.log(shard.id);
    let beat = log.map(|log| log.pulse.last(now)).unwrap_or_default();
    let parents = [shard.parent, shard.adjacent_parent].into_iter().flatten();
    json!({
        "id": shard.id.to_string(),
        "number": shard.id.number(),
        "start": share(shard.range.start()),
        "end": share(shard.range.end()),
        "open": shard.open,
        "parents": parents.map(|id| id.number()).collect::<Vec<_>>(),
        "records": log.map_or(0, |log| log.count()),
        "bytesPerSecond": beat.bytes,
        "recordsPerSecond": beat.records,
        "throttledPerSecond": beat.throttled,
    })
}

/// Where a key lies in the key space: 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "a place on a screen")]
fn share(key: HashKey) -> f64 {
    let share = (key.0 >> 64) as f64 / 2_f64.powi(64);
    (share * 1e6).round() / 1e6
}
