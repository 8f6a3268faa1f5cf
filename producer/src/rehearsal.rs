//! What a producer would do with its records, without a call that changes anything: a sink that lists the shards of the
//! real one, takes every record as if it had landed where its hash key says, and keeps the sums.
//!
//! A producer over it makes the very decisions that it would make over the real sink, so what is said of requests and
//! aggregates is no estimate; only throttles, faults and reshards are missing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use pipectl_shards::ShardId;
use pipectl_shards::limits::{WRITE_BYTES_PER_SECOND, WRITE_RECORDS_PER_SECOND};

use crate::aggregation::{MAGIC, decode};
use crate::outcome::SequenceNumber;
use crate::record::Record;
use crate::shard_map::ShardMap;
use crate::sink::{PutResult, RecordSink, Routing, SinkError, SinkErrorKind};

/// A sink that takes everything and sends nothing.
#[derive(Debug)]
pub struct Rehearsal {
    routing: Routing,
    map: ShardMap,
    sums: Mutex<Sums>,
}

/// What would have been sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// `PutRecords` requests.
    pub requests: u64,
    /// Kinesis records that hold several user records.
    pub aggregates: u64,
    /// User records in those.
    pub aggregated: u64,
    /// User records that go as they are.
    pub alone: u64,
    /// By the shard they are predicted to land on; every open shard is there.
    pub shards: BTreeMap<ShardId, Share>,
}

/// What would have gone to one shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// User records.
    pub records: u64,
    /// Kinesis records, which its limit counts.
    pub kinesis_records: u64,
    /// Bytes with partition keys, as its limit counts them.
    pub bytes: u64,
}

impl Sums {
    /// Over all shards.
    #[must_use]
    pub fn total(&self) -> Share {
        self.shards.values().fold(Share::default(), |sum, share| Share {
            records: sum.records + share.records,
            kinesis_records: sum.kinesis_records + share.kinesis_records,
            bytes: sum.bytes + share.bytes,
        })
    }
}

impl Share {
    /// How long a provisioned shard needs at least to take it in: 1 MiB and 1,000 records a second.
    #[must_use]
    pub fn least_time(&self) -> Duration {
        let by_bytes = self.bytes.saturating_mul(1_000) / WRITE_BYTES_PER_SECOND;
        let by_records = self.kinesis_records.saturating_mul(1_000) / WRITE_RECORDS_PER_SECOND;
        Duration::from_millis(by_bytes.max(by_records))
    }
}

impl Rehearsal {
    /// A rehearsal over the shards of `sink`, which is asked for them once.
    ///
    /// # Errors
    /// They could not be listed, or are being changed just now.
    pub async fn of(sink: Arc<dyn RecordSink>) -> Result<Self, SinkError> {
        let routing = sink.routing().await?;
        let mut map = ShardMap::default();
        map.refreshed(routing.shards.iter().copied(), Duration::ZERO);
        if !map.is_current() {
            return Err(SinkError {
                kind: SinkErrorKind::Transient,
                code: "ResourceInUse".into(),
                message: "the open shards do not cover all hash keys: the stream is being resharded".into(),
            });
        }
        let sums = Sums {
            shards: routing.shards.iter().map(|(shard, _)| (*shard, Share::default())).collect(),
            ..Sums::default()
        };
        Ok(Self { routing, map, sums: Mutex::new(sums) })
    }

    /// What would have been sent so far.
    #[must_use]
    pub fn sums(&self) -> Sums {
        self.sums.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, record: &Record, sums: &mut Sums) -> PutResult {
        let Some(shard) = self.map.predict(record.hash_key()) else {
            // The ranges tile, so this does not happen; a record must not get lost over it.
            let failed = "no open shard owns its hash key";
            return PutResult::Failed { code: "InternalFailure".into(), message: failed.into() };
        };
        let within = if record.data.starts_with(&MAGIC) { decode(&record.data).ok() } else { None };
        let records = match within {
            Some(aggregate) => {
                sums.aggregates += 1;
                sums.aggregated += aggregate.records.len() as u64;
                aggregate.records.len() as u64
            }
            None => {
                sums.alone += 1;
                1
            }
        };
        let share = sums.shards.entry(shard).or_default();
        share.records += records;
        share.kinesis_records += 1;
        share.bytes += record.size() as u64;
        PutResult::Put { shard, sequence: SequenceNumber::new("0") }
    }
}

#[async_trait]
impl RecordSink for Rehearsal {
    async fn put_records(&self, records: &[Record]) -> Result<Vec<PutResult>, SinkError> {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        sums.requests += 1;
        Ok(records.iter().map(|record| self.take(record, &mut sums)).collect())
    }

    async fn routing(&self) -> Result<Routing, SinkError> {
        Ok(self.routing.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use pipectl_shards::{HashKey, Lineage};

    use super::*;
    use crate::{Aggregation, Producer, Settings, flow::Limits};

    /// Lists shards, and must never be put to.
    struct Untouched(u32);

    #[async_trait]
    impl RecordSink for Untouched {
        async fn put_records(&self, _: &[Record]) -> Result<Vec<PutResult>, SinkError> {
            panic!("a rehearsal sends nothing")
        }

        async fn routing(&self) -> Result<Routing, SinkError> {
            let lineage = NonZeroU32::new(self.0).map(Lineage::uniform);
            let open = lineage.iter().flat_map(|lineage| lineage.open().map(|shard| (shard.id, shard.range)));
            Ok(Routing { shards: open.collect(), ..Routing::default() })
        }
    }

    #[tokio::test(start_paused = true)]
    async fn every_record_is_counted_on_the_shard_that_owns_it_and_none_is_sent() {
        let rehearsal = Arc::new(Rehearsal::of(Arc::new(Untouched(2))).await.unwrap());
        let aggregation = Some(Aggregation::default());
        let limits = Limits { aggregation, rate_limit: None, ..Limits::default() };
        let producer =
            Producer::start(rehearsal.clone(), Settings { limits, ..Settings::default() }, |_, _| {});
        for n in 0..3_000_u32 {
            let mut record = Record::new("key", vec![b'x'; 100]);
            let quarter = u128::MAX / 4;
            record.explicit_hash_key = Some(HashKey(if n % 3 == 0 { quarter } else { 3 * quarter }));
            producer.put(record).await.unwrap();
        }
        let account = producer.close().await.account;
        assert_eq!((account.put, account.delivered), (3_000, 3_000));
        let sums = rehearsal.sums();
        let records: Vec<u64> = sums.shards.values().map(|share| share.records).collect();
        assert_eq!(records, [1_000, 2_000]);
        assert_eq!(sums.total().records, sums.aggregated + sums.alone);
        assert!(sums.aggregates >= 6 && sums.aggregated > 2_000, "{sums:?}");
        assert_eq!(sums.requests, account.requests);
    }

    #[tokio::test]
    async fn shards_that_do_not_tile_are_an_error() {
        let error = Rehearsal::of(Arc::new(Untouched(0))).await.unwrap_err();
        assert_eq!(&*error.code, "ResourceInUse");
    }

    #[test]
    fn a_shard_takes_a_mebibyte_and_a_thousand_records_a_second() {
        let share = |kinesis_records, bytes| Share { records: 0, kinesis_records, bytes }.least_time();
        assert_eq!(share(500, 3 << 20), Duration::from_secs(3));
        assert_eq!(share(5_000, 3 << 20), Duration::from_secs(5));
    }
}
