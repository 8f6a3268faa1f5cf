//! The adapters over HTTP: what the producer puts into the embedded endpoint the reader gives back, through
//! a split and a merge.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use aws_sdk_kinesis::types::StreamStatus;
use pipectl_localstack::{Endpoint, Options, Timings};
use pipectl_producer::aws::{KinesisSink, KinesisSource};
use pipectl_producer::read::{self, ReadError, ReadRecord, Reader, Start};
use pipectl_producer::{Outcome, Producer, Record, RecordSink, Settings, SinkErrorKind};
use tokio::time::timeout;

const STREAM: &str = "events";

fn client(url: &str) -> Client {
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "test", "test", None, None, "test",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

async fn endpoint() -> (Endpoint, Client) {
    let options = Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        timings: Timings::all(Duration::ZERO),
        ..Options::default()
    };
    let endpoint = Endpoint::start(options).await.unwrap();
    let client = client(&endpoint.url());
    (endpoint, client)
}

async fn active(client: &Client) {
    let wait = async {
        loop {
            let answer = client.describe_stream_summary().stream_name(STREAM).send().await.unwrap();
            if *answer.stream_description_summary().unwrap().stream_status() == StreamStatus::Active {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(30), wait).await.expect("the stream turns active");
}

async fn stream(client: &Client, shards: i32) {
    client.create_stream().stream_name(STREAM).shard_count(shards).send().await.unwrap();
    active(client).await;
}

fn producer(client: &Client) -> Producer {
    let sink = Arc::new(KinesisSink::new(client.clone(), STREAM));
    Producer::start(sink, Settings::default(), |_, outcome| {
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    })
}

/// Puts numbered records under a few keys, and waits until they are there.
async fn put(client: &Client, numbers: std::ops::Range<u32>) {
    let producer = producer(client);
    for n in numbers {
        producer.put(Record::new(format!("key-{}", n % 13), n.to_string().into_bytes())).await.unwrap();
        // A batch is unordered with others; this test looks at the order of what was flushed in between.
        if n % 100 == 99 {
            producer.flush().await.unwrap();
        }
    }
    let report = producer.close().await;
    assert!(report.account.all_delivered(), "{report:?}");
}

fn reader(client: &Client, start: Start, follow: bool) -> Reader {
    let source = Arc::new(KinesisSource::new(client.clone(), STREAM));
    Reader::start(source, read::Settings { start, follow, ..read::Settings::default() })
}

async fn rest(reader: &mut Reader) -> Vec<ReadRecord> {
    let mut records = Vec::new();
    while let Some(record) = timeout(Duration::from_secs(60), reader.next()).await.unwrap().unwrap() {
        records.push(record);
    }
    records
}

fn number(record: &ReadRecord) -> u32 {
    std::str::from_utf8(&record.record.data).unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_is_put_is_read_back_once_through_a_split_and_a_merge_in_the_order_of_the_keys() {
    let (endpoint, client) = endpoint().await;
    stream(&client, 2).await;
    put(&client, 0..1_000).await;
    client
        .split_shard()
        .stream_name(STREAM)
        .shard_to_split("shardId-000000000000")
        .new_starting_hash_key("42535295865117307932921825928971026432")
        .send()
        .await
        .unwrap();
    active(&client).await;
    put(&client, 1_000..2_000).await;
    client
        .merge_shards()
        .stream_name(STREAM)
        .shard_to_merge("shardId-000000000003")
        .adjacent_shard_to_merge("shardId-000000000001")
        .send()
        .await
        .unwrap();
    active(&client).await;
    put(&client, 2_000..3_000).await;

    let records = rest(&mut reader(&client, Start::TrimHorizon, false)).await;
    let mut numbers: Vec<u32> = records.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..3_000).collect::<Vec<_>>());
    let mut by_key: BTreeMap<String, Vec<u32>> = BTreeMap::new();
    for record in &records {
        let key = record.record.partition_key.clone().unwrap();
        by_key.entry(key).or_default().push(number(record) / 100);
    }
    assert_eq!(by_key.len(), 13);
    assert!(by_key.values().all(|numbers| numbers.is_sorted()), "{by_key:?}");
    let shards: HashMap<_, usize> = records.iter().fold(HashMap::new(), |mut shards, record| {
        *shards.entry(record.shard).or_default() += 1;
        shards
    });
    assert!(shards.len() >= 4, "{shards:?}");
    assert!(records.iter().all(|record| record.record.time.is_some()));
    endpoint.shutdown().await;
}

#[tokio::test]
async fn following_from_the_latest_gives_what_is_put_from_then_on() {
    let (endpoint, client) = endpoint().await;
    stream(&client, 1).await;
    put(&client, 0..10).await;
    let mut reader = reader(&client, Start::Latest, true);
    // When the latest is, only the reader knows: put until something comes.
    let mut next = 10;
    let first = loop {
        put(&client, next..next + 1).await;
        next += 1;
        if let Ok(record) = timeout(Duration::from_millis(300), reader.next()).await {
            break number(&record.unwrap().unwrap());
        }
        assert!(next < 100, "nothing comes");
    };
    assert!(first >= 10, "what was there before is not the latest");
    endpoint.shutdown().await;
}

#[tokio::test]
async fn a_stream_that_is_not_there_is_a_fatal_error_by_name_for_both_directions() {
    let (endpoint, client) = endpoint().await;
    let sink = KinesisSink::new(client.clone(), STREAM);
    let error = sink.put_records(&[Record::new("key", "data")]).await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (SinkErrorKind::Fatal, "ResourceNotFoundException"));
    let error = reader(&client, Start::Latest, true).next().await.unwrap_err();
    assert!(
        matches!(&error, ReadError::ListShards(error) if &*error.code == "ResourceNotFoundException"),
        "{error}"
    );
    endpoint.shutdown().await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_is_worth_a_retry_and_says_where_it_was_looked_for() {
    let (endpoint, client) = endpoint().await;
    endpoint.shutdown().await;
    let sink = KinesisSink::new(client, STREAM);
    let error = sink.put_records(&[Record::new("key", "data")]).await.unwrap_err();
    assert_eq!((error.kind, &*error.code), (SinkErrorKind::Transient, "RequestFailed"));
    assert!(error.message.to_lowercase().contains("connect"), "{error}");
}
