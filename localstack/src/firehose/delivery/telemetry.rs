//! The one place where a delivery tells what happened: each event moves the account and samples the metrics of
//! `AWS/Firehose`. Stages call these and nothing else.

use std::time::Duration;

use super::Shared;
use super::counters::Kind;
use crate::firehose::buffer::Tally;
use crate::firehose::ports::Unit;
use crate::firehose::settings::{Destination, Target};

/// The metrics of what is sent to one kind of destination.
struct Names {
    success: &'static str,
    records: &'static str,
    bytes: &'static str,
    freshness: &'static str,
}

const TO_S3: Names = Names {
    success: "DeliveryToS3.Success",
    records: "DeliveryToS3.Records",
    bytes: "DeliveryToS3.Bytes",
    freshness: "DeliveryToS3.DataFreshness",
};
const TO_BACKUP: Names = Names {
    success: "BackupToS3.Success",
    records: "BackupToS3.Records",
    bytes: "BackupToS3.Bytes",
    freshness: "BackupToS3.DataFreshness",
};
const TO_ENDPOINT: Names = Names {
    success: "DeliveryToHttpEndpoint.Success",
    records: "DeliveryToHttpEndpoint.Records",
    bytes: "DeliveryToHttpEndpoint.Bytes",
    freshness: "DeliveryToHttpEndpoint.DataFreshness",
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
            self.sample("DataReadFromKinesisStream.Records", records, Unit::Count);
            self.sample("DataReadFromKinesisStream.Bytes", bytes, Unit::Bytes);
        }
        self.sample("IncomingRecords", records, Unit::Count);
        self.sample("IncomingBytes", bytes, Unit::Bytes);
    }

    /// The function was invoked.
    pub(super) fn invoked(&self, succeeded: bool, took: Duration) {
        self.sample("ExecuteProcessing.Success", usize::from(succeeded), Unit::Count);
        self.sample("ExecuteProcessing.Duration", millis(took), Unit::Milliseconds);
    }

    /// A batch came back from the function: so many records were all right, and that is what they weighed before.
    pub(super) fn transformed(&self, records: usize, bytes: usize, dropped: u64) {
        self.counters.dropped(dropped);
        self.sample("SucceedProcessing.Records", records, Unit::Count);
        self.sample("SucceedProcessing.Bytes", bytes, Unit::Bytes);
    }

    /// The metadata extraction saw a batch.
    pub(super) fn extracted(&self, took: Duration) {
        self.sample("JQProcessing.Duration", millis(took), Unit::Milliseconds);
    }

    /// Records were decompressed, or were not.
    pub(super) fn unpacked(&self, succeeded: bool, bytes: usize) {
        let (records, size) = if succeeded {
            ("OutputDecompressedRecords.Success", "OutputDecompressedBytes.Success")
        } else {
            ("OutputDecompressedRecords.Failed", "OutputDecompressedBytes.Failed")
        };
        self.sample(records, 1, Unit::Count);
        self.sample(size, bytes, Unit::Bytes);
    }

    /// So many partitions are open; a record may just have found no room for one more.
    pub(super) fn partitions(&self, open: usize, exceeded: bool) {
        self.sample("PartitionCount", open, Unit::Count);
        self.sample("PartitionCountExceeded", usize::from(exceeded), Unit::Count);
    }

    /// An object or a request was tried.
    pub(super) fn tried(&self, kind: Kind, destination: &Destination, succeeded: bool) {
        self.sample(names(kind, destination).success, usize::from(succeeded), Unit::Count);
    }

    /// An object was written, or a request was taken: it has as many bytes as `sent`.
    pub(super) fn delivered(&self, kind: Kind, destination: &Destination, tally: &Tally, sent: usize) {
        let bytes = u64::try_from(sent).unwrap_or(u64::MAX);
        self.counters.written(kind, tally.records, bytes);
        let names = names(kind, destination);
        let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
        self.sample(names.records, count(tally.records), Unit::Count);
        self.sample(names.bytes, count(tally.original_bytes), Unit::Bytes);
        let age = self.clock.epoch_millis().saturating_sub(tally.oldest_ms).max(0) / 1000;
        self.sample(names.freshness, usize::try_from(age).unwrap_or(usize::MAX), Unit::Seconds);
        if kind == Kind::Data && matches!(destination.target, Target::S3(Some(_))) {
            self.sample("DeliveryToS3.ObjectCount", 1, Unit::Count);
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
