//! Splits and merges while records are under way, at the hash keys that hurt: between two keys that are in use.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use pipectl_localstack::InProcess;
use pipectl_localstack::kinesis::StreamArn;
use pipectl_shards::{HashKey, Shard};

use crate::stream::STREAM;
use crate::world::key;

/// Open shards at most and at least.
const MOST: usize = 6;
const LEAST: usize = 2;

/// Reshards until it is stopped. A call that the faults refuse is not repeated: the next one comes soon.
pub(crate) async fn reshard(endpoint: InProcess, client: Client, keys: u32, seed: u64) {
    let mut random = fastrand::Rng::with_seed(seed ^ 0x5eed);
    let hash_keys: Vec<_> = (0..keys).map(|n| HashKey::of_partition_key(&key(n))).collect();
    loop {
        // Most leave a map of the shards the time to be right again, so that aggregates are under way when the next one
        // comes; some come before.
        tokio::time::sleep(Duration::from_millis(random.u64(500..4_500))).await;
        let open = open(&endpoint);
        if open.len() >= MOST || (open.len() > LEAST && random.u8(..5) < 2) {
            let first = random.usize(..open.len() - 1);
            let call = client.merge_shards().stream_name(STREAM).shard_to_merge(open[first].id.to_string());
            let _ = call.adjacent_shard_to_merge(open[first + 1].id.to_string()).send().await;
        } else {
            let at = hash_keys[random.usize(..hash_keys.len())];
            let Some(shard) = open.iter().find(|shard| shard.range.contains(at)) else { continue };
            let call = client.split_shard().stream_name(STREAM).shard_to_split(shard.id.to_string());
            let _ = call.new_starting_hash_key(at.to_string()).send().await;
        }
    }
}

/// The shards that take records, in the order of their ranges: the truth, not a list that lags.
fn open(endpoint: &InProcess) -> Vec<Shard> {
    let world = endpoint.world();
    let now = world.clock.now();
    let stream = world.kinesis.stream(&StreamArn::new("us-east-1", "000000000000", STREAM), now).unwrap();
    let mut open: Vec<_> = stream.shards(now).into_iter().filter(|shard| shard.open).collect();
    open.sort_by_key(|shard| shard.range.start());
    open
}
