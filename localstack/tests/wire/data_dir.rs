//! `--data-dir`: what an endpoint was told is there again when the next one starts.

use std::io::{Cursor, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::persist::DataDirError;
use pipectl_localstack::{Endpoint, Options, StartError, Timings};
use serde_json::{Value, json};

use crate::raw::{Raw, post, send};

pub(crate) fn options(folder: &Path) -> Options {
    Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        timings: Timings::all(Duration::ZERO),
        data_dir: Some(folder.to_owned()),
        ..Options::default()
    }
}

async fn start(folder: &Path) -> Endpoint {
    Endpoint::start(options(folder)).await.expect("the folder is good")
}

pub(crate) async fn kinesis(address: SocketAddr, operation: &str, body: &Value) -> Value {
    json_call(address, "Kinesis_20131202", operation, body).await
}

pub(crate) async fn json_call(address: SocketAddr, api: &str, operation: &str, body: &Value) -> Value {
    let target = format!("{api}.{operation}");
    let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
    let answer = post(address, &headers, body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

async fn iam(address: SocketAddr, form: &str) -> Raw {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    post(address, &headers, format!("{form}&Version=2010-05-08").as_bytes()).await
}

/// The data of every record from an iterator to the end of its shard's records.
pub(crate) async fn read_on(address: SocketAddr, iterator: Value) -> Vec<String> {
    let mut iterator = iterator;
    let mut seen = Vec::new();
    loop {
        let answer = kinesis(address, "GetRecords", &json!({ "ShardIterator": iterator })).await;
        let records = answer["Records"].as_array().expect("there are records, or none");
        let data = records.iter().map(|record| BASE64.decode(record["Data"].as_str().unwrap_or_default()));
        seen.extend(data.map(|data| String::from_utf8(data.expect("base64")).expect("text")));
        iterator = answer["NextShardIterator"].clone();
        if iterator.is_null() || records.is_empty() {
            return seen;
        }
    }
}

pub(crate) async fn iterator(address: SocketAddr, shard: &str) -> Value {
    let asked = json!({"StreamName": "clicks", "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    kinesis(address, "GetShardIterator", &asked).await["ShardIterator"].clone()
}

async fn put(address: SocketAddr, data: &str) -> Value {
    let record = json!({"StreamName": "clicks", "PartitionKey": "k", "Data": BASE64.encode(data)});
    kinesis(address, "PutRecord", &record).await
}

#[tokio::test]
async fn streams_come_back_with_their_shards_records_and_iterators() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    let at = first.address();
    kinesis(
        at,
        "CreateStream",
        &json!({"StreamName": "clicks", "ShardCount": 1, "Tags": {"team": "growth"}}),
    )
    .await;
    put(at, "one").await;
    let parent = iterator(at, "shardId-000000000000").await;
    let middle = "170141183460469231731687303715884105728";
    let split =
        json!({"StreamName": "clicks", "ShardToSplit": "shardId-000000000000", "NewStartingHashKey": middle});
    kinesis(at, "SplitShard", &split).await;
    let last = put(at, "two").await;
    let retention = json!({"StreamName": "clicks", "RetentionPeriodHours": 48});
    kinesis(at, "IncreaseStreamRetentionPeriod", &retention).await;
    let name = json!({"StreamName": "clicks"});
    let before = kinesis(at, "DescribeStream", &name).await;
    first.shutdown().await;

    let second = start(folder.path()).await;
    let at = second.address();
    assert_eq!(kinesis(at, "DescribeStream", &name).await, before);
    assert_eq!(kinesis(at, "ListTagsForStream", &name).await["Tags"][0]["Value"], "growth");
    assert_eq!(read_on(at, parent).await, ["one"], "an iterator of the first run is good in the second");
    let child = last["ShardId"].as_str().unwrap();
    let next = put(at, "three").await;
    assert!(next["SequenceNumber"].as_str() > last["SequenceNumber"].as_str());
    assert_eq!(read_on(at, iterator(at, child).await).await, ["two", "three"]);
    kinesis(at, "DeleteStream", &name).await;
    second.shutdown().await;

    let third = start(folder.path()).await;
    assert_eq!(kinesis(third.address(), "ListStreams", &json!({})).await["StreamNames"], json!([]));
    let left = std::fs::read_dir(folder.path().join("kinesis")).unwrap().filter_map(Result::ok);
    assert_eq!(left.filter(|entry| entry.path().is_dir()).count(), 0, "a deleted stream leaves nothing");
    third.shutdown().await;
}

#[tokio::test]
async fn objects_and_what_is_set_on_buckets_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    let at = first.address();
    send(at, "PUT /lake", &[], b"").await;
    let headers = [("content-type", "text/plain"), ("x-amz-meta-team", "growth")];
    send(at, "PUT /lake/a", &headers, b"first").await;
    send(at, "PUT /lake/a", &headers, b"second").await;
    send(at, "PUT /lake/b", &[], b"gone").await;
    send(at, "DELETE /lake/b", &[], b"").await;
    let policy = br#"{"Version":"2012-10-17","Statement":[]}"#;
    send(at, "PUT /lake?policy", &[], policy).await;
    let ownership = b"<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>";
    send(at, "PUT /lake?ownershipControls", &[], ownership).await;
    first.shutdown().await;
    let blobs = || std::fs::read_dir(folder.path().join("s3/blobs")).unwrap().count();
    assert_eq!(blobs(), 1, "what was replaced or deleted took its bytes with it");

    let second = start(folder.path()).await;
    let at = second.address();
    let object = send(at, "GET /lake/a", &[], b"").await;
    assert_eq!(object.text(), "second");
    assert!(object.head.contains("x-amz-meta-team: growth"), "{}", object.head);
    assert_eq!(send(at, "GET /lake/b", &[], b"").await.status, 404);
    assert_eq!(send(at, "GET /lake?policy", &[], b"").await.body, policy);
    assert!(send(at, "GET /lake?ownershipControls", &[], b"").await.text().contains("ObjectWriter"));
    second.shutdown().await;
}

#[tokio::test]
async fn roles_functions_and_log_groups_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    let at = first.address();
    let trust = "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22Service%22%3A%22lambda.amazonaws.com%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D";
    let created =
        iam(at, &format!("Action=CreateRole&RoleName=parse&AssumeRolePolicyDocument={trust}")).await;
    assert_eq!(created.status, 200, "{}", created.text());
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("bootstrap", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(b"#!/bin/sh\n").unwrap();
    let zip = zip.finish().unwrap().into_inner();
    let function = json!({
        "FunctionName": "parse", "Runtime": "provided.al2023", "Handler": "bootstrap",
        "Role": "arn:aws:iam::000000000000:role/parse", "Code": {"ZipFile": BASE64.encode(zip)},
        "Environment": {"Variables": {"LEVEL": "debug"}}, "Publish": true,
    });
    let made = send(at, "POST /2015-03-31/functions", &[], function.to_string().as_bytes()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    json_call(at, "Logs_20140328", "CreateLogGroup", &json!({"logGroupName": "/aws/lambda/parse"})).await;
    let role = iam(at, "Action=GetRole&RoleName=parse").await.text();
    let role = role.split_once("<RoleId>").unwrap().1.split_once('<').unwrap().0.to_owned();
    let before = send(at, "GET /2015-03-31/functions/parse", &[], b"").await.json();
    first.shutdown().await;

    let second = start(folder.path()).await;
    let at = second.address();
    assert!(iam(at, "Action=GetRole&RoleName=parse").await.text().contains(&role));
    let after = send(at, "GET /2015-03-31/functions/parse", &[], b"").await.json();
    assert_eq!(after["Configuration"], before["Configuration"]);
    let versions = send(at, "GET /2015-03-31/functions/parse/versions", &[], b"").await.json();
    assert_eq!(versions["Versions"].as_array().map(Vec::len), Some(2));
    let groups = json_call(at, "Logs_20140328", "DescribeLogGroups", &json!({})).await;
    assert_eq!(groups["logGroups"][0]["logGroupName"], "/aws/lambda/parse");
    second.shutdown().await;
}

#[tokio::test]
async fn a_delivery_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    let at = first.address();
    send(at, "PUT /lake", &[], b"").await;
    let destination = json!({
        "RoleARN": "arn:aws:iam::000000000000:role/delivery", "BucketARN": "arn:aws:s3:::lake",
        "Prefix": "clicks/", "BufferingHints": {"SizeInMBs": 1, "IntervalInSeconds": 900},
    });
    let create = json!({"DeliveryStreamName": "lake", "ExtendedS3DestinationConfiguration": destination});
    json_call(at, "Firehose_20150804", "CreateDeliveryStream", &create).await;
    let record = |text: &str| json!({"DeliveryStreamName": "lake", "Record": {"Data": BASE64.encode(text)}});
    json_call(at, "Firehose_20150804", "PutRecord", &record("one")).await;
    let name = json!({"DeliveryStreamName": "lake"});
    let before = json_call(at, "Firehose_20150804", "DescribeDeliveryStream", &name).await;
    first.shutdown().await;

    let second = start(folder.path()).await;
    let at = second.address();
    assert_eq!(json_call(at, "Firehose_20150804", "DescribeDeliveryStream", &name).await, before);
    assert_eq!(
        second.world().s3.keys("lake", "clicks/").unwrap().len(),
        1,
        "a shutdown writes out what is buffered"
    );
    json_call(at, "Firehose_20150804", "PutRecord", &record("two")).await;
    second.shutdown().await;
    let third = start(folder.path()).await;
    assert_eq!(third.world().s3.keys("lake", "clicks/").unwrap().len(), 2);
    third.shutdown().await;
}

#[tokio::test]
async fn a_second_endpoint_on_the_same_folder_is_refused_and_the_first_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let first = start(folder.path()).await;
    let error = Endpoint::start(options(folder.path())).await.unwrap_err();
    assert!(matches!(&error, StartError::DataDir(DataDirError::InUse { .. })), "{error}");
    assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    kinesis(first.address(), "ListStreams", &json!({})).await;
    first.shutdown().await;
}

#[tokio::test]
async fn a_damaged_file_is_refused_by_name_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path()).await.shutdown().await;
    let file = folder.path().join("iam.json");
    std::fs::write(&file, r#"{"roles": {"#).unwrap();
    let error = Endpoint::start(options(folder.path())).await.unwrap_err().to_string();
    assert!(error.contains("iam.json") && error.contains("local reset --data-dir"), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), r#"{"roles": {"#);
}
