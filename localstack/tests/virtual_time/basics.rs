//! What virtual time moves, and that the SDK cannot tell the endpoint from one behind a socket.

use std::time::Duration;

use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::ShardIteratorType;
use pipectl_localstack::{InProcess, Options};
use tokio::time::Instant;

const HOUR: Duration = Duration::from_secs(3600);

fn start(options: Options) -> (InProcess, aws_sdk_kinesis::Client) {
    let endpoint = InProcess::start(options);
    let client = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
    (endpoint, client)
}

async fn create(kinesis: &aws_sdk_kinesis::Client, name: &str, shards: i32) {
    kinesis.create_stream().stream_name(name).shard_count(shards).send().await.expect("the name is free");
    loop {
        let summary = kinesis.describe_stream_summary().stream_name(name).send().await.expect("it exists");
        let summary = summary.stream_description_summary.expect("a stream has a summary");
        if summary.stream_status.as_str() == "ACTIVE" {
            return;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_record_goes_in_and_out_and_expires_a_day_later() {
    let (endpoint, kinesis) = start(Options::default());
    create(&kinesis, "events", 1).await;
    let put = kinesis.put_record().stream_name("events").partition_key("k").data(Blob::new("hello"));
    let put = put.send().await.unwrap();
    let iterator = async || {
        let iterator = kinesis.get_shard_iterator().stream_name("events").shard_id(put.shard_id());
        let iterator = iterator.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
        iterator.shard_iterator.unwrap()
    };
    let records = kinesis.get_records().shard_iterator(iterator().await).send().await.unwrap();
    assert_eq!(records.records()[0].data().as_ref(), b"hello");
    let stale = iterator().await;
    tokio::time::sleep(24 * HOUR + Duration::from_secs(1)).await;
    let error = kinesis.get_records().shard_iterator(stale).send().await.unwrap_err().into_service_error();
    assert!(error.is_expired_iterator_exception(), "{error}");
    let records = kinesis.get_records().shard_iterator(iterator().await).send().await.unwrap();
    assert!(records.records().is_empty());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn signatures_carry_the_time_of_this_world() {
    let starts_at = "2031-05-06T07:08:09Z".parse().unwrap();
    let (endpoint, kinesis) = start(Options { starts_at: Some(starts_at), ..Options::default() });
    create(&kinesis, "events", 1).await;
    let summary = kinesis.describe_stream_summary().stream_name("events").send().await.unwrap();
    let created = summary.stream_description_summary.unwrap().stream_creation_timestamp;
    assert_eq!(created.secs(), starts_at.as_second());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn the_sdk_waits_for_late_answers_in_virtual_time_and_gives_up_in_it() {
    let (endpoint, _) = start(Options { latency: Some(Duration::from_secs(50)), ..Options::default() });
    let patient = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
    let started = Instant::now();
    patient.list_streams().send().await.unwrap();
    assert_eq!(started.elapsed(), Duration::from_secs(50));
    let timeouts = aws_sdk_kinesis::config::timeout::TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(20))
        .build();
    let config = endpoint.sdk_config().into_builder().timeout_config(timeouts).build();
    let error = aws_sdk_kinesis::Client::new(&config).list_streams().send().await.unwrap_err();
    assert!(matches!(error, aws_sdk_kinesis::error::SdkError::TimeoutError(_)), "{error:?}");
    let took = started.elapsed();
    assert!(took >= Duration::from_secs(50 + 3 * 20) && took < Duration::from_secs(150), "{took:?}");
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn objects_go_through_with_their_streamed_bodies() {
    let (endpoint, _) = start(Options::default());
    let s3 = aws_sdk_s3::Client::new(&endpoint.sdk_config());
    let big: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    s3.create_bucket().bucket("lake").send().await.unwrap();
    s3.put_object().bucket("lake").key("a/b").body(big.clone().into()).send().await.unwrap();
    let object = s3.get_object().bucket("lake").key("a/b").send().await.unwrap();
    assert_eq!(object.body.collect().await.unwrap().to_vec(), big);
    let listed = s3.list_objects_v2().bucket("lake").send().await.unwrap();
    assert_eq!(listed.contents()[0].key(), Some("a/b"));
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn queries_and_xml_go_through_as_well() {
    let (endpoint, _) = start(Options::default());
    let iam = aws_sdk_iam::Client::new(&endpoint.sdk_config());
    let trust = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
    iam.create_role().role_name("r").assume_role_policy_document(trust).send().await.unwrap();
    let role = iam.get_role().role_name("r").send().await.unwrap();
    assert_eq!(role.role().unwrap().role_name(), "r");
    let error = iam.get_role().role_name("nobody").send().await.unwrap_err().into_service_error();
    assert!(error.is_no_such_entity_exception());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_body_over_the_limit_is_refused_as_over_http() {
    let (endpoint, _) = start(Options::default());
    let request = http::Request::post("/")
        .header("x-amz-target", "Kinesis_20131202.PutRecord")
        .header("content-length", 1_u64 << 40)
        .body(bytes::Bytes::new())
        .unwrap();
    assert_eq!(endpoint.call(request).await.unwrap().status(), 413);
    endpoint.shutdown().await;
}
