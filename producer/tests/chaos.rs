//! Aggregated records through throttles, failures, lost answers and reshards, on the endpoint in virtual time: what is
//! acknowledged is what a reader by KCL's rules is given.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::ScalingType;
use pipectl_localstack::kinesis::{Position, StreamArn};
use pipectl_localstack::{FaultPlan, InProcess, Options, Profile};
use pipectl_producer::aggregation::{KinesisRecord, deaggregate};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::Limits;
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};

/// `PIPECTL_CHAOS_SEEDS=200` takes a minute.
const SEEDS: u64 = 40;
const RECORDS: u32 = 600;
const STREAM: &str = "events";

/// What happens in a world.
#[derive(Default)]
struct Told {
    delivered: BTreeSet<u32>,
    otherwise: Vec<(u32, Outcome)>,
    aggregated: u32,
    retried: u32,
}

fn number(data: &[u8]) -> u32 {
    std::str::from_utf8(data).unwrap().parse().unwrap()
}

/// Reshards as it goes: the fault plan may refuse, and then the next time will do.
async fn reshard(client: Client) {
    for target in [4, 2, 3, 5] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let call = client.update_shard_count().stream_name(STREAM).target_shard_count(target);
        let _ = call.scaling_type(ScalingType::UniformScaling).send().await;
    }
}

fn start(endpoint: &InProcess, seed: u64) -> (Producer, Arc<Mutex<Told>>) {
    let told = Arc::new(Mutex::new(Told::default()));
    let sink = Arc::new(KinesisSink::new(Client::new(&endpoint.sdk_config()), STREAM));
    let aggregation = Some(Aggregation { max_bytes: 2_000, ..Aggregation::default() });
    let limits = Limits { aggregation, ttl: None, ..Limits::default() };
    let settings = Settings { limits, seed: Some(seed), ..Settings::default() };
    let observer = Arc::clone(&told);
    let producer = Producer::start(sink, settings, move |record, outcome| {
        let mut told = observer.lock().unwrap();
        let n = number(&record.data);
        match outcome {
            Outcome::Delivered { sub_sequence, attempts, .. } => {
                assert!(told.delivered.insert(n), "{n} ended twice");
                told.aggregated += u32::from(sub_sequence.is_some());
                told.retried += u32::from(attempts.count() > 1);
            }
            outcome => told.otherwise.push((n, outcome)),
        }
    });
    (producer, told)
}

/// The numbers that a reader of all shards is given, by KCL's rules.
fn read(endpoint: &InProcess) -> BTreeSet<u32> {
    let world = endpoint.world();
    let now = world.clock.now();
    let stream = world.kinesis.stream(&StreamArn::new("us-east-1", "000000000000", STREAM), now).unwrap();
    let mut numbers = BTreeSet::new();
    for shard in stream.shards(now) {
        let batch = stream.read(shard.id, Position::TRIM_HORIZON, (usize::MAX, usize::MAX), now).unwrap();
        for record in batch.records {
            let record = KinesisRecord {
                partition_key: record.partition_key.to_string(),
                sequence_number: stream.sequence_number(shard.id, record.sequence),
                data: record.data,
            };
            numbers.extend(deaggregate(record, &shard.range).iter().map(|record| number(&record.data)));
        }
    }
    numbers
}

async fn world(seed: u64) -> (u32, u32) {
    let faults = Arc::new(FaultPlan::new(seed, Profile::HEAVY));
    let endpoint = InProcess::start(Options { seed: Some(seed), faults: Some(faults), ..Options::default() });
    let client = Client::new(&endpoint.sdk_config());
    while client.create_stream().stream_name(STREAM).shard_count(2).send().await.is_err_and(|error| {
        // The answer was lost, and the stream is there: as good.
        !error.into_service_error().is_resource_in_use_exception()
    }) {}
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (producer, told) = start(&endpoint, seed);
    let resharding = tokio::spawn(reshard(client));
    for n in 0..RECORDS {
        producer.put(Record::new(format!("key-{}", n % 97), n.to_string().into_bytes())).await.unwrap();
        if n % 20 == 19 {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }
    let report = producer.close().await;
    resharding.await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(report.account.put, u64::from(RECORDS), "seed {seed}");
    assert_eq!(report.account.outstanding(), 0, "seed {seed}");
    assert!(told.otherwise.is_empty(), "seed {seed}: without a time to live: {:?}", told.otherwise);
    let missing: Vec<_> = told.delivered.difference(&read(&endpoint)).copied().collect();
    assert!(missing.is_empty(), "seed {seed}: acknowledged, and no reader is given {missing:?}");
    assert_eq!(told.delivered.len(), RECORDS as usize, "seed {seed}");
    endpoint.shutdown().await;
    (told.aggregated, told.retried)
}

#[tokio::test(start_paused = true)]
async fn what_is_acknowledged_is_what_a_reader_is_given_whatever_happens_to_the_stream() {
    let (mut aggregated, mut retried) = (0, 0);
    let asked = std::env::var("PIPECTL_CHAOS_SEEDS").ok();
    let seeds = asked.map_or(SEEDS, |text| text.parse().expect("PIPECTL_CHAOS_SEEDS is a number"));
    for seed in 0..seeds {
        let (in_aggregates, again) = world(seed).await;
        aggregated += in_aggregates;
        retried += again;
    }
    let all = RECORDS * u32::try_from(seeds).unwrap();
    assert!(aggregated > all / 4, "aggregates were at work: {aggregated} of {all}");
    assert!(retried > all / 20, "and so were the faults: {retried} of {all}");
}
