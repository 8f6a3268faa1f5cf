//! Records through throttles, failures, lost answers and reshards, on the endpoint in virtual time: what is acknowledged
//! is what a reader by KCL's rules is given, and in per-key order it is given it in the order of the puts.

#![expect(clippy::unwrap_used, reason = "a test")]

mod stream;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::ScalingType;
use pipectl_localstack::{FaultPlan, InProcess, Options, Profile};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::{Limits, Ordering};
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};

use crate::stream::{STREAM, number, read};

/// `PIPECTL_CHAOS_SEEDS=200` takes some minutes.
const SEEDS: u64 = 40;
const RECORDS: u32 = 600;
/// Bytes of the producer: a put waits now and then.
const MEMORY: usize = 40_000;

/// What differs from world to world.
#[derive(Clone, Copy)]
struct Plan {
    seed: u64,
    ordering: Ordering,
    /// Partition keys that the records go round.
    keys: u32,
    aggregates: bool,
    ttl: Option<Duration>,
}

impl Plan {
    /// As the records come; every third world has records that expire.
    fn unordered(seed: u64) -> Self {
        let ttl = (seed % 3 == 2).then_some(Duration::from_secs(20));
        Self { seed, ordering: Ordering::Unordered, keys: 97, aggregates: true, ttl }
    }

    /// Few keys, so that many wait; every third world without aggregates.
    fn per_key(seed: u64) -> Self {
        let ttl = (seed % 4 == 3).then_some(Duration::from_secs(20));
        Self { seed, ordering: Ordering::PerKey, keys: 11, aggregates: seed % 3 != 2, ttl }
    }

    /// What goes wrong. In every other world many answers come late while lists hardly lag: then a producer knows the
    /// children of a split by the time it learns that an aggregate for their parent landed on one of them.
    fn faults(&self) -> Profile {
        if self.seed.is_multiple_of(2) {
            return Profile::HEAVY;
        }
        let slowest = Duration::from_secs(6);
        Profile { slow: 4_000, slowest, shard_list: Duration::from_millis(200), ..Profile::HEAVY }
    }

    fn limits(&self) -> Limits {
        let aggregation =
            self.aggregates.then_some(Aggregation { max_bytes: 2_000, ..Aggregation::default() });
        Limits { aggregation, ttl: self.ttl, ordering: self.ordering, ..Limits::default() }
    }
}

/// What the producer told of a world's records.
#[derive(Default)]
struct Told {
    delivered: BTreeSet<u32>,
    otherwise: BTreeMap<u32, Outcome>,
    aggregated: u32,
    retried: u32,
}

/// Reshards as it goes: the fault plan may refuse, and then the next time will do.
async fn reshard(client: Client) {
    for target in [4, 2, 3, 5] {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let call = client.update_shard_count().stream_name(STREAM).target_shard_count(target);
        let _ = call.scaling_type(ScalingType::UniformScaling).send().await;
    }
}

fn start(endpoint: &InProcess, plan: &Plan) -> (Producer, Arc<Mutex<Told>>) {
    let told = Arc::new(Mutex::new(Told::default()));
    let sink = Arc::new(KinesisSink::new(Client::new(&endpoint.sdk_config()), STREAM));
    let settings =
        Settings { limits: plan.limits(), seed: Some(plan.seed), memory: MEMORY, ..Settings::default() };
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
            outcome => assert!(told.otherwise.insert(n, outcome).is_none(), "{n} ended twice"),
        }
    });
    (producer, told)
}

async fn put_all(producer: &Producer, plan: &Plan) {
    for n in 0..RECORDS {
        producer
            .put(Record::new(format!("key-{}", n % plan.keys), n.to_string().into_bytes()))
            .await
            .unwrap();
        assert!(producer.stats().outstanding_bytes < MEMORY as u64);
        if n % 20 == 19 {
            tokio::time::sleep(Duration::from_millis(400)).await;
        }
    }
}

/// What came of a world: what was told, and what a reader is given.
async fn world(plan: Plan) -> (Told, Vec<u32>) {
    let seed = plan.seed;
    let faults = Arc::new(FaultPlan::new(seed, plan.faults()));
    let endpoint = InProcess::start(Options { seed: Some(seed), faults: Some(faults), ..Options::default() });
    let client = Client::new(&endpoint.sdk_config());
    while client.create_stream().stream_name(STREAM).shard_count(2).send().await.is_err_and(|error| {
        // The answer was lost, and the stream is there: as good.
        !error.into_service_error().is_resource_in_use_exception()
    }) {}
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (producer, told) = start(&endpoint, &plan);
    let resharding = tokio::spawn(reshard(client));
    put_all(&producer, &plan).await;
    let report = producer.close().await;
    resharding.await.unwrap();
    let told = std::mem::take(&mut *told.lock().unwrap());
    assert_eq!(report.account.put, u64::from(RECORDS), "seed {seed}");
    assert_eq!(report.account.outstanding(), 0, "seed {seed}");
    let expired = |outcome: &Outcome| plan.ttl.is_some() && matches!(outcome, Outcome::Expired { .. });
    assert!(told.otherwise.values().all(expired), "seed {seed}: {:?}", told.otherwise);
    assert_eq!(told.delivered.len() + told.otherwise.len(), RECORDS as usize, "seed {seed}");
    let read = read(&endpoint);
    let given: BTreeSet<_> = read.iter().copied().collect();
    let missing: Vec<_> = told.delivered.difference(&given).copied().collect();
    assert!(missing.is_empty(), "seed {seed}: acknowledged, and no reader is given {missing:?}");
    endpoint.shutdown().await;
    (told, read)
}

fn seeds() -> std::ops::Range<u64> {
    let asked = std::env::var("PIPECTL_CHAOS_SEEDS").ok();
    0..asked.map_or(SEEDS, |text| text.parse().expect("PIPECTL_CHAOS_SEEDS is a number"))
}

#[tokio::test(start_paused = true)]
async fn what_is_acknowledged_is_what_a_reader_is_given_whatever_happens_to_the_stream() {
    let (mut aggregated, mut retried) = (0, 0);
    for seed in seeds() {
        let (told, _) = world(Plan::unordered(seed)).await;
        aggregated += told.aggregated;
        retried += told.retried;
    }
    let all = RECORDS * u32::try_from(seeds().end).unwrap();
    assert!(aggregated > all / 4, "aggregates were at work: {aggregated} of {all}");
    assert!(retried > all / 20, "and so were the faults: {retried} of {all}");
}

#[tokio::test(start_paused = true)]
async fn in_per_key_order_the_first_occurrences_of_a_key_come_as_they_were_put() {
    let mut twice = 0;
    for seed in seeds() {
        let plan = Plan::per_key(seed);
        let (told, read) = world(plan).await;
        let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::new());
        for n in read {
            if !seen.insert(n) {
                twice += 1;
            } else if told.delivered.contains(&n) {
                let before = last.insert(n % plan.keys, n);
                assert!(before.is_none_or(|before| before < n), "seed {seed}: {n} after {before:?}");
            }
        }
    }
    assert!(twice > 0, "answers were lost, so that records came twice");
}
