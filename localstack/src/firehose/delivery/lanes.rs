//! The buffers of a delivery, one for each object that is being gathered.

use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use tokio::time::Instant;

use super::Configured;
use super::counters::Kind;
use crate::firehose::buffer::{BufferHints, Filled, ObjectBuffer, Tally};
use crate::firehose::prefix::ErrorOutputType;
use crate::firehose::processors::partition::Partition;
use crate::firehose::record::Record;
use crate::firehose::settings::{Destination, Target};

/// Partitions that may be open at once: AWS's quota.
const MOST_PARTITIONS: usize = 500;
/// Bytes gathered for all partitions together. A hint of 128 MiB for each of 500 would be 64 GB: past this the largest
/// buffer is written before its time, which hints allow.
const MOST_BYTES: usize = 256 << 20;
/// Records in a request to an HTTP endpoint: `maxItems` in the schema of the request in the Firehose guide.
const MOST_RECORDS: usize = 10_000;

/// Which object a record goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// The destination, a partition of it where it is partitioned.
    Data(Option<Partition>),
    /// The error output.
    Errors(ErrorOutputType),
    /// The backup.
    Backup,
}

impl Lane {
    /// What the account calls it.
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Data(_) => Kind::Data,
            Self::Errors(_) => Kind::Errors,
            Self::Backup => Kind::Backup,
        }
    }
}

/// What was gathered for one object, closed.
#[derive(Debug)]
pub(super) struct Sealed {
    /// Where it goes.
    pub(super) lane: Lane,
    /// What it is.
    pub(super) filled: Filled,
    /// The settings it was gathered under.
    pub(super) under: Arc<Configured>,
}

/// A record would open a partition too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooMany;

/// The buffers.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    data: IndexMap<Option<Partition>, ObjectBuffer>,
    data_bytes: usize,
    errors: BTreeMap<ErrorOutputType, ObjectBuffer>,
    backup: ObjectBuffer,
}

impl Lanes {
    /// Puts what became of a record into the buffer of its partition. An object that is full comes back.
    pub(super) fn push_data(
        &mut self,
        partition: Option<Partition>,
        output: &[u8],
        of: &Record,
        configured: &Arc<Configured>,
        now: Instant,
    ) -> Result<Option<Sealed>, TooMany> {
        let destination = &configured.destination;
        if !self.data.contains_key(&partition) && self.data.len() >= MOST_PARTITIONS {
            return Err(TooMany);
        }
        let buffer = self.data.entry(partition.clone()).or_default();
        let before = buffer.len();
        let delimiter = destination.processing.delimiter;
        if matches!(destination.target, Target::Http(_)) {
            let place =
                of.kinesis.as_ref().map(|kinesis| (Arc::clone(&kinesis.sequence), kinesis.subsequence));
            buffer.push_marked(output, tally(of), delimiter, place, now);
        } else {
            buffer.push(output, tally(of), delimiter, now);
        }
        self.data_bytes += buffer.len() - before;
        if !buffer.is_full(destination.hints()) && buffer.marked() < MOST_RECORDS {
            return Ok(None);
        }
        Ok(self.seal_data(&partition, configured))
    }

    /// Puts a line that keeps a failed record into the error output.
    pub(super) fn push_error(
        &mut self,
        kind: ErrorOutputType,
        line: &str,
        of: Tally,
        configured: &Arc<Configured>,
        now: Instant,
    ) -> Option<Sealed> {
        let buffer = self.errors.entry(kind).or_default();
        buffer.push(line.as_bytes(), of, None, now);
        buffer
            .is_full(configured.destination.place.hints)
            .then(|| seal(Lane::Errors(kind), buffer, configured))
            .flatten()
    }

    /// Puts a record as it was sent into the backup.
    pub(super) fn push_backup(
        &mut self,
        record: &Record,
        hints: BufferHints,
        configured: &Arc<Configured>,
        now: Instant,
    ) -> Option<Sealed> {
        self.backup.push(record.sent(), tally(record), None, now);
        self.backup.is_full(hints).then(|| seal(Lane::Backup, &mut self.backup, configured)).flatten()
    }

    /// Takes the objects that are due, or all.
    pub(super) fn take_due(&mut self, configured: &Arc<Configured>, now: Instant, all: bool) -> Vec<Sealed> {
        let destination = &configured.destination;
        let hints = destination.hints();
        let due = |buffer: &ObjectBuffer| all || buffer.is_due(hints, now);
        let partitions: Vec<Option<Partition>> = self
            .data
            .iter()
            .filter(|(_, buffer)| due(buffer))
            .map(|(partition, _)| partition.clone())
            .collect();
        let mut sealed: Vec<Sealed> =
            partitions.iter().filter_map(|partition| self.seal_data(partition, configured)).collect();
        while self.data_bytes > MOST_BYTES
            && let Some((largest, _)) = self.data.iter().max_by_key(|(_, buffer)| buffer.len())
        {
            let largest = largest.clone();
            sealed.extend(self.seal_data(&largest, configured));
        }
        for (kind, buffer) in &mut self.errors {
            if all || buffer.is_due(destination.place.hints, now) {
                sealed.extend(seal(Lane::Errors(*kind), buffer, configured));
            }
        }
        if all || self.backup.is_due(backup_hints(destination), now) {
            sealed.extend(seal(Lane::Backup, &mut self.backup, configured));
        }
        sealed
    }

    /// Takes the objects that hold something of a chunk before this one.
    pub(super) fn take_before(&mut self, chunk: u64, configured: &Arc<Configured>) -> Vec<Sealed> {
        let old = |buffer: &ObjectBuffer| buffer.chunk().is_some_and(|first| first < chunk);
        let partitions: Vec<Option<Partition>> = self
            .data
            .iter()
            .filter(|(_, buffer)| old(buffer))
            .map(|(partition, _)| partition.clone())
            .collect();
        let mut sealed: Vec<Sealed> =
            partitions.iter().filter_map(|partition| self.seal_data(partition, configured)).collect();
        for (kind, buffer) in self.errors.iter_mut().filter(|(_, buffer)| old(buffer)) {
            sealed.extend(seal(Lane::Errors(*kind), buffer, configured));
        }
        if old(&self.backup) {
            sealed.extend(seal(Lane::Backup, &mut self.backup, configured));
        }
        sealed
    }

    /// When something is due next.
    pub(super) fn deadline(&self, destination: &Destination) -> Option<Instant> {
        let hints = destination.hints();
        let data = self.data.values().filter_map(|buffer| buffer.deadline(hints));
        let errors = self.errors.values().filter_map(|buffer| buffer.deadline(destination.place.hints));
        data.chain(errors).chain(self.backup.deadline(backup_hints(destination))).min()
    }

    /// The number of the first chunk that is in any of them.
    pub(super) fn first_chunk(&self) -> Option<u64> {
        let all = self.data.values().chain(self.errors.values()).chain([&self.backup]);
        all.filter_map(ObjectBuffer::chunk).min()
    }

    /// Whether something is gathered for a partition.
    pub(super) fn is_open(&self, partition: &Option<Partition>) -> bool {
        self.data.contains_key(partition)
    }

    /// How many partitions are open.
    pub(super) fn partitions(&self) -> usize {
        self.data.len()
    }

    /// Takes what was gathered for a partition, which is open no longer.
    fn seal_data(&mut self, partition: &Option<Partition>, configured: &Arc<Configured>) -> Option<Sealed> {
        let mut buffer = self.data.swap_remove(partition)?;
        self.data_bytes -= buffer.len();
        seal(Lane::Data(partition.clone()), &mut buffer, configured)
    }
}

/// When the backup is written. What was gathered before an update took it away was written then.
fn backup_hints(destination: &Destination) -> BufferHints {
    destination.backup.as_ref().unwrap_or(&destination.place).hints
}

fn seal(lane: Lane, buffer: &mut ObjectBuffer, configured: &Arc<Configured>) -> Option<Sealed> {
    let filled = buffer.take()?;
    Some(Sealed { lane, filled, under: Arc::clone(configured) })
}

/// A record in the tally of its object.
pub(super) fn tally(of: &Record) -> Tally {
    let original_bytes = u64::try_from(of.sent().len()).unwrap_or(u64::MAX);
    Tally { records: 1, original_bytes, oldest_ms: of.arrived_ms, chunk: of.chunk }
}
