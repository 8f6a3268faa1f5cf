//! Calls a second, changes a day, streams and shards altogether.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Api, HOUR, SECOND, wait};

async fn reshard(api: &Api, shards: u64) -> Result<Value, crate::http::AwsError> {
    let input = json!({"StreamName": "s", "TargetShardCount": shards, "ScalingType": "UNIFORM_SCALING"});
    api.call("UpdateShardCount", input).await
}

#[tokio::test(start_paused = true)]
async fn calls_past_their_rate_are_refused_and_pass_again_a_second_later() {
    let api = Api::limited();
    for _ in 0..2 {
        api.call("DescribeLimits", json!({})).await.unwrap();
        let refused = api.call("DescribeLimits", json!({})).await.unwrap_err();
        assert_eq!(refused.to_string(), "LimitExceededException: Rate exceeded for account 000000000000.");
        wait(SECOND).await;
    }
    api.create("s", 1).await;
    let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    for named in [json!({"StreamName": "s"}), json!({"StreamARN": arn})] {
        for _ in 0..10 {
            api.call("DescribeStream", named.clone()).await.unwrap();
        }
        let refused = api.call("DescribeStream", named).await.unwrap_err();
        assert_eq!(refused.message, "Rate exceeded for stream s under account 000000000000.");
        wait(SECOND).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_eleventh_reshard_of_a_rolling_day_is_refused() {
    let api = Api::as_aws();
    api.create("s", 2).await;
    wait(HOUR).await;
    for turn in 0..10 {
        reshard(&api, if turn % 2 == 0 { 4 } else { 2 }).await.unwrap();
        wait(HOUR).await;
    }
    assert_eq!(reshard(&api, 4).await.unwrap_err().code, "LimitExceededException");
    wait(13 * HOUR).await;
    assert_eq!(reshard(&api, 4).await.unwrap_err().code, "LimitExceededException");
    wait(HOUR).await;
    reshard(&api, 4).await.unwrap();
    // Splits are not counted in the ten.
    wait(HOUR / 60 * 5).await;
    let split = json!({"StreamName": "s", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": "7"});
    let refused = api.call("SplitShard", split).await.unwrap_err();
    assert_eq!(refused.code, "InvalidArgumentException", "the shard is closed: {refused}");
}

#[tokio::test(start_paused = true)]
async fn states_last_as_long_as_on_aws() {
    let api = Api::as_aws();
    api.create("s", 2).await;
    assert_eq!(api.status("s").await, "CREATING");
    wait(10 * SECOND).await;
    assert_eq!(api.status("s").await, "ACTIVE");
    reshard(&api, 3).await.unwrap();
    wait(121 * SECOND).await;
    assert_eq!(api.status("s").await, "ACTIVE", "3 is 150 % of 2");
    reshard(&api, 4).await.unwrap();
    wait(121 * SECOND).await;
    assert_eq!(api.status("s").await, "UPDATING", "4 is no multiple of a quarter of 3");
    assert_eq!(reshard(&api, 4).await.unwrap_err().code, "ResourceInUseException");
    wait(120 * SECOND).await;
    assert_eq!(api.status("s").await, "ACTIVE");
    let shards = api.call("ListShards", json!({"StreamName": "s", "ShardFilter": {"Type": "AT_LATEST"}}));
    let shard = shards.await.unwrap()["Shards"][0].clone();
    let start: u128 = shard["HashKeyRange"]["StartingHashKey"].as_str().unwrap().parse().unwrap();
    let at = (start + 1000).to_string();
    let split = json!({"StreamName": "s", "ShardToSplit": shard["ShardId"], "NewStartingHashKey": at});
    api.call("SplitShard", split).await.unwrap();
    wait(29 * SECOND).await;
    assert_eq!((api.open_shards("s").await, api.status("s").await), (4, "UPDATING".to_owned()));
    wait(SECOND).await;
    assert_eq!((api.open_shards("s").await, api.status("s").await), (5, "ACTIVE".to_owned()));
    api.call("DeleteStream", json!({"StreamName": "s"})).await.unwrap();
    assert_eq!(api.status("s").await, "DELETING");
    wait(15 * SECOND).await;
    let gone = api.call("DescribeStreamSummary", json!({"StreamName": "s"})).await.unwrap_err();
    assert_eq!(gone.code, "ResourceNotFoundException");
}

#[tokio::test(start_paused = true)]
async fn five_streams_are_created_at_a_time() {
    let api = Api::as_aws();
    for name in ["a", "b", "c", "d", "e"] {
        api.create(name, 1).await;
    }
    wait(SECOND).await;
    let sixth = || api.call("CreateStream", json!({"StreamName": "f", "ShardCount": 1}));
    assert_eq!(
        sixth().await.unwrap_err().to_string(),
        "LimitExceededException: This request would have exceed the limit on the number of streams that can \
         simultaneously be in CREATING or DELETING for the account 000000000000. Limit: 5."
    );
    let again = api.call("CreateStream", json!({"StreamName": "a", "ShardCount": 1})).await.unwrap_err();
    assert_eq!(again.code, "ResourceInUseException");
    wait(10 * SECOND).await;
    sixth().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn shards_past_the_quota_are_refused_at_once_whatever_their_number() {
    let mut api = Api::limited();
    let create = |shards: u64| json!({"StreamName": "s", "ShardCount": shards});
    for (shards, code) in [
        (100_000_000_000, "ValidationException"),
        (2_147_483_647, "LimitExceededException"),
        (20_001, "LimitExceededException"),
    ] {
        assert_eq!(api.call("CreateStream", create(shards)).await.unwrap_err().code, code, "{shards}");
    }
    wait(SECOND).await;
    api.region = "eu-south-1";
    assert_eq!(api.call("CreateStream", create(1001)).await.unwrap_err().code, "LimitExceededException");
    api.create("s", 600).await;
    assert_eq!(reshard(&api, 1200).await.unwrap_err().code, "LimitExceededException");
    let limits = api.call("DescribeLimits", json!({})).await.unwrap();
    assert_eq!((&limits["ShardLimit"], &limits["OpenShardCount"]), (&json!(1000), &json!(600)));
    let unlimited = Api::unlimited();
    let refused = unlimited.call("CreateStream", create(2_147_483_647)).await.unwrap_err();
    assert_eq!(refused.code, "LimitExceededException");
}

#[tokio::test(start_paused = true)]
async fn a_stream_has_ten_thousand_shards_at_most() {
    let api = Api::limited();
    api.create("s", 6000).await;
    let refused = reshard(&api, 10_001).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "LimitExceededException: Target shard count or number of open shards cannot be greater than 10000. Current \
         open shard count: 6000, Target shard count: 10001"
    );
}

#[tokio::test(start_paused = true)]
async fn the_mode_changes_twice_a_day() {
    let api = Api::limited();
    api.create("s", 1).await;
    let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s";
    let change = |mode: &str| {
        api.call("UpdateStreamMode", json!({"StreamARN": arn, "StreamModeDetails": {"StreamMode": mode}}))
    };
    change("ON_DEMAND").await.unwrap();
    change("ON_DEMAND").await.unwrap();
    change("PROVISIONED").await.unwrap();
    assert_eq!(change("ON_DEMAND").await.unwrap_err().code, "LimitExceededException");
    wait(24 * HOUR + Duration::from_millis(1)).await;
    change("ON_DEMAND").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_fifty_first_on_demand_stream_is_refused() {
    let api = Api::limited();
    let create = |n: u32| {
        let name = format!("s{n}");
        api.call(
            "CreateStream",
            json!({"StreamName": name, "StreamModeDetails": {"StreamMode": "ON_DEMAND"}}),
        )
    };
    for n in 0..50 {
        create(n).await.unwrap();
        wait(SECOND).await;
    }
    assert_eq!(
        create(50).await.unwrap_err().to_string(),
        "LimitExceededException: This request would exceed the limit on the number of On-Demand streams for the \
         account 000000000000 in us-east-1. Current On-Demand streams count: 50. Limit: 50."
    );
}
