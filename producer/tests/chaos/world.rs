//! One world of the chaos: a stream, what goes wrong with it, a producer, and what came of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_kinesis::Client;
use pipectl_localstack::{FaultPlan, InProcess, Options, Profile};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::{Limits, Ordering};
use pipectl_producer::{Aggregation, Attempt, Attempts, Outcome, Producer, Record, Settings};

use crate::reshards::reshard;
use crate::stream::{Given, Place, STREAM, number, read_places};

pub(crate) const RECORDS: u32 = 600;
/// Bytes of the producer: a put waits now and then.
const MEMORY: usize = 40_000;

/// What differs from world to world.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) ordering: Ordering,
    /// Partition keys that the records go round.
    pub(crate) keys: u32,
    pub(crate) aggregates: bool,
    pub(crate) ttl: Option<Duration>,
}

impl Plan {
    /// What goes wrong, of three kinds: lists of the shards lag for seconds; they lag for so long that whoever waits for
    /// one gives up; or many answers come late while lists hardly lag, so that a producer knows the children of a split
    /// by the time it learns that an aggregate for their parent landed on one of them.
    fn faults(&self) -> Profile {
        let often = Profile { stream_state: Duration::from_secs(1), ..Profile::HEAVY };
        match self.seed % 8 {
            2 => often,
            3 | 7 => {
                let slowest = Duration::from_secs(6);
                Profile { slow: 4_000, slowest, shard_list: Duration::from_millis(200), ..often }
            }
            _ => Profile { shard_list: Duration::from_millis(1_500), ..often },
        }
    }

    fn limits(&self) -> Limits {
        let aggregation =
            self.aggregates.then_some(Aggregation { max_bytes: 2_000, ..Aggregation::default() });
        Limits { aggregation, ttl: self.ttl, ordering: self.ordering, ..Limits::default() }
    }
}

/// A record that was acknowledged.
#[derive(Debug)]
pub(crate) struct Delivered {
    /// Where it was said to be.
    pub(crate) place: Place,
    pub(crate) attempts: Attempts,
}

/// What the producer told of a world's records.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) delivered: BTreeMap<u32, Delivered>,
    pub(crate) otherwise: BTreeMap<u32, Outcome>,
    /// Aggregates that landed where a reader drops them.
    pub(crate) straddling: usize,
}

impl Told {
    fn take(&mut self, n: u32, outcome: Outcome) {
        let is_first = match outcome {
            Outcome::Delivered { shard, sequence, sub_sequence, attempts } => {
                let place = (shard.to_string(), sequence.to_string(), sub_sequence);
                self.delivered.insert(n, Delivered { place, attempts }).is_none()
            }
            outcome => self.otherwise.insert(n, outcome).is_none(),
        };
        assert!(is_first, "{n} ended twice");
    }

    pub(crate) fn attempts(&self, n: u32) -> Option<&Attempts> {
        match (self.delivered.get(&n), self.otherwise.get(&n)) {
            (Some(delivered), _) => Some(&delivered.attempts),
            (_, Some(Outcome::Expired { attempts } | Outcome::Cancelled { attempts, .. })) => Some(attempts),
            _ => None,
        }
    }
}

/// Whether nobody can say if the records of this attempt are there for a reader.
pub(crate) fn is_doubtful(attempt: &Attempt) -> bool {
    let lost = ["RequestFailed", "RequestTimeout", "MalformedAnswer", "UnknownShard"];
    attempt.failure.as_ref().is_some_and(|failure| lost.contains(&&*failure.code))
}

/// The partition key of a record.
pub(crate) fn key(n: u32) -> String {
    format!("key-{n}")
}

fn start(endpoint: &InProcess, plan: &Plan) -> (Producer, Arc<Mutex<Told>>) {
    let told = Arc::new(Mutex::new(Told::default()));
    let sink = Arc::new(KinesisSink::new(Client::new(&endpoint.sdk_config()), STREAM));
    let settings =
        Settings { limits: plan.limits(), seed: Some(plan.seed), memory: MEMORY, ..Settings::default() };
    let observer = Arc::clone(&told);
    let producer = Producer::start(sink, settings, move |record, outcome| {
        observer.lock().unwrap().take(number(&record.data), outcome);
    });
    (producer, told)
}

async fn put_all(producer: &Producer, plan: &Plan) {
    for n in 0..RECORDS {
        producer.put(Record::new(key(n % plan.keys), n.to_string().into_bytes())).await.unwrap();
        assert!(producer.stats().outstanding_bytes < MEMORY as u64);
        if n % 20 == 19 {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}

/// What came of a world: what was told, and what a reader is given.
pub(crate) async fn world(plan: Plan) -> (Told, Vec<Given>) {
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
    let resharding = tokio::spawn(reshard(endpoint.clone(), client, plan.keys, seed));
    put_all(&producer, &plan).await;
    let report = producer.close().await;
    resharding.abort();
    let mut told = std::mem::take(&mut *told.lock().unwrap());
    told.straddling = usize::try_from(report.stats.errors.of("WrongShard")).unwrap();
    assert_eq!(report.account.put, u64::from(RECORDS), "seed {seed}");
    assert_eq!(report.account.outstanding(), 0, "seed {seed}");
    assert_eq!(report.stats.outstanding_bytes, 0, "seed {seed}");
    let expired = |outcome: &Outcome| plan.ttl.is_some() && matches!(outcome, Outcome::Expired { .. });
    assert!(told.otherwise.values().all(expired), "seed {seed}: {:?}", told.otherwise);
    assert_eq!(told.delivered.len() + told.otherwise.len(), RECORDS as usize, "seed {seed}");
    let given = read_places(&endpoint);
    endpoint.shutdown().await;
    (told, given)
}
