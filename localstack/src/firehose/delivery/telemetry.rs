//! The one place where a delivery tells what happened: each event moves the account and samples the metrics of
//! `AWS/Firehose`. Stages call these and nothing else.

use std::time::Duration;

use super::Shared;
use super::counters::Kind;
use crate::firehose::buffer::Tally;
use crate::firehose::metrics::Metric;
use crate::firehose::settings::{Destination, Target};

/// The metrics of what is sent to one kind of destination.
struct Names {
    success: Metric,
    records: Metric,
    bytes: Metric,
    freshness: Metric,
}

const TO_S3: Names = Names {
    success: Metric::BucketSuccess,
    records: Metric::BucketRecords,
    bytes: Metric::BucketBytes,
    freshness: Metric::BucketFreshness,
};
const TO_BACKUP: Names = Names {
    success: Metric::BackupSuccess,
    records: Metric::BackupRecords,
    bytes: Metric::BackupBytes,
    freshness: Metric::BackupFreshness,
};
const TO_ENDPOINT: Names = Names {
    success: Metric::EndpointSuccess,
    records: Metric::EndpointRecords,
    bytes: Metric::EndpointBytes,
    freshness: Metric::EndpointFreshness,
};

/// The bucket beside an HTTP endpoint is a backup, whatever is in it.
fn names(kind: Kind, destination: &Destination) -> &'static Names {
    match (kind, &destination.target) {
        (Kind::Data, Target::S3(_)) | (Kind::Errors, Target::S3(_)) => &TO_S3,
        (Kind::Data, Target::Http(_)) => &TO_ENDPOINT,
        (Kind::Backup, _) | (Kind::Errors, Target::Http(_)) => &TO_BACKUP,
    }
}

impl Shared {
    /// Records were put, or read from the source.
    pub(super) fn took_in(&self, records: usize, bytes: usize) {
        if !self.direct {
            self.sample(Metric::ReadRecords, records);
            self.sample(Metric::ReadBytes, bytes);
        }
        self.sample(Metric::IncomingRecords, records);
        self.sample(Metric::IncomingBytes, bytes);
    }

    /// The function was invoked.
    pub(super) fn invoked(&self, succeeded: bool, took: Duration) {
        self.sample(Metric::ExecuteSuccess, usize::from(succeeded));
        self.sample(Metric::ExecuteDuration, millis(took));
    }

    /// A batch came back from the function: so many records were all right, those that it dropped among them, and that is what
    /// they weighed before.
    pub(super) fn transformed(&self, records: usize, bytes: usize, dropped: usize) {
        self.counters.dropped(u64::try_from(dropped).unwrap_or(u64::MAX));
        self.sample(Metric::SucceedRecords, records);
        self.sample(Metric::SucceedBytes, bytes);
    }

    /// The metadata extraction saw a batch.
    pub(super) fn extracted(&self, took: Duration) {
        self.sample(Metric::JqDuration, millis(took));
    }

    /// Records were decompressed, or were not.
    pub(super) fn unpacked(&self, succeeded: bool, bytes: usize) {
        let (records, size) = if succeeded {
            (Metric::UnpackedRecords, Metric::UnpackedBytes)
        } else {
            (Metric::UnpackedRecordsFailed, Metric::UnpackedBytesFailed)
        };
        self.sample(records, 1);
        self.sample(size, bytes);
    }

    /// So many partitions are open; a record may just have found no room for one more.
    pub(super) fn partitions(&self, open: usize, exceeded: bool) {
        self.sample(Metric::PartitionCount, open);
        self.sample(Metric::PartitionCountExceeded, usize::from(exceeded));
    }

    /// An object or a request was tried.
    pub(super) fn tried(&self, kind: Kind, destination: &Destination, succeeded: bool) {
        self.sample(names(kind, destination).success, usize::from(succeeded));
    }

    /// A request is sent to an endpoint, for the first time or again.
    pub(super) fn attempted(&self, records: usize, bytes: usize) {
        self.sample(Metric::EndpointProcessedRecords, records);
        self.sample(Metric::EndpointProcessedBytes, bytes);
    }

    /// An object was written, or a request was taken: it has as many bytes as `sent`.
    pub(super) fn delivered(&self, kind: Kind, destination: &Destination, tally: &Tally, sent: usize) {
        let bytes = u64::try_from(sent).unwrap_or(u64::MAX);
        self.counters.written(kind, tally.records, bytes);
        let names = names(kind, destination);
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        self.sample(names.records, count(tally.records));
        self.sample(names.bytes, count(tally.original_bytes));
        let age = self.clock.epoch_millis().saturating_sub(tally.oldest_ms).max(0) / 1000;
        self.sample(names.freshness, usize::try_from(age).unwrap_or(usize::MAX));
        if kind == Kind::Data && matches!(destination.target, Target::S3(Some(_))) {
            self.sample(Metric::BucketObjects, 1);
        }
    }

    /// Records were given up.
    pub(super) fn lost(&self, kind: Kind, tally: &Tally) {
        self.counters.lost(kind, tally.records);
    }
}

fn millis(time: Duration) -> usize {
    usize::try_from(time.as_millis()).unwrap_or(usize::MAX)
}
