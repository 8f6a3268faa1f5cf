//! What expires, and when.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, HOUR, SECOND, records, wait};

async fn retain(api: &Api, operation: &str, hours: u32) {
    api.call(operation, json!({"StreamName": "s", "RetentionPeriodHours": hours})).await.unwrap();
}

async fn held(api: &Api, shard: u64) -> usize {
    wait(SECOND).await;
    let iterator = api.iterator("s", shard).await.unwrap();
    records(&api.read(&iterator).await.unwrap())
}

async fn listed(api: &Api) -> usize {
    let answer: Value = api.call("ListShards", json!({"StreamName": "s"})).await.unwrap();
    answer["Shards"].as_array().unwrap().len()
}

#[tokio::test(start_paused = true)]
async fn the_old_retention_is_read_until_the_change_is_done() {
    let api = Api::as_aws();
    api.create("s", 1).await;
    wait(10 * SECOND).await;
    retain(&api, "IncreaseStreamRetentionPeriod", 48).await;
    let summary = api.summary("s").await;
    assert_eq!(
        (&summary["RetentionPeriodHours"], &summary["StreamStatus"]),
        (&json!(24), &json!("UPDATING"))
    );
    wait(10 * SECOND).await;
    let summary = api.summary("s").await;
    assert_eq!((&summary["RetentionPeriodHours"], &summary["StreamStatus"]), (&json!(48), &json!("ACTIVE")));
    retain(&api, "IncreaseStreamRetentionPeriod", 48).await;
    assert_eq!(api.status("s").await, "ACTIVE", "the same value changes nothing");
}

#[tokio::test(start_paused = true)]
async fn a_longer_retention_brings_back_neither_records_nor_shards() {
    let api = Api::limited();
    api.create("s", 1).await;
    api.put("s", 3, 10).await;
    let split = json!({"StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "9"});
    api.call("SplitShard", split).await.unwrap();
    wait(20 * HOUR).await;
    assert_eq!((held(&api, 0).await, listed(&api).await), (3, 3));
    api.put("s", 4, 10).await;
    wait(5 * HOUR).await;
    retain(&api, "IncreaseStreamRetentionPeriod", 48).await;
    assert_eq!(listed(&api).await, 2);
    assert_eq!(api.iterator("s", 0).await.unwrap_err().code, "ResourceNotFoundException");
    wait(40 * HOUR).await;
    assert_eq!(held(&api, 2).await, 4);
    retain(&api, "DecreaseStreamRetentionPeriod", 24).await;
    assert_eq!(held(&api, 2).await, 0);
}

#[tokio::test(start_paused = true)]
async fn an_iterator_is_good_for_five_minutes() {
    let api = Api::limited();
    api.create("s", 1).await;
    let iterator = api.iterator("s", 0).await.unwrap();
    wait(Duration::from_secs(300)).await;
    api.read(&iterator).await.unwrap();
    wait(Duration::from_millis(1)).await;
    let expired = api.read(&iterator).await.unwrap_err();
    assert_eq!(expired.code, "ExpiredIteratorException");
    let end = "further in the future than the tolerated delay of 300000 milliseconds.";
    assert!(expired.message.ends_with(end), "{expired}");
}
