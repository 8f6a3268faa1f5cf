//! The account of one delivery: every record that came in is delivered, dropped, failed, lost or pending.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// Counts, moved once per chunk, batch or object, never per record.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    received: AtomicU64,
    delivered: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    lost: AtomicU64,
    objects: AtomicU64,
    error_objects: AtomicU64,
    bytes: AtomicU64,
    backed_up: AtomicU64,
    backup_objects: AtomicU64,
}

/// The counts at one moment, as `GET /_pipectl/deliveries` shows them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Account {
    /// Records accepted, or read from the source. Records within one count each.
    pub(crate) received: u64,
    /// Records in data objects that were written, or in requests that an HTTP endpoint took.
    pub(crate) delivered: u64,
    /// Records the transform dropped.
    pub(crate) dropped: u64,
    /// Records in error objects that were written.
    pub(crate) failed: u64,
    /// Records given up.
    pub(crate) lost: u64,
    /// Records still on their way.
    pub(crate) pending: u64,
    /// Data objects written, or requests an HTTP endpoint took.
    pub(crate) objects: u64,
    /// Error objects written.
    pub(crate) error_objects: u64,
    /// Bytes of data objects, as written.
    pub(crate) bytes: u64,
    /// Records in backup objects that were written, as they were sent.
    pub(crate) backed_up: u64,
    /// Backup objects written.
    pub(crate) backup_objects: u64,
}

/// What kind of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Delivered records.
    Data,
    /// Failed records.
    Errors,
    /// Records as they were sent, beside where they are delivered.
    Backup,
}

impl Counters {
    /// Records came in.
    pub(crate) fn received(&self, records: u64) {
        self.received.fetch_add(records, Ordering::Relaxed);
    }

    /// Records that were counted as received did not come in after all.
    pub(crate) fn turned_away(&self, records: u64) {
        self.received.fetch_sub(records, Ordering::Relaxed);
    }

    /// The transform dropped records.
    pub(crate) fn dropped(&self, records: u64) {
        self.dropped.fetch_add(records, Ordering::Relaxed);
    }

    /// Records were given up. Backups are no records of their own.
    pub(crate) fn lost(&self, kind: Kind, records: u64) {
        if kind != Kind::Backup {
            self.lost.fetch_add(records, Ordering::Relaxed);
        }
    }

    /// An object was written.
    pub(crate) fn written(&self, kind: Kind, records: u64, bytes: u64) {
        match kind {
            Kind::Data => {
                self.objects.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(bytes, Ordering::Relaxed);
                self.delivered.fetch_add(records, Ordering::Relaxed);
            }
            Kind::Errors => {
                self.error_objects.fetch_add(1, Ordering::Relaxed);
                self.failed.fetch_add(records, Ordering::Relaxed);
            }
            Kind::Backup => {
                self.backup_objects.fetch_add(1, Ordering::Relaxed);
                self.backed_up.fetch_add(records, Ordering::Relaxed);
            }
        }
    }

    /// The account as it stands.
    pub(crate) fn account(&self) -> Account {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        // What has left is read first: a record between the two reads counts as pending, not as negative.
        let (delivered, dropped, failed) = (read(&self.delivered), read(&self.dropped), read(&self.failed));
        let lost = read(&self.lost);
        let received = read(&self.received);
        Account {
            received,
            delivered,
            dropped,
            failed,
            lost,
            pending: received.saturating_sub(delivered + dropped + failed + lost),
            objects: read(&self.objects),
            error_objects: read(&self.error_objects),
            bytes: read(&self.bytes),
            backed_up: read(&self.backed_up),
            backup_objects: read(&self.backup_objects),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_record_is_somewhere() {
        let counters = Counters::default();
        counters.received(12);
        counters.dropped(1);
        counters.written(Kind::Data, 6, 600);
        counters.written(Kind::Errors, 2, 999);
        counters.written(Kind::Backup, 12, 999);
        counters.lost(Kind::Data, 2);
        counters.lost(Kind::Backup, 7);
        assert_eq!(
            counters.account(),
            Account {
                received: 12,
                delivered: 6,
                dropped: 1,
                failed: 2,
                lost: 2,
                pending: 1,
                objects: 1,
                error_objects: 1,
                bytes: 600,
                backed_up: 12,
                backup_objects: 1,
            }
        );
    }
}
