//! `--data-dir` and deliveries: what was accepted is delivered, by this process or by the next.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::Endpoint;
use serde_json::{Value, json};

use crate::data_dir::{json_call, kinesis, options};
use crate::raw::send;

async fn firehose(at: SocketAddr, operation: &str, body: &Value) -> Value {
    json_call(at, "Firehose_20150804", operation, body).await
}

/// Streams that write to the bucket `lake` after 15 minutes: one takes puts, the other reads the stream `clicks`.
async fn create(at: SocketAddr) {
    send(at, "PUT /lake", &[], b"").await;
    kinesis(at, "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 2})).await;
    let role = "arn:aws:iam::000000000000:role/delivery";
    let lake = |prefix| {
        json!({
            "RoleARN": role, "BucketARN": "arn:aws:s3:::lake", "Prefix": prefix,
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 900},
        })
    };
    let direct =
        json!({"DeliveryStreamName": "direct", "ExtendedS3DestinationConfiguration": lake("direct/")});
    firehose(at, "CreateDeliveryStream", &direct).await;
    let reading = json!({
        "DeliveryStreamName": "reading", "DeliveryStreamType": "KinesisStreamAsSource",
        "KinesisStreamSourceConfiguration": {
            "KinesisStreamARN": "arn:aws:kinesis:us-east-1:000000000000:stream/clicks", "RoleARN": role,
        },
        "ExtendedS3DestinationConfiguration": lake("reading/"),
    });
    firehose(at, "CreateDeliveryStream", &reading).await;
}

async fn put(at: SocketAddr, text: &str) {
    let data = BASE64.encode(format!("{text},"));
    let record = json!({"DeliveryStreamName": "direct", "Record": {"Data": data}});
    firehose(at, "PutRecord", &record).await;
    kinesis(at, "PutRecord", &json!({"StreamName": "clicks", "PartitionKey": text, "Data": data})).await;
}

/// What is in the objects of a prefix, by record.
async fn records(endpoint: &Endpoint, prefix: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for key in endpoint.world().s3.keys("lake", prefix).expect("the bucket is there") {
        let body = endpoint.world().s3.read("lake", &key).await.expect("it was listed").to_vec();
        let text = String::from_utf8(body).expect("text");
        texts.extend(text.split_terminator(',').map(str::to_owned));
    }
    texts.sort();
    texts
}

#[tokio::test]
async fn what_was_accepted_survives_kill_9_and_is_delivered_by_the_next_process() {
    let folder = tempfile::tempdir().unwrap();
    survives_kill_9(folder.path()).await;
}

#[tokio::test]
async fn a_folder_named_by_a_relative_path_keeps_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let above = std::env::current_dir().unwrap().components().count() - 1;
    let up: PathBuf = std::iter::repeat_n("..", above).collect();
    let path = folder.path().canonicalize().unwrap();
    survives_kill_9(&up.join(path.strip_prefix("/").unwrap())).await;
}

#[tokio::test]
async fn a_folder_behind_a_link_keeps_what_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("there")).unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("there", &link).unwrap();
    survives_kill_9(&link).await;
}

async fn survives_kill_9(folder: &Path) {
    let (mut child, at) = crate::killed::start(folder).await;
    create(at).await;
    let mut expected: Vec<String> = (0..30).map(|number| format!("before-{number}")).collect();
    for text in &expected {
        put(at, text).await;
    }
    child.kill().await.expect("it runs");

    let endpoint = Endpoint::start(options(folder)).await.expect("the folder is good");
    put(endpoint.address(), "after").await;
    endpoint.shutdown().await;
    expected.push("after".to_owned());
    expected.sort();

    let endpoint = Endpoint::start(options(folder)).await.expect("the folder is good");
    assert_eq!(records(&endpoint, "direct/").await, expected);
    assert_eq!(records(&endpoint, "reading/").await, expected);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_reset_leaves_nothing_of_a_delivery_on_the_disk() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = Endpoint::start(options(folder.path())).await.unwrap();
    create(endpoint.address()).await;
    put(endpoint.address(), "secret").await;
    let ledgers = || std::fs::read_dir(folder.path().join("firehose")).unwrap().count();
    assert_eq!(ledgers(), 2);
    assert_eq!(send(endpoint.address(), "POST /_pipectl/reset", &[], b"").await.status, 200);
    assert_eq!(ledgers(), 0);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn an_orderly_end_delivers_everything_once_and_a_deleted_delivery_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut expected = Vec::new();
    for round in 0..3 {
        let endpoint = Endpoint::start(options(folder.path())).await.unwrap();
        if round == 0 {
            create(endpoint.address()).await;
        }
        for number in 0..5 {
            let text = format!("{round}-{number}");
            put(endpoint.address(), &text).await;
            expected.push(text);
        }
        endpoint.shutdown().await;
    }
    let endpoint = Endpoint::start(options(folder.path())).await.unwrap();
    for (name, prefix) in [("direct", "direct/"), ("reading", "reading/")] {
        assert_eq!(records(&endpoint, prefix).await, expected);
        firehose(endpoint.address(), "DeleteDeliveryStream", &json!({ "DeliveryStreamName": name })).await;
    }
    assert_eq!(std::fs::read_dir(folder.path().join("firehose")).unwrap().count(), 0);
    endpoint.shutdown().await;
}
