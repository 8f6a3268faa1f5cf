//! A hot range of keys: shards are split where it is hot, and nowhere else first.

use std::sync::Mutex;

use aws_sdk_kinesis::types::MetricsName;
use pipectl_producer::{Record, flow};
use pipectl_shards::{HashKey, HashKeyRange};

use crate::world::{MINUTE, SHARD, STREAM, Source, World};

/// Where it is hot: from 30 to 40 % of the space, inside the second of four shards.
const HOT: (u128, u128) = (u128::MAX / 10 * 3, u128::MAX / 10 * 4);

/// Seven records of ten in the hot range, the others all over.
fn record(number: u64) -> Record {
    // A step that visits the whole space evenly.
    let even = u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let key = if number % 10 < 7 { HOT.0 + even % (HOT.1 - HOT.0) } else { even };
    Record { explicit_hash_key: Some(HashKey(key)), ..Record::new("k", "x") }
}

#[tokio::test(start_paused = true)]
async fn a_hot_range_is_split_where_it_is_hot() {
    let world = World::new(4).await;
    let enable = world.kinesis.enable_enhanced_monitoring().stream_name(STREAM);
    enable.shard_level_metrics(MetricsName::All).send().await.unwrap();
    tokio::time::sleep(MINUTE).await;
    let told = Mutex::new(Vec::new());
    let mut controller = world.controller("a");
    let mut source = Source::new(&world, flow::Limits { ttl: None, ..flow::Limits::default() });
    let traffic = async {
        source.put(2.0 * SHARD, 9 * MINUTE, record).await;
        source.close().await
    };
    let (put, delivered, lost) = tokio::select! {
        biased;
        ended = traffic => ended,
        () = world.steer(&mut controller, 8, &told) => unreachable!("it steers for ever"),
    };
    assert_eq!((delivered, lost), (put, 0));
    let open = world.open().await;
    let hot = |range: &&HashKeyRange| range.start().0 < HOT.1 && range.end().0 > HOT.0;
    let hot: Vec<_> = open.iter().filter(hot).collect();
    for step in told.into_inner().unwrap().iter().filter_map(|step| step.decided.as_ref()) {
        println!("{}: {}", step.0, step.1);
    }
    assert!(hot.len() >= 2, "the hot range is on {} shards: {open:?}", hot.len());
    assert!(hot.iter().all(|range| range.share() < 0.2), "{open:?}");
    world.endpoint.shutdown().await;
}
