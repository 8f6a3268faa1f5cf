//! A record on its way through a delivery stream.

use std::sync::Arc;

use bytes::Bytes;

/// What a record costs beside its data when the bounds of buffers are counted, in bytes.
const OVERHEAD: usize = 128;

/// One record as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    /// The bytes to process.
    pub(crate) data: Bytes,
    /// The bytes the producer sent, where a processor made others of them.
    pub(crate) sent: Option<Bytes>,
    /// Approximate arrival, in milliseconds since the epoch.
    pub(crate) arrived_ms: i64,
    /// The number of the chunk it came in: what came together has the same, what came later a larger one.
    pub(crate) chunk: u64,
    /// Where it stood in its Kinesis stream; `None` for a direct put.
    pub(crate) kinesis: Option<Box<KinesisMetadata>>,
}

/// A record's place in the stream it was read from.
#[derive(Clone, Debug)]
pub(crate) struct KinesisMetadata {
    /// The shard.
    pub(crate) shard: Arc<str>,
    /// The partition key the producer chose.
    pub(crate) partition_key: Arc<str>,
    /// The sequence number within the shard.
    pub(crate) sequence: Arc<str>,
    /// The place within an aggregate; 0 for a record that was put alone.
    pub(crate) subsequence: usize,
}

impl Record {
    /// A record put directly.
    pub(crate) fn put(data: Bytes, arrived_ms: i64) -> Self {
        Self { data, sent: None, arrived_ms, chunk: 0, kinesis: None }
    }

    /// The bytes the producer sent: what error outputs and backups keep.
    pub(crate) fn sent(&self) -> &Bytes {
        self.sent.as_ref().unwrap_or(&self.data)
    }

    /// What the record counts against a bound on memory, in bytes; never zero, so that empty records are bounded
    /// too.
    pub(crate) fn cost(&self) -> usize {
        let origin =
            self.kinesis.as_ref().map_or(0, |kinesis| kinesis.partition_key.len() + kinesis.sequence.len());
        self.data.len() + self.sent.as_ref().map_or(0, Bytes::len) + origin + OVERHEAD
    }
}
