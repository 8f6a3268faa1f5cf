//! Debezium's envelope around a change: `before`, `after`, `source`, `transaction`, `op`, and when it was seen.
//!
//! The fields and their order are those that Debezium 3 writes for PostgreSQL with `JsonConverter`, schemas off
//! (`schemas.enable=false`), and `provide.transaction.metadata=true`; the documentation of its PostgreSQL connector
//! says what each means.

use bytes::{BufMut, BytesMut};

use super::tables::{Change, Row};
use crate::generate::text::put_number;

/// What happened to the row.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operation {
    Read,
    Create,
    Update,
    Delete,
}

impl Operation {
    pub(super) fn of(change: &Change, snapshot: Snapshot) -> Self {
        match (change.before, change.after) {
            _ if !matches!(snapshot, Snapshot::Over) => Self::Read,
            (None, _) => Self::Create,
            (Some(_), Some(_)) => Self::Update,
            (Some(_), None) => Self::Delete,
        }
    }

    fn letter(self) -> u8 {
        match self {
            Self::Read => b'r',
            Self::Create => b'c',
            Self::Update => b'u',
            Self::Delete => b'd',
        }
    }
}

/// Where in the snapshot the event is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Snapshot {
    First,
    FirstInTable,
    Within,
    LastInTable,
    Last,
    /// The log is read now.
    Over,
}

impl Snapshot {
    fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::FirstInTable => "first_in_data_collection",
            Self::Within => "true",
            Self::LastInTable => "last_in_data_collection",
            Self::Last => "last",
            Self::Over => "false",
        }
    }
}

/// The transaction that makes the change.
#[derive(Debug)]
pub(super) struct Transaction {
    id: u64,
    /// Where the one before was committed.
    committed: u64,
    total: u64,
    customers: u64,
    orders: u64,
    of_table: u64,
}

impl Transaction {
    /// The one in which the snapshot is taken.
    pub(super) fn first(id: u64, lsn: u64) -> Self {
        Self { id, committed: lsn, total: 0, customers: 0, orders: 0, of_table: 0 }
    }

    /// The next one, after what was written up to here.
    pub(super) fn begin(&mut self, lsn: u64) {
        *self = Self::first(self.id + 1, lsn);
    }

    /// It changes this row, too.
    pub(super) fn count(&mut self, row: &Row) {
        self.total += 1;
        let table = match row {
            Row::Customer(_) => &mut self.customers,
            Row::Order(_) => &mut self.orders,
        };
        *table += 1;
        self.of_table = *table;
    }
}

/// One change with all that the envelope says of it; times are microseconds since 1970.
#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) operation: Operation,
    pub(super) snapshot: Snapshot,
    pub(super) transaction: &'a Transaction,
    pub(super) lsn: u64,
    pub(super) changed_at: u64,
    pub(super) seen_at: u64,
}

impl Event<'_> {
    pub(super) fn write(&self, out: &mut BytesMut, change: &Change) {
        out.put_slice(b"{\"before\":");
        put_row(out, change.before.as_ref());
        out.put_slice(b",\"after\":");
        put_row(out, change.after.as_ref());
        out.put_slice(b",\"source\":{\"version\":\"3.0.0.Final\",\"connector\":\"postgresql\",\"name\":\"shop\",\"ts_ms\":");
        put_number(out, self.changed_at / 1_000);
        out.put_slice(b",\"snapshot\":\"");
        out.put_slice(self.snapshot.word().as_bytes());
        out.put_slice(b"\",\"db\":\"shop\",\"sequence\":\"[");
        self.put_sequence(out);
        out.put_slice(b"]\"");
        put_micros_and_nanos(out, self.changed_at);
        out.put_slice(b",\"schema\":\"inventory\",\"table\":\"");
        out.put_slice(change.row().table().as_bytes());
        out.put_slice(b"\",\"txId\":");
        put_number(out, self.transaction.id);
        out.put_slice(b",\"lsn\":");
        put_number(out, self.lsn);
        out.put_slice(b",\"xmin\":null},\"transaction\":");
        self.put_transaction(out);
        out.put_slice(b",\"op\":\"");
        out.put_u8(self.operation.letter());
        out.put_slice(b"\",\"ts_ms\":");
        put_number(out, self.seen_at / 1_000);
        put_micros_and_nanos(out, self.seen_at);
        out.put_u8(b'}');
    }

    /// Where the last commit was, and where this is; a snapshot knows of no commit.
    fn put_sequence(&self, out: &mut BytesMut) {
        if matches!(self.snapshot, Snapshot::Over) {
            out.put_slice(b"\\\"");
            put_number(out, self.transaction.committed);
            out.put_slice(b"\\\"");
        } else {
            out.put_slice(b"null");
        }
        out.put_slice(b",\\\"");
        put_number(out, self.lsn);
        out.put_slice(b"\\\"");
    }

    fn put_transaction(&self, out: &mut BytesMut) {
        if !matches!(self.snapshot, Snapshot::Over) {
            return out.put_slice(b"null");
        }
        out.put_slice(b"{\"id\":\"");
        put_number(out, self.transaction.id);
        out.put_u8(b':');
        put_number(out, self.lsn);
        out.put_slice(b"\",\"total_order\":");
        put_number(out, self.transaction.total);
        out.put_slice(b",\"data_collection_order\":");
        put_number(out, self.transaction.of_table);
        out.put_u8(b'}');
    }
}

fn put_row(out: &mut BytesMut, row: Option<&Row>) {
    match row {
        Some(row) => row.write(out),
        None => out.put_slice(b"null"),
    }
}

fn put_micros_and_nanos(out: &mut BytesMut, micros: u64) {
    out.put_slice(b",\"ts_us\":");
    put_number(out, micros);
    out.put_slice(b",\"ts_ns\":");
    put_number(out, micros);
    out.put_slice(b"000");
}
