//! Changes of database rows, as Debezium 3 captures them from PostgreSQL and its Kinesis sink puts them.
//!
//! First a snapshot reads every row there is (`op` `r`); from then on come transactions of one to four changes
//! (`c`, `u`, `d`), in the order of the log. Two tables of Debezium's tutorial, `customers` and `orders`: an order
//! belongs to a customer that exists, and a customer with orders is not deleted.
//!
//! What a reader may rely on: a row is created before it changes and changes before it is deleted; `before` is the
//! `after` of the event before on that row (`REPLICA IDENTITY FULL`); `lsn` and `txId` never go back. So the events
//! of a partition key, replayed in order, rebuild the row.
//!
//! The partition key is the event's key as `KinesisChangeConsumer` of debezium-server has it, with schemas off:
//! `{"id":1001}`. Tables share one stream here, so a customer and an order of one number share a key. The tombstone
//! that can follow a delete is left out (`tombstones.on.delete=false`): Kinesis would carry it as an empty record.

mod envelope;
mod tables;

use std::time::Duration;

use bytes::BytesMut;
use jiff::Timestamp;

use self::envelope::{Event, Operation, Snapshot, Transaction};
use self::tables::{Change, Tables};
use crate::generate::clock::Clock;
use crate::generate::text::CHUNK;
use crate::record::Record;

/// More than an event takes.
const LINE: usize = 2_048;

/// Changes of one transaction, at most.
const CHANGES: u8 = 4;

/// Where the log begins: somewhere.
const FIRST_LSN: u64 = 24_023_128;
const FIRST_TRANSACTION: u64 = 750;

/// An endless, deterministic stream of row changes.
#[derive(Debug)]
pub struct Changes {
    random: fastrand::Rng,
    clock: Clock,
    chunk: BytesMut,
    tables: Tables,
    /// Rows of the snapshot that were read; nothing once it is complete, for then the tables change.
    snapshot: Option<usize>,
    lsn: u64,
    transaction: Transaction,
    /// Changes that the transaction still makes.
    left: u8,
}

impl Changes {
    /// The changes of a seed. The snapshot is taken at `start`, and transactions are a few milliseconds apart.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let clock = Clock::new(start);
        let tables = Tables::new(&mut random, clock.micros());
        Self {
            random,
            clock,
            chunk: BytesMut::new(),
            tables,
            snapshot: Some(0),
            lsn: FIRST_LSN,
            transaction: Transaction::first(FIRST_TRANSACTION, FIRST_LSN),
            left: 0,
        }
    }

    /// With changes so far apart on average; those of one transaction are made at once.
    #[must_use]
    pub fn every(mut self, interval: Duration) -> Self {
        // A transaction makes two and a half changes on average.
        self.clock.set_interval(interval.saturating_mul(u32::from(CHANGES) + 1) / 2);
        self
    }

    /// The next row of the snapshot; `None` when it is complete.
    fn read(&mut self) -> Option<(Change, Snapshot)> {
        let at = self.snapshot?;
        let read = self.tables.snapshot(at);
        self.snapshot = read.is_some().then_some(at + 1);
        let (row, snapshot) = read?;
        Some((Change { before: None, after: Some(row) }, snapshot))
    }

    fn change(&mut self) -> Change {
        if self.left == 0 {
            self.clock.advance(&mut self.random);
            self.left = self.random.u8(1..=CHANGES);
            self.transaction.begin(self.lsn);
        }
        self.left -= 1;
        self.lsn += self.random.u64(56..400);
        let change = self.tables.change(&mut self.random, self.clock.micros());
        self.transaction.count(change.row());
        change
    }

    fn record(&mut self, change: Change, snapshot: Snapshot) -> Record {
        if self.chunk.capacity() < LINE {
            self.chunk.reserve(CHUNK);
        }
        let event = Event {
            operation: Operation::of(&change, snapshot),
            snapshot,
            transaction: &self.transaction,
            lsn: self.lsn,
            changed_at: self.clock.micros(),
            // Debezium sees a change a little after it was made.
            seen_at: self.clock.micros() + self.random.u64(900..250_000),
        };
        let key = format!("{{\"id\":{}}}", change.row().id());
        event.write(&mut self.chunk, &change);
        Record::new(key, self.chunk.split().freeze())
    }
}

impl Iterator for Changes {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let (change, snapshot) = match self.read() {
            Some(read) => read,
            None => (self.change(), Snapshot::Over),
        };
        Some(self.record(change, snapshot))
    }
}

#[cfg(test)]
mod tests;
