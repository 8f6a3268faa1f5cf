//! The limits of a shard over HTTP, in real time: what the endpoint's own clock says is the measure, so that a slow
//! machine changes nothing. That the rate is reached, and not only kept, is tested in virtual time.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use serde_json::{Value, json};

async fn start(limits: Limits) -> Endpoint {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let timings = Timings::all(Duration::ZERO);
    Endpoint::start(Options { bind, timings, limits, ..Options::default() }).await.expect("port 0 is free")
}

async fn call(address: SocketAddr, operation: &str, input: &Value) -> (u16, Value) {
    let target = format!("Kinesis_20131202.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let answer = crate::raw::post(address, &headers, input.to_string().as_bytes()).await;
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

fn records(count: usize) -> Value {
    let records = (0..count).map(|n| json!({"Data": "eA==", "PartitionKey": n.to_string()}));
    json!({"StreamName": "s", "Records": records.collect::<Vec<_>>()})
}

/// Puts full batches as fast as they are answered, until the endpoint's clock says that it is time; the records that
/// passed, counted from the answers one by one.
async fn flood(endpoint: &Endpoint, until: Duration) -> u64 {
    let batch = records(500);
    let mut passed = 0;
    while endpoint.world().clock.elapsed() < until {
        let (status, answer) = call(endpoint.address(), "PutRecords", &batch).await;
        assert_eq!(status, 200, "{answer}");
        let entries = answer["Records"].as_array().expect("each record has an answer");
        let failed = entries.iter().filter(|entry| entry["ErrorCode"].is_string()).count();
        assert_eq!(answer["FailedRecordCount"], failed);
        passed += u64::try_from(entries.len() - failed).expect("500 at most");
    }
    passed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_clients_that_flood_one_shard_get_no_more_than_it_takes() {
    let endpoint = start(Limits::On).await;
    call(endpoint.address(), "CreateStream", &json!({"StreamName": "s", "ShardCount": 1})).await;
    let clock = endpoint.world().clock;
    let began = clock.elapsed();
    let until = began + Duration::from_secs(3);
    let (one, other) = tokio::join!(flood(&endpoint, until), flood(&endpoint, until));
    // One second's worth was saved up before; the clock is read to the millisecond at each end.
    let most = 1000 + u64::try_from((clock.elapsed() - began).as_millis()).expect("seconds") + 2;
    assert!(one + other <= most, "{one} + {other} records passed where {most} may");
    assert!(one + other >= 1000, "what was saved up passes at once: {one} + {other}");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_throttled_record_says_so_as_aws_does_and_off_is_off() {
    let endpoint = start(Limits::On).await;
    call(endpoint.address(), "CreateStream", &json!({"StreamName": "s", "ShardCount": 1})).await;
    let mut refused = Value::Null;
    for _ in 0..50 {
        let (_, answer) = call(endpoint.address(), "PutRecords", &records(500)).await;
        let entries = answer["Records"].as_array().expect("each record has an answer");
        if let Some(entry) = entries.iter().find(|entry| entry["ErrorCode"].is_string()) {
            refused = entry.clone();
            break;
        }
    }
    assert_eq!(
        refused,
        json!({
            "ErrorCode": "ProvisionedThroughputExceededException",
            "ErrorMessage":
                "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."
        })
    );
    endpoint.shutdown().await;
    let endpoint = start(Limits::Off).await;
    call(endpoint.address(), "CreateStream", &json!({"StreamName": "s", "ShardCount": 1})).await;
    for _ in 0..50 {
        let (status, answer) = call(endpoint.address(), "PutRecords", &records(500)).await;
        assert_eq!((status, &answer["FailedRecordCount"]), (200, &json!(0)));
    }
    endpoint.shutdown().await;
}
