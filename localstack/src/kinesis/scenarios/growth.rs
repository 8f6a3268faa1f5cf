//! An on-demand stream under growing traffic.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipectl_shards::HashKey;
use serde_json::json;

use super::{Api, SECOND, wait};
use crate::kinesis::Stream;

/// Writes so many MiB a second for so many seconds, spread evenly; answers how many passed in the last of them.
async fn write(api: &Api, stream: &Arc<Stream>, rate: usize, seconds: usize) -> usize {
    const PARTS: u8 = 64;
    let part: Bytes = vec![0; (1 << 20) / usize::from(PARTS)].into();
    let mut passed = 0;
    for _ in 0..seconds {
        passed = 0;
        for _ in 0..rate {
            let keys = (0..PARTS).map(|n| HashKey(u128::from(n) << 122));
            let records = keys.map(|key| (key, "".into(), part.clone())).collect();
            let outcomes = stream.put(records, api.world.clock.now()).unwrap();
            passed += outcomes.iter().filter(|outcome| outcome.result.is_ok()).count();
        }
        wait(SECOND).await;
    }
    passed / usize::from(PARTS)
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_is_filled_doubles_within_minutes_and_keeps_twice_its_peak() {
    let api = Api::as_aws();
    let mode = json!({"StreamName": "s", "StreamModeDetails": {"StreamMode": "ON_DEMAND"}});
    api.call("CreateStream", mode).await.unwrap();
    wait(11 * SECOND).await;
    assert_eq!(api.open_shards("s").await, 4);
    let stream = api.world.kinesis.streams("us-east-1", api.world.clock.now()).remove(0);
    assert_eq!(write(&api, &stream, 9, 60).await, 4);
    write(&api, &stream, 9, 15 * 60).await;
    let shards = api.open_shards("s").await;
    assert_eq!(shards, 18, "twice nine MiB a second");
    assert_eq!(write(&api, &stream, 9, 2).await, 9);
    let state = api.status("s").await;
    wait(Duration::from_secs(6 * 3600)).await;
    assert_eq!((state.as_str(), api.open_shards("s").await), ("ACTIVE", shards));
}

#[tokio::test(start_paused = true)]
async fn little_traffic_leaves_the_shards_as_they_are() {
    let api = Api::limited();
    api.create("s", 1).await;
    let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    let mode = json!({"StreamARN": arn, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}});
    api.call("UpdateStreamMode", mode).await.unwrap();
    for _ in 0..180 {
        api.put("s", 10, 1000).await;
        wait(SECOND).await;
    }
    assert_eq!(api.open_shards("s").await, 1);
}
