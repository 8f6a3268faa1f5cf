//! Gathers records into requests: as many as `PutRecords` takes, by count and by bytes.

use std::collections::VecDeque;
use std::time::Duration;

use pipectl_shards::limits::{PUT_RECORDS_MAX_BYTES, PUT_RECORDS_MAX_COUNT};

use crate::outcome::Attempts;
use crate::parcel::{Parcel, Prediction};
use crate::record::Record;

/// A record on its way.
#[derive(Clone, Debug)]
pub struct Pending {
    /// The record.
    pub record: Record,
    /// What is known of it so far.
    pub track: Track,
}

/// What is known of a record on its way.
#[derive(Clone, Debug, Default)]
pub struct Track {
    /// When it was put, counted from the start of the producer.
    pub put_at: Duration,
    /// What was tried.
    pub attempts: Attempts,
    /// Where it is to land; nothing where nobody relies on it.
    pub(crate) prediction: Option<Prediction>,
    /// Which flush it belongs to.
    pub(crate) epoch: u64,
}

/// What one request carries: Kinesis records, and who rides in each at the same index.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// What is sent.
    pub records: Vec<Record>,
    riders: Vec<Riders>,
}

#[derive(Clone, Debug)]
enum Riders {
    /// The record is the user's.
    Itself(Track),
    /// It is an aggregate of these.
    Members(Vec<Pending>),
}

impl Riders {
    fn count(&self) -> u64 {
        match self {
            Self::Itself(_) => 1,
            Self::Members(members) => members.len() as u64,
        }
    }
}

impl Batch {
    /// What was sent, as it was gathered.
    pub fn into_parcels(self) -> impl Iterator<Item = Parcel> {
        self.records.into_iter().zip(self.riders).map(|(record, riders)| match riders {
            Riders::Itself(track) => Parcel::Alone(Pending { record, track }),
            Riders::Members(members) => Parcel::Aggregate { record, members },
        })
    }

    /// The user records.
    pub fn into_pending(self) -> impl Iterator<Item = Pending> {
        self.into_parcels().flat_map(Parcel::into_members)
    }

    /// How many user records it carries.
    #[must_use]
    pub fn user_records(&self) -> u64 {
        self.riders.iter().map(Riders::count).sum()
    }

    /// What Kinesis counts of it against its limits, in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.records.iter().map(|record| record.size() as u64).sum()
    }

    fn push(&mut self, parcel: Parcel) {
        let (record, riders) = match parcel {
            Parcel::Alone(Pending { record, track }) => (record, Riders::Itself(track)),
            Parcel::Aggregate { record, members } => (record, Riders::Members(members)),
        };
        self.records.push(record);
        self.riders.push(riders);
    }
}

/// What is ready to be sent, in the order it became so.
#[derive(Debug, Default)]
pub struct Collector {
    ready: VecDeque<(Duration, Parcel)>,
    bytes: usize,
}

impl Collector {
    /// Adds what is ready since `now`.
    pub fn push(&mut self, parcel: Parcel, now: Duration) {
        self.bytes += parcel.record().size();
        self.ready.push_back((now, parcel));
    }

    pub(crate) fn push_all(&mut self, parcels: impl IntoIterator<Item = Parcel>, now: Duration) {
        parcels.into_iter().for_each(|parcel| self.push(parcel, now));
    }

    /// Whether a request would be full.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.ready.len() >= PUT_RECORDS_MAX_COUNT || self.bytes >= PUT_RECORDS_MAX_BYTES
    }

    /// Since when what is at the front is ready; `None` when nothing is.
    #[must_use]
    pub fn oldest(&self) -> Option<Duration> {
        self.ready.front().map(|(since, _)| *since)
    }

    /// Takes what is at the front.
    pub fn pop(&mut self) -> Option<Parcel> {
        let (_, parcel) = self.ready.pop_front()?;
        self.bytes -= parcel.record().size();
        Some(parcel)
    }

    /// Takes what one request can carry, from the front; what is `stale` goes to `gone` instead, taken apart. Empty
    /// when nothing is ready.
    ///
    /// A record larger than a whole request is taken alone; the caller keeps such records out.
    pub fn take_batch(&mut self, stale: impl Fn(&Track) -> bool, gone: &mut Vec<Pending>) -> Batch {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while let Some((_, next)) = self.ready.front() {
            let size = next.record().size();
            let full = batch.records.len() == PUT_RECORDS_MAX_COUNT
                || (bytes > 0 && bytes + size > PUT_RECORDS_MAX_BYTES);
            if full {
                break;
            }
            let Some(parcel) = self.pop() else { break };
            if parcel.has(&stale) {
                gone.extend(parcel.into_members());
                continue;
            }
            bytes += size;
            batch.push(parcel);
        }
        batch
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pending(n: usize, size: usize) -> Parcel {
        Parcel::Alone(Pending {
            record: Record::new(format!("{n:08}"), vec![0; size]),
            track: Track::default(),
        })
    }

    fn take(collector: &mut Collector) -> Batch {
        collector.take_batch(|_| false, &mut Vec::new())
    }

    #[test]
    fn a_batch_ends_at_five_hundred_records() {
        let mut collector = Collector::default();
        (0..501).for_each(|n| collector.push(pending(n, 1), Duration::ZERO));
        assert!(collector.is_full());
        assert_eq!(take(&mut collector).records.len(), 500);
        assert!(!collector.is_full());
        assert_eq!(take(&mut collector).records.len(), 1);
        assert!(take(&mut collector).records.is_empty());
    }

    #[test]
    fn a_batch_ends_at_ten_mebibytes_with_keys() {
        let mut collector = Collector::default();
        (0..10).for_each(|n| collector.push(pending(n, 1024 * 1024), Duration::ZERO));
        assert!(collector.is_full());
        assert_eq!(take(&mut collector).records.len(), 9, "ten of 1 MiB pass 10 MiB by their keys");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn batches_hold_every_record_once_in_order_and_within_the_limits(
            sizes in prop::collection::vec(prop_oneof![0_usize..2_000, 0_usize..1_040_000], 0..700)
        ) {
            let mut collector = Collector::default();
            for (n, size) in sizes.iter().enumerate() {
                collector.push(pending(n, *size), Duration::ZERO);
            }
            let mut keys = Vec::new();
            loop {
                let batch = take(&mut collector);
                if batch.records.is_empty() {
                    break;
                }
                prop_assert!(batch.records.len() <= PUT_RECORDS_MAX_COUNT);
                prop_assert!(batch.records.iter().map(Record::size).sum::<usize>() <= PUT_RECORDS_MAX_BYTES);
                keys.extend(batch.records.into_iter().map(|record| record.partition_key));
            }
            prop_assert_eq!(collector.bytes, 0);
            prop_assert_eq!(keys, (0..sizes.len()).map(|n| format!("{n:08}")).collect::<Vec<_>>());
        }
    }
}
