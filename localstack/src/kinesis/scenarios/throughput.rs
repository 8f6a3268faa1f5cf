//! What shards take in and give out.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pipectl_shards::HashKey;
use serde_json::json;

use super::{Api, SECOND, passed, records, wait};
use crate::kinesis::Reader;

const MIB: usize = 1 << 20;

#[tokio::test(start_paused = true)]
async fn two_clients_that_flood_a_shard_get_a_thousand_records_a_second_between_them() {
    let api = Arc::new(Api::limited());
    api.create("s", 1).await;
    let flood = |pause: u64, count: usize| {
        let api = Arc::clone(&api);
        tokio::spawn(async move {
            let mut got = Vec::new();
            while api.world.clock.elapsed() < Duration::from_secs(10) {
                got.push((api.world.clock.elapsed(), passed(&api.put("s", count, 100).await)));
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
            got
        })
    };
    let (one, other) = (flood(80, 100), flood(45, 60));
    let both = [one.await.unwrap(), other.await.unwrap()];
    let shares: Vec<usize> = both.iter().map(|got| got.iter().map(|(_, count)| count).sum()).collect();
    // What an idle second has saved up comes on top, once.
    let total: usize = shares.iter().sum();
    assert!((10_900..=11_000).contains(&total), "{total}");
    assert!(shares.iter().all(|share| *share > 1000), "{shares:?}");
    // Flooded, it is the rate: any five seconds have five thousand, within one percent.
    for start in 1..5 {
        let within = Duration::from_secs(start)..Duration::from_secs(start + 5);
        let in_five: usize =
            both.iter().flatten().filter(|(at, _)| within.contains(at)).map(|(_, count)| count).sum();
        assert!((4950..=5050).contains(&in_five), "from second {start} on: {in_five}");
    }
}

#[tokio::test(start_paused = true)]
async fn put_records_fails_by_record_and_by_shard() {
    let api = Api::limited();
    api.create("s", 2).await;
    let half =
        |key: &str, count| vec![json!({"Data": "eA==", "PartitionKey": "k", "ExplicitHashKey": key}); count];
    let put = |records| api.call("PutRecords", json!({"StreamName": "s", "Records": records}));
    for _ in 0..2 {
        assert_eq!(passed(&put(half("0", 450)).await.unwrap()), 450);
    }
    let answer = put([half("0", 150), half(&u128::MAX.to_string(), 150)].concat()).await.unwrap();
    assert_eq!((passed(&answer), &answer["FailedRecordCount"]), (250, &json!(50)));
    let refused = &answer["Records"][149];
    assert_eq!(
        refused,
        &json!({
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage":
                "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."
        })
    );
    wait(Duration::from_millis(50)).await;
    assert_eq!(passed(&put(half("0", 60)).await.unwrap()), 50);
}

#[tokio::test(start_paused = true)]
async fn put_record_is_refused_whole_and_large_records_are_paid_back() {
    let api = Api::limited();
    api.create("s", 1).await;
    let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    api.call("UpdateMaxRecordSize", json!({"StreamARN": arn, "MaxRecordSizeInKiB": 10_240})).await.unwrap();
    assert_eq!(passed(&api.put("s", 1, 10 * MIB - 1).await), 1);
    let put = json!({"StreamName": "s", "PartitionKey": "k", "Data": "eA=="});
    let refused = api.call("PutRecord", put.clone()).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "ProvisionedThroughputExceededException: Rate exceeded for shard shardId-000000000000 in stream s under \
         account 000000000000."
    );
    wait(Duration::from_millis(8999)).await;
    assert!(api.call("PutRecord", put.clone()).await.is_err());
    wait(Duration::from_millis(2)).await;
    api.call("PutRecord", put).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_sixth_read_of_a_second_is_refused_and_a_full_answer_blocks_five() {
    let api = Api::limited();
    api.create("s", 1).await;
    for _ in 0..11 {
        assert_eq!(passed(&api.put("s", 1, MIB - 1).await), 1);
        wait(SECOND).await;
    }
    let iterator = api.iterator("s", 0).await.unwrap();
    let answer = api.read(&iterator).await.unwrap();
    assert_eq!(records(&answer), 10);
    wait(Duration::from_millis(4999)).await;
    let refused = api.read(&iterator).await.unwrap_err();
    assert_eq!(refused.code, "ProvisionedThroughputExceededException");
    wait(Duration::from_millis(2)).await;
    let next = answer["NextShardIterator"].as_str().unwrap();
    let answer = api.read(next).await.unwrap();
    assert_eq!(records(&answer), 1);
    wait(10 * SECOND).await;
    let tip = answer["NextShardIterator"].as_str().unwrap();
    for _ in 0..5 {
        api.read(tip).await.unwrap();
        api.iterator("s", 0).await.unwrap();
    }
    assert_eq!(api.read(tip).await.unwrap_err(), refused);
    assert_eq!(api.iterator("s", 0).await.unwrap_err(), refused);
}

#[tokio::test(start_paused = true)]
async fn a_delivery_reads_at_two_mebibytes_a_second_and_loses_nothing_when_it_drains() {
    let api = Api::unlimited();
    api.create("s", 1).await;
    for _ in 0..3 {
        api.put("s", 10, MIB - 1).await;
    }
    let api = Api { world: Arc::clone(&api.world), ..api };
    let free = api.world.kinesis.streams("us-east-1", api.world.clock.now()).remove(0);
    let mut reader = Reader::trim_horizon(free, api.world.clock);
    assert_eq!(reader.next(100, 100 * MIB).await.unwrap().len(), 30);

    let api = Api::limited();
    api.create("s", 1).await;
    let stream = api.world.kinesis.streams("us-east-1", api.world.clock.now()).remove(0);
    for _ in 0..30 {
        let record = (HashKey::MIN, "k".into(), Bytes::from(vec![0; MIB - 1]));
        assert!(stream.put(vec![record], api.world.clock.now()).unwrap()[0].result.is_ok());
        wait(SECOND).await;
    }
    let mut reader = Reader::trim_horizon(stream, api.world.clock);
    let began = api.world.clock.elapsed();
    let mut seen = 0;
    while seen < 20 {
        seen += reader.next(2, 2 * MIB).await.unwrap().len();
    }
    let took = api.world.clock.elapsed() - began;
    assert!((8 * SECOND..=11 * SECOND).contains(&took), "{took:?}");
    // Clients share those two mebibytes.
    let iterator = api.iterator("s", 0).await.unwrap();
    assert!(api.read(&iterator).await.is_err());
    assert_eq!(reader.poll(100, 100 * MIB).unwrap().len(), 30 - seen);
}

#[tokio::test(start_paused = true)]
async fn without_limits_everything_passes_at_once() {
    let api = Api::unlimited();
    api.create("s", 1).await;
    for _ in 0..5 {
        assert_eq!(passed(&api.put("s", 100, 50_000).await), 100);
        api.call("DescribeLimits", json!({})).await.unwrap();
    }
    let iterator = api.iterator("s", 0).await.unwrap();
    for _ in 0..20 {
        let input = json!({"ShardIterator": iterator, "Limit": 10});
        assert_eq!(records(&api.call("GetRecords", input).await.unwrap()), 10);
    }
}
