//! A stream on an endpoint with AWS's times, controllers that steer it, and a producer that says what became of each
//! record.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use jiff::Timestamp;
use pipectl_autoscaler::aws::{AwsStreams, CloudWatch};
use pipectl_autoscaler::controller::{Controller, Managed, Stepped};
use pipectl_autoscaler::execute::{
    Actor, Call, CallError, Consumer, Description, Ledger, LedgerError, OpenShard, Quota, StreamControl,
    StreamName, Version,
};
use pipectl_autoscaler::policy::Limits;
use pipectl_localstack::{InProcess, Options, Timings};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::{Outcome, Producer, Record, Settings, flow};
use pipectl_shards::HashKeyRange;
use tokio::time::{Instant, sleep, sleep_until};

pub(crate) const STREAM: &str = "events";
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// Records a second that fill a shard.
pub(crate) const SHARD: f64 = 1_000.0;
/// How often a producer hands over what has come due.
const BEAT: Duration = Duration::from_millis(100);

/// An endpoint with one stream.
pub(crate) struct World {
    pub(crate) endpoint: InProcess,
    pub(crate) kinesis: Client,
    pub(crate) ledger: Arc<MemoryLedger>,
}

impl World {
    /// A stream of so many shards. Reshards take as long as the simulator has it.
    pub(crate) async fn new(shards: i32) -> Self {
        let timings = Timings { reshard: 5 * MINUTE, split: MINUTE / 2, ..Timings::aws() };
        // At a full minute, so that minutes are those of the metrics.
        let starts_at = Some(Timestamp::from_second(1_800_000_000).unwrap());
        let endpoint = InProcess::start(Options { seed: Some(7), timings, starts_at, ..Options::default() });
        let kinesis = Client::new(&endpoint.sdk_config());
        kinesis.create_stream().stream_name(STREAM).shard_count(shards).send().await.unwrap();
        sleep(MINUTE).await;
        Self { endpoint, kinesis, ledger: Arc::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.endpoint.world().clock.now()
    }

    /// A controller of this name.
    pub(crate) fn controller(&self, name: &str) -> Controller {
        let config = self.endpoint.sdk_config();
        let control = AwsStreams::new(self.kinesis.clone(), aws_sdk_lambda::Client::new(&config));
        let metrics = CloudWatch::new(aws_sdk_cloudwatch::Client::new(&config));
        let actor = Actor { id: name.to_owned(), name: name.to_owned() };
        let ledger = Arc::clone(&self.ledger);
        Controller::new(Arc::new(control), Arc::new(metrics), ledger, actor)
    }

    /// Steps for ever, as often as each step asks for, and keeps what each came to.
    pub(crate) async fn steer(&self, controller: &mut Controller, most: u32, told: &Mutex<Vec<Stepped>>) {
        let streams = managed(most);
        loop {
            let steps = controller.step(&streams, self.now()).await;
            let again = steps[0].look_again;
            told.lock().unwrap().extend(steps);
            let to_tick = (35 - self.now().as_second()).rem_euclid(60);
            let to_tick = Duration::from_secs(u64::try_from(to_tick).unwrap().max(1));
            sleep(again.min(to_tick)).await;
        }
    }

    /// The ranges of the open shards, in order.
    pub(crate) async fn open(&self) -> Vec<HashKeyRange> {
        let shards = self.kinesis.list_shards().stream_name(STREAM).send().await.unwrap().shards.unwrap();
        let open = shards.iter().filter(|shard| {
            shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_none())
        });
        let range = |shard: &aws_sdk_kinesis::types::Shard| {
            let range = shard.hash_key_range().unwrap();
            let key = |text: &str| text.parse().unwrap();
            HashKeyRange::new(key(range.starting_hash_key()), key(range.ending_hash_key())).unwrap()
        };
        let mut open: Vec<_> = open.map(range).collect();
        open.sort_unstable();
        open
    }
}

/// The stream, from one shard to so many.
pub(crate) fn managed(most: u32) -> Vec<Managed> {
    vec![Managed { stream: StreamName::new(STREAM), limits: Limits::new(1, most).unwrap() }]
}

/// A producer, and what became of its records.
pub(crate) struct Source {
    producer: Producer,
    pub(crate) delivered: Arc<AtomicU64>,
    pub(crate) lost: Arc<AtomicU64>,
    put: u64,
}

impl Source {
    /// With these limits and memory for a crowd.
    pub(crate) fn new(world: &World, limits: flow::Limits) -> Self {
        let sink = Arc::new(KinesisSink::new(world.kinesis.clone(), STREAM));
        let settings = Settings { limits, memory: 512 << 20, seed: Some(7), ..Settings::default() };
        let (delivered, lost) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let (good, bad) = (Arc::clone(&delivered), Arc::clone(&lost));
        let producer = Producer::start(sink, settings, move |_, outcome| {
            let count = if matches!(outcome, Outcome::Delivered { .. }) { &good } else { &bad };
            count.fetch_add(1, Ordering::Relaxed);
        });
        Self { producer, delivered, lost, put: 0 }
    }

    /// Puts so many records a second for so long, each made from its number.
    pub(crate) async fn put(&mut self, rate: f64, time: Duration, record: impl Fn(u64) -> Record) {
        let (began, first) = (Instant::now(), self.put);
        let mut due = Duration::ZERO;
        while due < time {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some millions")]
            let until = first + ((due + BEAT).as_secs_f64() * rate).round() as u64;
            while self.put < until {
                self.producer.put(record(self.put)).await.unwrap();
                self.put += 1;
            }
            due += BEAT;
            sleep_until(began + due).await;
        }
    }

    /// Waits for every record: how many were put, delivered and lost.
    pub(crate) async fn close(self) -> (u64, u64, u64) {
        self.producer.close().await;
        (self.put, self.delivered.load(Ordering::Relaxed), self.lost.load(Ordering::Relaxed))
    }
}

/// A record whose key is its number, so that keys are spread evenly.
pub(crate) fn spread(number: u64) -> Record {
    Record::new(number.to_string(), "x")
}

/// Burns down by one at each call, before and after it; whoever comes when it is burnt waits for ever.
pub(crate) struct Fuse(Mutex<Option<u32>>);

impl Fuse {
    /// That burns out at the `nth` moment.
    pub(crate) fn new(nth: u32) -> Self {
        Self(Mutex::new(Some(nth)))
    }

    /// That never burns out.
    pub(crate) fn endless() -> Self {
        Self(Mutex::new(None))
    }

    /// Moments that are left.
    pub(crate) fn left(&self) -> u32 {
        self.0.lock().unwrap().unwrap_or(u32::MAX)
    }

    async fn burn(&self) {
        let is_burnt = self.0.lock().unwrap().as_mut().is_some_and(|left| {
            *left = left.saturating_sub(1);
            *left == 0
        });
        if is_burnt {
            std::future::pending::<()>().await;
        }
    }

    async fn around<T>(&self, call: impl Future<Output = T>) -> T {
        self.burn().await;
        let answer = call.await;
        self.burn().await;
        answer
    }
}

/// Streams, until the fuse is burnt.
pub(crate) struct Mortal<C> {
    pub(crate) inner: C,
    pub(crate) fuse: Arc<Fuse>,
}

#[async_trait]
impl<C: StreamControl> StreamControl for Mortal<C> {
    async fn describe(&self, stream: &StreamName) -> Result<Description, CallError> {
        self.fuse.around(self.inner.describe(stream)).await
    }

    async fn open_shards(&self, stream: &StreamName) -> Result<Vec<OpenShard>, CallError> {
        self.fuse.around(self.inner.open_shards(stream)).await
    }

    async fn quota(&self) -> Result<Quota, CallError> {
        self.fuse.around(self.inner.quota()).await
    }

    async fn consumers(&self, stream: &StreamName) -> Result<Vec<Consumer>, CallError> {
        self.fuse.around(self.inner.consumers(stream)).await
    }

    async fn reshard(&self, stream: &StreamName, call: &Call) -> Result<(), CallError> {
        self.fuse.around(self.inner.reshard(stream, call)).await
    }
}

/// A ledger, until the fuse is burnt.
pub(crate) struct MortalLedger {
    pub(crate) inner: Arc<MemoryLedger>,
    pub(crate) fuse: Arc<Fuse>,
}

#[async_trait]
impl Ledger for MortalLedger {
    async fn read(&self, stream: &StreamName) -> Result<Option<(Vec<u8>, Version)>, LedgerError> {
        self.fuse.around(self.inner.read(stream)).await
    }

    async fn write(
        &self,
        stream: &StreamName,
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, LedgerError> {
        self.fuse.around(self.inner.write(stream, content, over)).await
    }
}

/// Documents in memory.
#[derive(Default)]
pub(crate) struct MemoryLedger {
    documents: Mutex<HashMap<String, (Vec<u8>, u64)>>,
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn read(&self, stream: &StreamName) -> Result<Option<(Vec<u8>, Version)>, LedgerError> {
        let documents = self.documents.lock().unwrap();
        Ok(documents
            .get(stream.as_str())
            .map(|(bytes, version)| (bytes.clone(), Version(version.to_string()))))
    }

    async fn write(
        &self,
        stream: &StreamName,
        content: &[u8],
        over: Option<&Version>,
    ) -> Result<Version, LedgerError> {
        let mut documents = self.documents.lock().unwrap();
        let there = documents.get(stream.as_str()).map(|(_, version)| Version(version.to_string()));
        if there.as_ref() != over {
            return Err(LedgerError::Conflict);
        }
        let next = documents.get(stream.as_str()).map_or(1, |(_, version)| version + 1);
        documents.insert(stream.as_str().to_owned(), (content.to_vec(), next));
        Ok(Version(next.to_string()))
    }
}
