//! A disk that is full: what was acknowledged stays, what was refused leaves nothing behind, and it goes on after.

use std::net::SocketAddr;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::Endpoint;
use serde_json::json;
use tokio::process::{Child, Command};

use crate::data_dir::{iterator, json_call, kinesis, options, read_on};
use crate::raw::{post, send};

/// An endpoint whose files take 200 KiB each and no more: a write beyond fails as on a full disk, after a part of it.
async fn start(folder: &Path) -> (Child, SocketAddr) {
    let mut shell = Command::new("sh");
    let limited = r#"trap "" XFSZ; ulimit -f 400; exec "$0" "$@""#;
    shell.arg("-c").arg(limited).arg(std::env::current_exe().expect("this test has a file"));
    crate::killed::start_as(shell, folder).await
}

/// Puts a record of this text and so many bytes; whether it was taken.
async fn put(at: SocketAddr, target: &str, text: &str, bytes: usize) -> bool {
    let data = BASE64.encode(format!("{text}:{},", "x".repeat(bytes)));
    let record = match target {
        "Kinesis_20131202" => json!({"StreamName": "clicks", "PartitionKey": "k", "Data": data}),
        _ => json!({"DeliveryStreamName": "lake", "Record": {"Data": data}}),
    };
    let target = format!("{target}.PutRecord");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    post(at, &headers, record.to_string().as_bytes()).await.status == 200
}

/// Puts large records until one is refused, and a small one after each; the names of those that were taken.
async fn fill(at: SocketAddr, target: &str) -> Vec<String> {
    let mut taken = Vec::new();
    let mut refused = 0;
    for number in 0..40 {
        for (size, bytes) in [("large", 30_000), ("small", 10)] {
            let name = format!("{size}-{number}");
            if put(at, target, &name, bytes).await {
                taken.push(name);
            } else {
                refused += 1;
            }
        }
        if refused >= 3 {
            break;
        }
    }
    let last = taken.last().expect("something was taken");
    assert!(refused >= 3 && last.starts_with("small"), "{refused} refused, {last} taken last");
    taken
}

#[tokio::test]
async fn a_write_that_fails_half_way_costs_nothing_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, at) = start(folder.path()).await;
    kinesis(at, "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 1})).await;
    send(at, "PUT /lake", &[], b"").await;
    let destination = json!({
        "RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::lake",
        "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900},
    });
    let delivery = json!({"DeliveryStreamName": "lake", "ExtendedS3DestinationConfiguration": destination});
    json_call(at, "Firehose_20150804", "CreateDeliveryStream", &delivery).await;
    let streamed = fill(at, "Kinesis_20131202").await;
    let delivered = fill(at, "Firehose_20150804").await;
    child.kill().await.unwrap();

    let endpoint = Endpoint::start(options(folder.path())).await.expect("nothing is damaged");
    let at = endpoint.address();
    let names = |texts: &str| -> Vec<String> {
        texts.split_terminator(',').filter_map(|text| Some(text.split_once(':')?.0.to_owned())).collect()
    };
    let records = read_on(at, iterator(at, "shardId-000000000000").await).await;
    assert_eq!(names(&records.concat()), streamed);
    assert!(put(at, "Firehose_20150804", "after", 30_000).await);
    endpoint.shutdown().await;

    let endpoint = Endpoint::start(options(folder.path())).await.expect("nothing is damaged");
    let keys = endpoint.world().s3.keys("lake", "").unwrap();
    let body = endpoint.world().s3.read("lake", &keys[0]).await.unwrap().to_vec();
    assert_eq!(keys.len(), 1);
    assert_eq!(names(&String::from_utf8(body).unwrap()), [delivered, vec!["after".to_owned()]].concat());
    endpoint.shutdown().await;
}
