//! The way into a delivery: bounded in bytes, so that a destination that is down cannot fill the memory.
//!
//! A put that finds no room is refused and tried again by its client; a reader of a stream just waits.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use super::counters::Counters;
use crate::firehose::record::Record;
use crate::persist::firehose::{Chunk as Kept, Ledger};

/// Bytes of records that wait to be looked at.
pub(crate) const CAPACITY: usize = 32 << 20;

/// There was no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Full;

/// The delivery takes no more records: it is being shut down or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Closed;

/// The end that records are put into.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    chunks: mpsc::UnboundedSender<Chunk>,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
    ledger: Option<Arc<Ledger>>,
}

/// The end a delivery reads.
#[derive(Debug)]
pub(crate) struct Outlet {
    chunks: mpsc::UnboundedReceiver<Chunk>,
    room: Arc<Semaphore>,
}

/// Records that came in together, and the room they take.
#[derive(Debug)]
struct Chunk {
    records: Vec<Record>,
    permits: u32,
}

/// Both ends. What goes in is noted down in the ledger, where there is one.
pub(crate) fn channel(counters: Arc<Counters>, ledger: Option<Arc<Ledger>>) -> (Intake, Outlet) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(CAPACITY));
    (Intake { chunks: sender, room: Arc::clone(&room), counters, ledger }, Outlet { chunks: receiver, room })
}

impl Intake {
    /// Puts records in, all or none. One call at a time: chunks come out in the order of their numbers.
    pub(crate) fn try_put(&self, mut records: Vec<Record>) -> Result<(), Full> {
        let permits = permits(&records);
        let room = self.room.try_acquire_many(permits).map_err(|_| Full)?;
        if let Some(ledger) = &self.ledger {
            let written = ledger.put(records.iter().map(|record| (record.arrived_ms, &record.data)));
            let chunk = written.map_err(|error| {
                tracing::error!(%error, "records are refused: they cannot be written to the data folder");
                Full
            })?;
            number(&mut records, chunk);
        }
        room.forget();
        self.send(records, permits).map_err(|Closed| Full)
    }

    /// Puts records in as soon as there is room. They were read from a source, which is at this place after them.
    pub(crate) async fn put(&self, mut records: Vec<Record>, place: Option<String>) -> Result<(), Closed> {
        let permits = permits(&records);
        let room = self.room.acquire_many(permits).await.map_err(|_| Closed)?;
        if let (Some(ledger), Some(place)) = (&self.ledger, place) {
            number(&mut records, ledger.read(place));
        }
        room.forget();
        self.send(records, permits)
    }

    /// Puts in what an earlier process had taken and not delivered. It takes no room: it had it there.
    pub(crate) fn restore(&self, backlog: Vec<(u64, Kept)>) {
        for (chunk, records) in backlog {
            let mut records: Vec<Record> =
                records.into_iter().map(|(arrived_ms, data)| Record::put(data, arrived_ms)).collect();
            number(&mut records, chunk);
            // The outlet is there: nobody has taken it yet.
            let _ = self.send(records, 0);
        }
    }

    /// Returns once the delivery takes no more records.
    pub(crate) async fn closed(&self) {
        self.chunks.closed().await;
    }

    fn send(&self, records: Vec<Record>, permits: u32) -> Result<(), Closed> {
        // Counted before it is sent: the account must never show more gone than came.
        let count = u64::try_from(records.len()).unwrap_or(u64::MAX);
        self.counters.received(count);
        self.chunks.send(Chunk { records, permits }).map_err(|_| {
            self.counters.turned_away(count);
            Closed
        })
    }
}

impl Outlet {
    /// The next records; `None` when every intake is gone and nothing is left.
    pub(crate) async fn next(&mut self) -> Option<Vec<Record>> {
        let chunk = self.chunks.recv().await?;
        self.room.add_permits(usize::try_from(chunk.permits).unwrap_or(CAPACITY));
        Some(chunk.records)
    }

    /// Refuses what comes from now on; what is in already can still be read.
    pub(crate) fn close(&mut self) {
        self.chunks.close();
        self.room.close();
    }
}

impl Drop for Outlet {
    fn drop(&mut self) {
        // Whoever waits for room must not wait for ever.
        self.room.close();
    }
}

fn number(records: &mut [Record], chunk: u64) {
    for record in records {
        record.chunk = chunk;
    }
}

/// The room records take. More than the whole capacity counts as the whole: such a chunk gets in alone.
fn permits(records: &[Record]) -> u32 {
    let cost = records.iter().map(Record::cost).sum::<usize>().min(CAPACITY);
    u32::try_from(cost).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn records(count: usize, size: usize) -> Vec<Record> {
        let record = Record::put(Bytes::from(vec![0; size]), 0);
        vec![record; count]
    }

    #[tokio::test]
    async fn what_goes_in_comes_out() {
        let counters = Arc::new(Counters::default());
        let (intake, mut outlet) = channel(Arc::clone(&counters), None);
        intake.try_put(records(3, 10)).unwrap();
        assert_eq!(counters.account().received, 3);
        assert_eq!(outlet.next().await.unwrap().len(), 3);
        drop(intake);
        assert!(outlet.next().await.is_none());
    }

    #[tokio::test]
    async fn a_full_intake_refuses_until_something_was_read() {
        let counters = Arc::new(Counters::default());
        let (intake, mut outlet) = channel(Arc::clone(&counters), None);
        let mut accepted = 0;
        while intake.try_put(records(4, 1_000_000)).is_ok() {
            accepted += 4;
        }
        assert_eq!(accepted, 32);
        assert_eq!(counters.account().received, 32);
        outlet.next().await.unwrap();
        intake.try_put(records(4, 1_000_000)).unwrap();
    }

    #[tokio::test]
    async fn empty_records_take_room_too() {
        let (intake, _outlet) = channel(Arc::default(), None);
        let accepted = (0..10_000).take_while(|_| intake.try_put(records(500, 0)).is_ok()).count();
        assert!(accepted < 1_000, "{accepted}");
    }

    #[tokio::test]
    async fn a_reader_waits_for_room() {
        let (intake, mut outlet) = channel(Arc::default(), None);
        intake.put(records(1, CAPACITY), None).await.unwrap();
        let waiting = tokio::spawn({
            let intake = intake.clone();
            async move { intake.put(records(1, 1), None).await }
        });
        outlet.next().await.unwrap();
        waiting.await.unwrap().unwrap();
        assert_eq!(outlet.next().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_delivery_that_is_gone() {
        let (intake, outlet) = channel(Arc::default(), None);
        intake.put(records(1, CAPACITY), None).await.unwrap();
        let waiting = tokio::spawn(async move { intake.put(records(1, 1), None).await });
        drop(outlet);
        assert_eq!(waiting.await.unwrap(), Err(Closed));
    }

    #[tokio::test]
    async fn a_closed_intake_takes_nothing_and_keeps_what_it_has() {
        let counters = Arc::new(Counters::default());
        let (intake, mut outlet) = channel(Arc::clone(&counters), None);
        intake.try_put(records(1, 1)).unwrap();
        outlet.close();
        assert_eq!(intake.try_put(records(1, 1)), Err(Full));
        assert_eq!(intake.put(records(1, 1), None).await, Err(Closed));
        assert_eq!(counters.account().received, 1);
        intake.closed().await;
        assert_eq!(outlet.next().await.unwrap().len(), 1);
        assert!(outlet.next().await.is_none());
    }
}
