//! Kinesis over the wire: as the AWS SDK for Rust speaks it, and in CBOR.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::ProvideErrorMetadata;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    EncryptionType, PutRecordsRequestEntry, ScalingType, Shard, ShardFilter, ShardFilterType,
    ShardIteratorType, StreamMode, StreamModeDetails, StreamStatus,
};
use ciborium::Value;
use pipectl_localstack::{Endpoint, Options, Timings};

pub(crate) async fn start(transition: Duration) -> (Endpoint, Client) {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let endpoint = Endpoint::start(Options { bind, timings: Timings::all(transition), ..Options::default() })
        .await
        .expect("port 0 is free");
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    (endpoint, Client::new(&config))
}

pub(crate) async fn stream(client: &Client, shards: i32) {
    client.create_stream().stream_name("s").shard_count(shards).send().await.expect("the name is free");
}

fn entry(key: &str, data: &str) -> PutRecordsRequestEntry {
    PutRecordsRequestEntry::builder()
        .partition_key(key)
        .data(Blob::new(data))
        .build()
        .expect("it is complete")
}

async fn open_shards(client: &Client) -> Vec<Shard> {
    let filter = ShardFilter::builder().r#type(ShardFilterType::AtLatest).build().expect("it is complete");
    let listed =
        client.list_shards().stream_name("s").shard_filter(filter).send().await.expect("the stream exists");
    listed.shards.unwrap_or_default()
}

async fn iterator(client: &Client, shard: &str, kind: ShardIteratorType) -> String {
    let got =
        client.get_shard_iterator().stream_name("s").shard_id(shard).shard_iterator_type(kind).send().await;
    got.expect("the shard exists").shard_iterator.expect("it is there")
}

#[tokio::test]
async fn records_come_back_as_they_were_put_in_order_and_once() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 3).await;
    let entries = (0..200).map(|n| entry(&format!("key-{}", n % 17), &n.to_string()));
    let put = client
        .put_records()
        .stream_name("s")
        .set_records(Some(entries.collect()))
        .send()
        .await
        .expect("it fits");
    assert_eq!(put.failed_record_count, Some(0));
    let mut seen = Vec::new();
    for shard in open_shards(&client).await {
        let mut iterator = iterator(&client, &shard.shard_id, ShardIteratorType::TrimHorizon).await;
        let mut last = String::new();
        loop {
            let got =
                client.get_records().shard_iterator(iterator).limit(30).send().await.expect("it is fresh");
            iterator = got.next_shard_iterator.expect("the shard is open");
            for record in &got.records {
                assert!(record.sequence_number > last);
                last.clone_from(&record.sequence_number);
                let number: usize =
                    String::from_utf8_lossy(record.data.as_ref()).parse().expect("it is a number");
                let placed = &put.records[number];
                assert_eq!(placed.shard_id.as_deref(), Some(shard.shard_id.as_str()));
                assert_eq!(placed.sequence_number.as_deref(), Some(record.sequence_number.as_str()));
                assert_eq!(record.partition_key, Some(format!("key-{}", number % 17)));
                seen.push(number);
            }
            if got.millis_behind_latest == Some(0) {
                break;
            }
        }
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..200).collect::<Vec<_>>());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn every_kind_of_iterator_starts_where_it_says() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let mut numbers = Vec::new();
    for data in ["a", "b", "c"] {
        let put = client.put_record().stream_name("s").partition_key("k").data(Blob::new(data)).send().await;
        numbers.push(put.expect("it fits").sequence_number);
    }
    let ask = || client.get_shard_iterator().stream_name("s").shard_id("shardId-000000000000");
    let at_time = aws_sdk_kinesis::primitives::DateTime::from_secs(1);
    for (request, expected) in [
        (ask().shard_iterator_type(ShardIteratorType::TrimHorizon), "abc"),
        (ask().shard_iterator_type(ShardIteratorType::Latest), ""),
        (ask().shard_iterator_type(ShardIteratorType::AtTimestamp).timestamp(at_time), "abc"),
        (
            ask()
                .shard_iterator_type(ShardIteratorType::AtSequenceNumber)
                .starting_sequence_number(&numbers[1]),
            "bc",
        ),
        (
            ask()
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(&numbers[1]),
            "c",
        ),
    ] {
        let iterator = request.send().await.expect("it is valid").shard_iterator.expect("it is there");
        let got = client.get_records().shard_iterator(iterator).send().await.expect("it is fresh");
        let text: String =
            got.records.iter().map(|r| String::from_utf8_lossy(r.data.as_ref()).into_owned()).collect();
        assert_eq!(text, expected);
    }
    let mixed =
        ask().shard_iterator_type(ShardIteratorType::AtSequenceNumber).send().await.expect_err("no number");
    assert_eq!(mixed.code(), Some("InvalidArgumentException"));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_reshard_keeps_the_closed_shards_readable_and_names_their_children() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 2).await;
    client
        .put_record()
        .stream_name("s")
        .partition_key("k")
        .data(Blob::new("x"))
        .explicit_hash_key("0")
        .send()
        .await
        .expect("it fits");
    let update = || client.update_shard_count().stream_name("s").scaling_type(ScalingType::UniformScaling);
    let updated = update().target_shard_count(4).send().await.expect("doubling is allowed");
    assert_eq!((updated.current_shard_count, updated.target_shard_count), (Some(2), Some(4)));
    assert_eq!(open_shards(&client).await.len(), 4);
    let first = iterator(&client, "shardId-000000000000", ShardIteratorType::TrimHorizon).await;
    let got = client.get_records().shard_iterator(first).send().await.expect("closed shards are readable");
    assert_eq!((got.records.len(), got.next_shard_iterator), (1, None));
    let children = got.child_shards.expect("the shard has ended");
    let parents: Vec<_> = children.iter().flat_map(|child| child.parent_shards.clone()).collect();
    assert_eq!(parents, ["shardId-000000000000", "shardId-000000000000"]);
    for target in [9, 1] {
        let refused =
            update().target_shard_count(target).send().await.expect_err("more than double, less than half");
        assert_eq!(refused.code(), Some("InvalidArgumentException"), "{target}");
    }
    let merge = client.merge_shards().stream_name("s").shard_to_merge(&children[0].shard_id);
    merge.adjacent_shard_to_merge(&children[1].shard_id).send().await.expect("they are neighbours");
    let split = client.split_shard().stream_name("s").shard_to_split("shardId-000000000006");
    split.new_starting_hash_key("100").send().await.expect("it is inside");
    assert_eq!(open_shards(&client).await.len(), 4);
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_stream_takes_its_time_to_become_active_and_refuses_meanwhile() {
    let (endpoint, client) = start(Duration::from_secs(3600)).await;
    stream(&client, 1).await;
    let described = client.describe_stream_summary().stream_name("s").send().await.expect("it exists");
    let summary = described.stream_description_summary.expect("it is there");
    assert_eq!(summary.stream_status, StreamStatus::Creating);
    let put = client.put_record().stream_name("s").partition_key("k").data(Blob::new("x")).send().await;
    assert_eq!(put.expect_err("it is not active").code(), Some("ResourceNotFoundException"));
    let split = client.split_shard().stream_name("s").shard_to_split("shardId-000000000000");
    let refused = split.new_starting_hash_key("100").send().await.expect_err("it is not active");
    assert_eq!(refused.code(), Some("ResourceInUseException"));
    let again =
        client.create_stream().stream_name("s").shard_count(1).send().await.expect_err("the name is taken");
    assert_eq!(again.message(), Some("Stream s under account 000000000000 already exists."));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn settings_are_read_back_by_name_and_by_arn() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let arn = "arn:aws:kinesis:eu-west-1:000000000000:stream/s";
    client
        .increase_stream_retention_period()
        .stream_name("s")
        .retention_period_hours(48)
        .send()
        .await
        .expect("longer");
    let shorter =
        client.increase_stream_retention_period().stream_name("s").retention_period_hours(24).send().await;
    assert_eq!(shorter.expect_err("it is shorter").code(), Some("InvalidArgumentException"));
    let encrypt = client.start_stream_encryption().stream_arn(arn).encryption_type(EncryptionType::Kms);
    encrypt.key_id("alias/aws/kinesis").send().await.expect("it is active");
    let mode =
        StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().expect("it is complete");
    client.update_stream_mode().stream_arn(arn).stream_mode_details(mode).send().await.expect("it is active");
    client.add_tags_to_stream().stream_name("s").tags("team", "growth").send().await.expect("it is active");
    client.tag_resource().resource_arn(arn).tags("stage", "test").send().await.expect("it is active");
    let tags = client
        .list_tags_for_resource()
        .resource_arn(arn)
        .send()
        .await
        .expect("it exists")
        .tags
        .expect("some");
    let tags: Vec<_> =
        tags.iter().map(|tag| (tag.key.as_str(), tag.value.as_deref().unwrap_or_default())).collect();
    assert_eq!(tags, [("stage", "test"), ("team", "growth")]);
    let described = client.describe_stream_summary().stream_arn(arn).send().await.expect("it exists");
    let summary = described.stream_description_summary.expect("it is there");
    assert_eq!(summary.retention_period_hours, 48);
    assert_eq!(summary.encryption_type, Some(EncryptionType::Kms));
    assert_eq!(summary.stream_mode_details.map(|mode| mode.stream_mode), Some(StreamMode::OnDemand));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn streams_and_shards_are_listed_in_pages() {
    let (endpoint, client) = start(Duration::ZERO).await;
    for name in ["c", "a", "b"] {
        client.create_stream().stream_name(name).shard_count(5).send().await.expect("the name is free");
    }
    let first = client.list_streams().limit(2).send().await.expect("page one");
    assert_eq!((first.stream_names, first.has_more_streams), (vec!["a".to_owned(), "b".to_owned()], true));
    let second =
        client.list_streams().next_token(first.next_token.expect("more")).send().await.expect("page two");
    assert_eq!((second.stream_names, second.has_more_streams), (vec!["c".to_owned()], false));
    let page = client.list_shards().stream_name("a").max_results(3).send().await.expect("page one");
    let rest =
        client.list_shards().next_token(page.next_token.expect("more")).send().await.expect("page two");
    let ids = |shards: Option<Vec<Shard>>| shards.unwrap_or_default().len();
    assert_eq!((ids(page.shards), ids(rest.shards), rest.next_token), (3, 2, None));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_deleted_stream_is_gone_and_its_name_free() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let old = iterator(&client, "shardId-000000000000", ShardIteratorType::Latest).await;
    client.delete_stream().stream_name("s").enforce_consumer_deletion(true).send().await.expect("it exists");
    let gone = client.describe_stream().stream_name("s").send().await.expect_err("it is gone");
    assert_eq!(gone.message(), Some("Stream s under account 000000000000 not found."));
    let got = client.get_records().shard_iterator(old).send().await.expect_err("it is gone");
    assert_eq!(got.code(), Some("ResourceNotFoundException"));
    stream(&client, 1).await;
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_record_that_is_too_large_and_a_batch_that_is_too_long_are_refused() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let large = "x".repeat(1 << 20);
    let put =
        |data: &str| client.put_record().stream_name("s").partition_key("k").data(Blob::new(data)).send();
    assert_eq!(
        put(&large).await.expect_err("with its key it is too large").code(),
        Some("ValidationException")
    );
    put(&large[1..]).await.expect("with its key it is just as large as allowed");
    let entries = vec![entry("k", "x"); 501];
    let refused =
        client.put_records().stream_name("s").set_records(Some(entries)).send().await.expect_err("501");
    assert!(refused.message().is_some_and(|text| text.contains("less than or equal to 500")), "{refused:?}");
    endpoint.shutdown().await;
}

pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory is writable");
    bytes
}

fn field<'a>(map: &'a Value, name: &str) -> &'a Value {
    let entries = map.as_map().expect("it is a map");
    &entries.iter().find(|(key, _)| key.as_text() == Some(name)).expect("the field is there").1
}

#[tokio::test]
async fn cbor_clients_see_what_json_clients_wrote_and_the_other_way_round() {
    let (endpoint, client) = start(Duration::ZERO).await;
    stream(&client, 1).await;
    let call = async |operation: &str, fields: Vec<(&str, Value)>| -> Value {
        let map = Value::Map(fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect());
        let target = format!("Kinesis_20131202.{operation}");
        let scope = "AWS4-HMAC-SHA256 Credential=k/20260101/eu-west-1/kinesis/aws4_request, SignedHeaders=host, \
                     Signature=0";
        let headers = [
            ("x-amz-target", target.as_str()),
            ("content-type", "application/x-amz-cbor-1.1"),
            ("authorization", scope),
            ("x-amz-date", "20260101T000000Z"),
        ];
        let answer = crate::raw::post(endpoint.address(), &headers, &cbor(&map)).await;
        assert!(answer.head.contains("content-type: application/x-amz-cbor-1.1"), "{}", answer.head);
        ciborium::from_reader(&answer.body[..]).expect("the answer is CBOR")
    };
    client
        .put_record()
        .stream_name("s")
        .partition_key("json")
        .data(Blob::new([0, 255]))
        .send()
        .await
        .expect("it fits");
    let data = Value::Bytes(vec![1; 5000]);
    let put = vec![("StreamName", "s".into()), ("PartitionKey", "cbor".into()), ("Data", data.clone())];
    assert!(field(&call("PutRecord", put).await, "SequenceNumber").is_text());
    let shard = vec![
        ("StreamName", "s".into()),
        ("ShardId", "shardId-000000000000".into()),
        ("ShardIteratorType", "AT_TIMESTAMP".into()),
        ("Timestamp", Value::Tag(1, Box::new(Value::from(1_700_000_000_000_i64)))),
    ];
    let iterator = field(&call("GetShardIterator", shard).await, "ShardIterator").clone();
    let got = call("GetRecords", vec![("ShardIterator", iterator)]).await;
    let records = field(&got, "Records").as_array().expect("it is a list").clone();
    assert_eq!((records.len(), field(&records[0], "Data")), (2, &Value::Bytes(vec![0, 255])));
    assert_eq!(field(&records[1], "Data"), &data);
    assert!(field(&records[0], "ApproximateArrivalTimestamp").is_tag());
    let latest = self::iterator(&client, "shardId-000000000000", ShardIteratorType::TrimHorizon).await;
    let json = client.get_records().shard_iterator(latest).send().await.expect("it is fresh");
    assert_eq!(json.records[1].data.as_ref(), vec![1; 5000]);
    let wrong = call("DescribeStream", vec![("StreamName", "nope".into())]).await;
    assert_eq!(field(&wrong, "__type"), &Value::from("ResourceNotFoundException"));
    endpoint.shutdown().await;
}
