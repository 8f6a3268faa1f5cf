//! A sink that fails as Kinesis does, from a seed, and remembers what it took.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use pipectl_producer::{PutResult, Record, RecordSink, SequenceNumber, SinkError, SinkErrorKind};
use pipectl_shards::ShardId;

/// How often what goes wrong, in percent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Records that are throttled.
    pub(crate) throttled: u8,
    /// Requests that are refused whole.
    pub(crate) refused: u8,
    /// Requests that take effect, and whose answer is lost.
    pub(crate) lost_answers: u8,
    /// Requests that never end.
    pub(crate) hanging: u8,
}

#[derive(Debug)]
pub(crate) struct FakeSink {
    faults: Faults,
    latency: Duration,
    random: Mutex<fastrand::Rng>,
    /// How often each payload was taken.
    taken: Mutex<HashMap<Bytes, usize>>,
    under_way: AtomicUsize,
    pub(crate) most_under_way: AtomicUsize,
    pub(crate) fatal_after: Option<usize>,
    requests: AtomicUsize,
}

impl FakeSink {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        Self {
            faults,
            latency: Duration::from_millis(20),
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            taken: Mutex::default(),
            under_way: AtomicUsize::new(0),
            most_under_way: AtomicUsize::new(0),
            fatal_after: None,
            requests: AtomicUsize::new(0),
        }
    }

    pub(crate) fn taken(&self) -> HashMap<Bytes, usize> {
        self.taken.lock().unwrap().clone()
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    fn happens(&self, percent: u8) -> bool {
        self.random.lock().unwrap().u8(..100) < percent
    }

    fn take(&self, record: &Record) -> PutResult {
        if self.happens(self.faults.throttled) {
            return PutResult::Failed {
                code: "ProvisionedThroughputExceededException".into(),
                message: "Rate exceeded for shard shardId-000000000000".into(),
            };
        }
        *self.taken.lock().unwrap().entry(record.data.clone()).or_default() += 1;
        PutResult::Put { shard: ShardId::new(0), sequence: SequenceNumber::new("49") }
    }
}

pub(crate) fn error(kind: SinkErrorKind, code: &str) -> SinkError {
    SinkError { kind, code: code.into(), message: "the fake says so".into() }
}

#[async_trait]
impl RecordSink for FakeSink {
    async fn put_records(&self, records: &[Record]) -> Result<Vec<PutResult>, SinkError> {
        assert!((1..=500).contains(&records.len()));
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        let under_way = self.under_way.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_under_way.fetch_max(under_way, Ordering::Relaxed);
        tokio::time::sleep(self.latency).await;
        if self.happens(self.faults.hanging) {
            // A request that is given up leaves the count too.
            self.under_way.fetch_sub(1, Ordering::Relaxed);
            std::future::pending::<()>().await;
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        if self.fatal_after.is_some_and(|after| request >= after) {
            return Err(error(SinkErrorKind::Fatal, "ResourceNotFoundException"));
        }
        if self.happens(self.faults.refused) {
            return Err(error(SinkErrorKind::Throttled, "ProvisionedThroughputExceededException"));
        }
        let results = records.iter().map(|record| self.take(record)).collect();
        if self.happens(self.faults.lost_answers) {
            return Err(error(SinkErrorKind::Transient, "RequestFailed"));
        }
        Ok(results)
    }
}
