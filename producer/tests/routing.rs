//! On-demand streams, and streams that distribute records themselves, on the endpoint in virtual time.

#![expect(clippy::unwrap_used, reason = "a test")]

mod stream;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{RecordDistributionStrategy, StreamMode, StreamModeDetails};
use jiff::Timestamp;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, InProcess, Options};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::Limits;
use pipectl_producer::{
    Aggregation, Capacity, Distribution, Outcome, Producer, Record, RecordSink, Settings,
};

use crate::stream::{Given, Place, STREAM, number, read_places};

/// Nobody may describe a stream.
#[derive(Debug)]
struct Undescribed;

impl Faults for Undescribed {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        if call.operation == "DescribeStreamSummary" {
            Verdict::Refuse(AwsError::bad_request("AccessDeniedException", "not allowed"))
        } else {
            Verdict::Proceed
        }
    }
}

async fn on_demand(faults: Option<Arc<dyn Faults>>) -> (InProcess, Client) {
    let endpoint = InProcess::start(Options { seed: Some(1), faults, ..Options::default() });
    let client = Client::new(&endpoint.sdk_config());
    let mode = StreamModeDetails::builder().stream_mode(StreamMode::OnDemand).build().unwrap();
    client.create_stream().stream_name(STREAM).stream_mode_details(mode).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    (endpoint, client)
}

async fn distribute(client: &Client, strategy: RecordDistributionStrategy) {
    let arn = format!("arn:aws:kinesis:us-east-1:000000000000:stream/{STREAM}");
    let call = client.update_stream_record_distribution_strategy().stream_arn(arn);
    call.record_distribution_strategy(strategy).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
}

type Delivered = Arc<Mutex<Vec<(u32, Place)>>>;

/// A producer that aggregates, and which records were delivered, and where.
fn start(client: &Client) -> (Producer, Delivered) {
    let sink = Arc::new(KinesisSink::new(client.clone(), STREAM));
    let limits = Limits { aggregation: Some(Aggregation::default()), ttl: None, ..Limits::default() };
    let delivered = Delivered::default();
    let told = Arc::clone(&delivered);
    let producer = Producer::start(
        sink,
        Settings { limits, seed: Some(1), ..Settings::default() },
        move |record, outcome| {
            let Outcome::Delivered { shard, sequence, sub_sequence, .. } = outcome else {
                panic!("{outcome:?}")
            };
            let place = (shard.to_string(), sequence.to_string(), sub_sequence);
            told.lock().unwrap().push((number(&record.data), place));
        },
    );
    (producer, delivered)
}

async fn put(producer: &Producer, numbers: std::ops::Range<u32>) {
    for n in numbers {
        producer.put(Record::new(format!("key-{n}"), n.to_string().into_bytes())).await.unwrap();
        if n % 20 == 19 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Takes the delivered records, all of which a reader is given, and says how many of them were aggregated.
fn aggregated(endpoint: &InProcess, delivered: &Delivered) -> (usize, usize) {
    let given: BTreeSet<_> =
        read_places(endpoint).into_iter().map(|Given { number, place }| (number, place)).collect();
    let delivered = std::mem::take(&mut *delivered.lock().unwrap());
    assert!(delivered.iter().all(|one| given.contains(one)), "acknowledged, and no reader is given it there");
    (delivered.len(), delivered.iter().filter(|(_, (.., sub_sequence))| sub_sequence.is_some()).count())
}

#[tokio::test(start_paused = true)]
async fn an_on_demand_stream_is_noticed_and_aggregated_for_while_it_goes_by_keys() {
    let (endpoint, client) = on_demand(None).await;
    let routing = KinesisSink::new(client.clone(), STREAM).routing().await.unwrap();
    assert_eq!((routing.capacity, routing.distribution), (Some(Capacity::OnDemand), Distribution::ByKey));
    assert_eq!(routing.shards.len(), 4);
    let (producer, delivered) = start(&client);
    // The first look at the stream is under way when the first records come.
    tokio::time::sleep(Duration::from_secs(1)).await;
    put(&producer, 0..400).await;
    producer.flush().await.unwrap();
    let stats = producer.stats();
    assert_eq!((stats.capacity, stats.aggregates), (Some(Capacity::OnDemand), true));
    assert!(stats.kinesis_records < 200, "{stats:?}");
    let (count, in_aggregates) = aggregated(&endpoint, &delivered);
    assert!(count == 400 && in_aggregates > 300, "{in_aggregates}");
    producer.close().await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_distributes_records_itself_is_noticed_when_it_is_opened_and_while_it_is_written() {
    let (endpoint, client) = on_demand(None).await;
    let (producer, delivered) = start(&client);
    put(&producer, 0..400).await;
    // Twenty records every tenth of a second, as long as the switch takes and a little longer.
    let puts = put(&producer, 400..12_800);
    tokio::join!(distribute(&client, RecordDistributionStrategy::Auto), puts);
    producer.flush().await.unwrap();
    let stats = producer.stats();
    assert_eq!((stats.distribution, stats.aggregates), (Distribution::Auto, false));
    assert!(stats.errors.of("WrongShard") > 0, "it was found out by where they landed");
    assert_eq!(aggregated(&endpoint, &delivered).0, 12_800);
    put(&producer, 0..200).await;
    producer.close().await;
    assert_eq!(aggregated(&endpoint, &delivered), (200, 0));

    let (producer, delivered) = start(&client);
    put(&producer, 200..600).await;
    let stats = producer.stats();
    assert!(stats.errors.total() == 0 && stats.distribution == Distribution::Auto, "{stats:?}");
    producer.close().await;
    assert_eq!(aggregated(&endpoint, &delivered), (400, 0));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_begins_to_while_nothing_is_put_is_noticed_before_the_next_aggregate() {
    let (endpoint, client) = on_demand(None).await;
    let (producer, delivered) = start(&client);
    put(&producer, 0..400).await;
    distribute(&client, RecordDistributionStrategy::Auto).await;
    put(&producer, 400..800).await;
    let stats = producer.stats();
    assert_eq!((stats.distribution, stats.errors.total()), (Distribution::Auto, 0));
    producer.close().await;
    assert_eq!(aggregated(&endpoint, &delivered).0, 800);
}

#[tokio::test(start_paused = true)]
async fn without_the_right_to_ask_it_shows_by_where_records_land_and_none_is_lost() {
    let (endpoint, client) = on_demand(Some(Arc::new(Undescribed))).await;
    distribute(&client, RecordDistributionStrategy::Auto).await;
    let (producer, delivered) = start(&client);
    for round in 0..20 {
        put(&producer, round * 100..(round + 1) * 100).await;
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
    let stats = producer.stats();
    assert_eq!((stats.distribution, stats.aggregates), (Distribution::Unknown, false));
    producer.close().await;
    assert_eq!(aggregated(&endpoint, &delivered).0, 2_000);
}

#[tokio::test(start_paused = true)]
async fn records_may_be_as_large_as_the_stream_is_set_to_take() {
    let (endpoint, client) = on_demand(None).await;
    let arn = format!("arn:aws:kinesis:us-east-1:000000000000:stream/{STREAM}");
    client.update_max_record_size().stream_arn(arn).max_record_size_in_kib(10_240).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let limits = Limits { aggregation: Some(Aggregation::default()), ..Limits::default() };
    let sink = Arc::new(KinesisSink::new(client, STREAM));
    let producer =
        Producer::start(sink, Settings { limits, seed: Some(1), ..Settings::default() }, |_, _| {});
    let most = 10 * 1024 * 1024;
    let record = |size: usize| Record::new("k", vec![b'x'; size - 1]);
    let outcomes = producer.deliver_all([1_000, most, most + 1].map(record)).await.unwrap();
    let names: Vec<_> = outcomes.iter().map(Outcome::name).collect();
    assert_eq!(names, ["delivered", "delivered", "refused"]);
    producer.close().await;
    endpoint.shutdown().await;
}
