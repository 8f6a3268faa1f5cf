//! Gathers records into the batches a transform function is invoked with.

use std::time::Duration;

use tokio::time::Instant;

use super::event;
use crate::firehose::record::Record;

/// When a batch is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BatchLimits {
    /// `BufferSizeInMBs` of the processor, in bytes of data.
    pub(crate) size: usize,
    /// `BufferIntervalInSeconds` of the processor.
    pub(crate) interval: Duration,
}

/// The batch being gathered.
#[derive(Debug, Default)]
pub(crate) struct Batcher {
    records: Vec<Record>,
    data_bytes: usize,
    event_bytes: usize,
    opened: Option<Instant>,
}

impl Batcher {
    /// Adds a record. A batch that it completed comes back, or the one before it when the record no longer
    /// fitted into the payload an invocation may carry.
    pub(crate) fn push(&mut self, record: Record, limits: BatchLimits, now: Instant) -> Option<Vec<Record>> {
        let record_bytes = event::record_bound(&record);
        let overflowing = !self.records.is_empty()
            && event::ENVELOPE_BOUND + self.event_bytes + record_bytes > event::MAX_PAYLOAD;
        let closed = if overflowing { self.take() } else { None };
        self.opened.get_or_insert(now);
        self.data_bytes += record.data.len();
        self.event_bytes += record_bytes;
        self.records.push(record);
        if closed.is_none() && self.data_bytes >= limits.size { self.take() } else { closed }
    }

    /// The oldest record in it.
    pub(crate) fn first(&self) -> Option<&Record> {
        self.records.first()
    }

    /// When the batch has to be sent; `None` while it is empty.
    pub(crate) fn deadline(&self, limits: BatchLimits) -> Option<Instant> {
        self.opened.map(|opened| opened + limits.interval)
    }

    /// Takes the batch when its interval is over.
    pub(crate) fn take_due(&mut self, limits: BatchLimits, now: Instant) -> Option<Vec<Record>> {
        if self.deadline(limits).is_some_and(|deadline| deadline <= now) { self.take() } else { None }
    }

    /// Takes whatever there is.
    pub(crate) fn take(&mut self) -> Option<Vec<Record>> {
        self.opened.take()?;
        self.data_bytes = 0;
        self.event_bytes = 0;
        Some(std::mem::take(&mut self.records))
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    const LIMITS: BatchLimits = BatchLimits { size: 1000, interval: Duration::from_secs(60) };

    fn record(size: usize) -> Record {
        Record::put(Bytes::from(vec![b'x'; size]), 0)
    }

    #[test]
    fn a_batch_closes_at_its_size() {
        let now = Instant::now();
        let mut batcher = Batcher::default();
        assert!(batcher.push(record(999), LIMITS, now).is_none());
        assert_eq!(batcher.push(record(1), LIMITS, now).unwrap().len(), 2);
        assert!(batcher.take().is_none());
    }

    #[test]
    fn a_batch_closes_at_its_interval() {
        let now = Instant::now();
        let mut batcher = Batcher::default();
        assert!(batcher.take_due(LIMITS, now + Duration::from_secs(600)).is_none());
        batcher.push(record(1), LIMITS, now);
        assert!(batcher.take_due(LIMITS, now + Duration::from_secs(59)).is_none());
        assert_eq!(batcher.take_due(LIMITS, now + Duration::from_secs(60)).unwrap().len(), 1);
    }

    #[test]
    fn tiny_records_close_a_batch_before_the_payload_overflows() {
        let now = Instant::now();
        let limits = BatchLimits { size: 3 << 20, ..LIMITS };
        let mut batcher = Batcher::default();
        let closed = (0..100_000).find_map(|_| batcher.push(record(1), limits, now)).unwrap();
        assert!(closed.len() < 100_000);
        let ids = event::RecordIds::draw(closed.len(), 0);
        let payload = event::write(&event::Source::for_tests(), &closed, &ids, "0");
        assert!(payload.len() <= event::MAX_PAYLOAD, "{}", payload.len());
    }

    proptest! {
        #[test]
        fn every_record_is_in_one_batch_in_order(sizes in prop::collection::vec(0..1500_usize, 0..80)) {
            let now = Instant::now();
            let mut batcher = Batcher::default();
            let mut batches = Vec::new();
            for size in &sizes {
                batches.extend(batcher.push(record(*size), LIMITS, now));
            }
            batches.extend(batcher.take());
            let seen: Vec<usize> = batches.iter().flatten().map(|record| record.data.len()).collect();
            prop_assert_eq!(seen, sizes);
            prop_assert!(batches.iter().all(|batch| !batch.is_empty()));
        }
    }
}
