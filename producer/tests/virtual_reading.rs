//! The reader and its consumers on the embedded endpoint in virtual time: splits and merges while it reads, subscriptions
//! that end and are taken over, iterators and records that expire.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::ScalingType;
use pipectl_localstack::{FaultPlan, InProcess, Options, Profile, Timings};
use pipectl_producer::aws::{KinesisConsumer, KinesisSink, KinesisSource};
use pipectl_producer::flow::Limits;
use pipectl_producer::read::{self, Event, ReadError, ReadRecord, Reader, SourceErrorKind, Start};
use pipectl_producer::{Aggregation, Producer, Record};
use tokio::time::{Instant, sleep, timeout};

const STREAM: &str = "events";

fn endpoint() -> InProcess {
    // Each reshard takes so long, and is over before the next.
    let timings = Timings { reshard: Duration::from_secs(20), ..Timings::aws() };
    InProcess::start(Options { timings, ..Options::default() })
}

async fn stream(endpoint: &InProcess, shards: i32) -> Client {
    let client = Client::new(&endpoint.sdk_config());
    client.create_stream().stream_name(STREAM).shard_count(shards).send().await.unwrap();
    sleep(Duration::from_secs(60)).await;
    client
}

fn source(client: &Client) -> Arc<KinesisSource> {
    Arc::new(KinesisSource::new(client.clone(), STREAM))
}

async fn consumer(client: &Client, name: &str) -> KinesisConsumer {
    let arn = source(client).identity().await.unwrap().arn;
    let consumer = KinesisConsumer::register(client.clone(), &arn, name).await.unwrap();
    consumer.active().await.unwrap();
    consumer
}

fn settings(start: Start, follow: bool) -> read::Settings {
    read::Settings { start, follow, ..read::Settings::default() }
}

/// A reader with `GetRecords`, or one with a consumer.
async fn reader(client: &Client, fan_out: bool, settings: read::Settings) -> Reader {
    if fan_out {
        Reader::subscribe(source(client), Arc::new(consumer(client, "tail").await), settings)
    } else {
        Reader::start(source(client), settings)
    }
}

async fn put(client: &Client, text: &str) {
    let put = client.put_record().stream_name(STREAM).partition_key(text).data(Blob::new(text));
    put.send().await.unwrap();
}

fn text(read: &ReadRecord) -> String {
    String::from_utf8(read.record.data.to_vec()).unwrap()
}

async fn next(reader: &mut Reader) -> String {
    let read = timeout(Duration::from_secs(900), reader.next()).await.expect("in time").unwrap();
    text(&read.expect("a record"))
}

/// Puts numbered records in aggregates, a few each second, and reshards meanwhile.
async fn put_through_reshards(client: Client, count: u32, targets: &[i32]) {
    let aggregation = Some(Aggregation { max_bytes: 2_000, ..Aggregation::default() });
    let limits = Limits { aggregation, ttl: None, ..Limits::default() };
    let sink = Arc::new(KinesisSink::new(client.clone(), STREAM));
    let settings = pipectl_producer::Settings { limits, ..pipectl_producer::Settings::default() };
    let producer = Producer::start(sink, settings, |_, _| {});
    let each = count / (u32::try_from(targets.len()).unwrap() + 1);
    for n in 0..count {
        let at = usize::try_from(n / each).unwrap();
        if n % each == 0 && (1..=targets.len()).contains(&at) {
            let call = client.update_shard_count().stream_name(STREAM).target_shard_count(targets[at - 1]);
            // A fault may refuse it.
            let _ = call.scaling_type(ScalingType::UniformScaling).send().await;
        }
        producer.put(Record::new(format!("key-{}", n % 17), n.to_string().into_bytes())).await.unwrap();
        if n % 25 == 24 {
            sleep(Duration::from_secs(1)).await;
        }
    }
    assert!(producer.close().await.account.all_delivered());
}

#[tokio::test(start_paused = true)]
async fn what_is_put_through_splits_and_merges_is_read_meanwhile_each_record_at_its_place() {
    for fan_out in [false, true] {
        let endpoint = endpoint();
        let client = stream(&endpoint, 2).await;
        let mut reader = reader(&client, fan_out, settings(Start::TrimHorizon, true)).await;
        let putting = tokio::spawn(put_through_reshards(client.clone(), 4_000, &[4, 2, 3]));
        let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
        let (mut aggregated, mut shards) = (0, std::collections::BTreeSet::new());
        while seen.len() < 4_000 {
            let next = timeout(Duration::from_secs(900), reader.next()).await;
            let read = next.unwrap_or_else(|_| panic!("only {} came", seen.len())).unwrap().unwrap();
            *seen.entry(text(&read).parse().unwrap()).or_default() += 1;
            aggregated += u32::from(read.sub_sequence.is_some());
            shards.insert(read.shard);
        }
        putting.await.unwrap();
        assert!(aggregated > 1_000, "aggregates were at work: {aggregated}");
        assert!(shards.len() >= 8, "so were reshards: {shards:?}");
        endpoint.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_through_faults_misses_nothing() {
    for seed in 0..6 {
        let faults = Arc::new(FaultPlan::new(seed, Profile::LIGHT));
        let endpoint =
            InProcess::start(Options { seed: Some(seed), faults: Some(faults), ..Options::default() });
        let client = Client::new(&endpoint.sdk_config());
        while client.create_stream().stream_name(STREAM).shard_count(2).send().await.is_err_and(|error| {
            // The answer was lost, and the stream is there: as good.
            !error.into_service_error().is_resource_in_use_exception()
        }) {}
        sleep(Duration::from_secs(60)).await;
        put_through_reshards(client.clone(), 1_500, &[3, 2]).await;
        let patient = read::Settings { patience: 100, ..settings(Start::TrimHorizon, false) };
        let mut reader = Reader::start(source(&client), patient);
        let mut seen = std::collections::BTreeSet::new();
        while let Some(read) = reader.next().await.unwrap() {
            seen.insert(text(&read).parse::<u32>().unwrap());
        }
        assert_eq!(seen.len(), 1_500, "seed {seed}");
        endpoint.shutdown().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_was_held_up_until_its_iterators_expired_goes_on() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    let mut reader = reader(&client, false, settings(Start::Latest, true)).await;
    sleep(Duration::from_secs(1)).await;
    let all: Vec<String> = (0..200).map(|n| format!("record {n}")).collect();
    let mut read = Vec::new();
    for part in all.chunks(50) {
        // Each pause is longer than an iterator lives, and the channel is full in the second of them.
        for text in part {
            put(&client, text).await;
            sleep(Duration::from_secs(8)).await;
        }
        while read.len() + 25 < all.len() && read.len() < part.len() {
            read.push(next(&mut reader).await);
        }
    }
    while read.len() < all.len() {
        read.push(next(&mut reader).await);
    }
    assert_eq!(read, all);
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn subscriptions_are_renewed_for_as_long_as_it_takes_and_miss_and_repeat_nothing() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 2).await;
    let mut reader = reader(&client, true, settings(Start::Latest, true)).await;
    sleep(Duration::from_secs(10)).await;
    let writing = client.clone();
    let writer = tokio::spawn(async move {
        // An hour: each subscription lives for five minutes.
        for n in 0..360 {
            put(&writing, &n.to_string()).await;
            sleep(Duration::from_secs(10)).await;
        }
    });
    let mut numbers: Vec<u32> = Vec::new();
    while numbers.len() < 360 {
        numbers.push(next(&mut reader).await.parse().unwrap());
    }
    writer.await.unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..360).collect::<Vec<_>>());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_second_reader_of_a_consumer_takes_it_over_and_the_first_says_so() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    let mut first = reader(&client, true, settings(Start::TrimHorizon, true)).await;
    put(&client, "one").await;
    assert_eq!(next(&mut first).await, "one");
    // Within five seconds it may not, and tries again.
    let began = Instant::now();
    let mut second = reader(&client, true, settings(Start::TrimHorizon, true)).await;
    assert_eq!(next(&mut second).await, "one");
    assert!((4..30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    let ReadError::ReadShard { error, .. } = first.next().await.unwrap_err() else { panic!("of the shard") };
    assert_eq!(error.kind, SourceErrorKind::TakenOver, "{error}");
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_is_registered_found_and_deregistered() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    let first = consumer(&client, "tail").await;
    assert!(first.was_registered());
    let second = consumer(&client, "tail").await;
    assert!(!second.was_registered(), "it was there");
    first.deregister().await.unwrap();
    // It is being deleted now: waited for, and registered anew.
    assert!(consumer(&client, "tail").await.was_registered());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_consumer_that_is_deleted_ends_the_reading_with_a_reason() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    let consumer = consumer(&client, "tail").await;
    let mut reader =
        Reader::subscribe(source(&client), Arc::new(consumer.clone()), settings(Start::TrimHorizon, true));
    put(&client, "one").await;
    assert_eq!(next(&mut reader).await, "one");
    consumer.deregister().await.unwrap();
    let error = timeout(Duration::from_secs(600), reader.next()).await.expect("in time").unwrap_err();
    assert!(error.to_string().contains("ResourceNotFoundException"), "{error}");
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn readings_with_and_without_a_consumer_go_on_from_each_others_checkpoints() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    put_through_reshards(client.clone(), 1_200, &[2]).await;
    let (mut start, mut seen) = (Start::TrimHorizon, Vec::new());
    for (run, fan_out) in [false, true, false, true, true, false].into_iter().enumerate() {
        let mut reader = reader(&client, fan_out, settings(start, false)).await;
        while run == 5 || seen.len() < (run + 1) * 150 {
            let Some(read) = reader.next().await.unwrap() else { break };
            seen.push(text(&read).parse::<u32>().unwrap());
        }
        start = Start::Checkpoint(reader.checkpoint().clone());
        drop(reader);
        sleep(Duration::from_secs(6)).await;
    }
    seen.sort_unstable();
    assert_eq!(seen, (0..1_200).collect::<Vec<_>>());
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn records_that_expired_between_two_readings_are_told_as_a_gap() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    for text in ["read", "never read"] {
        put(&client, text).await;
    }
    let mut reader = reader(&client, false, settings(Start::TrimHorizon, false)).await;
    assert_eq!(next(&mut reader).await, "read");
    let checkpoint = reader.checkpoint().clone();
    drop(reader);
    sleep(Duration::from_hours(25)).await;
    put(&client, "later").await;
    let mut reader = Reader::start(source(&client), settings(Start::Checkpoint(checkpoint), false));
    let Some(Event::Gap(gap)) = reader.next_event().await.unwrap() else { panic!("a gap") };
    assert!(gap.next.is_some() && gap.after_time < gap.next_time, "{gap:?}");
    assert_eq!(next(&mut reader).await, "later");
    assert_eq!(reader.next().await, Ok(None));
    endpoint.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_shard_is_read_no_faster_than_kinesis_allows_so_that_others_can_read_too() {
    let endpoint = endpoint();
    let client = stream(&endpoint, 1).await;
    let readers: Vec<Reader> =
        (0..3).map(|_| Reader::start(source(&client), settings(Start::TrimHorizon, true))).collect();
    for n in 0..20 {
        put(&client, &n.to_string()).await;
    }
    // Together they ask for more than five pages a second: each is throttled, waits, and gets everything.
    for mut reader in readers {
        for n in 0..20 {
            assert_eq!(next(&mut reader).await, n.to_string());
        }
    }
    endpoint.shutdown().await;
}
