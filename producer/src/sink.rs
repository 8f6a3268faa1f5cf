//! The port through which records leave: one `PutRecords` call, and how it can fail.

use std::sync::Arc;

use async_trait::async_trait;
use pipectl_shards::{HashKeyRange, ShardId};

use crate::outcome::SequenceNumber;
use crate::record::Record;

/// Takes batches of records.
#[async_trait]
pub trait RecordSink: Send + Sync + 'static {
    /// Puts up to 500 records in one request, without retrying. The answers are in the order of the records.
    ///
    /// # Errors
    /// The request failed as a whole. Records may have arrived all the same, unless the kind says that it
    /// was refused.
    async fn put_records(&self, records: &[Record]) -> Result<Vec<PutResult>, SinkError>;

    /// The shards that take records at present, for aggregation: an aggregate holds records of one shard only. A sink
    /// that cannot tell answers with none, and nothing is aggregated.
    ///
    /// # Errors
    /// They could not be listed; it is tried again later, and meanwhile nothing is aggregated.
    async fn open_shards(&self) -> Result<Vec<(ShardId, HashKeyRange)>, SinkError> {
        Ok(Vec::new())
    }
}

/// What became of one record of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PutResult {
    /// It was taken.
    Put {
        /// The shard it is on.
        shard: ShardId,
        /// Its place there.
        sequence: SequenceNumber,
    },
    /// It was not taken, though others of the request may have been.
    Failed {
        /// AWS's code: `ProvisionedThroughputExceededException` or `InternalFailure`.
        code: Arc<str>,
        /// What AWS says, with the shard in it.
        message: Arc<str>,
    },
}

/// A request that failed as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SinkError {
    /// What to do about it.
    pub kind: SinkErrorKind,
    /// AWS's error code, or a word for what happened to the request.
    pub code: Arc<str>,
    /// What AWS or the network says.
    pub message: Arc<str>,
}

/// What to do about a failed request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkErrorKind {
    /// Too much too fast: send it again, later.
    Throttled,
    /// The network or the service failed for now: send it again.
    Transient,
    /// No retry mends it: the stream is not there, or the caller may not write to it.
    Fatal,
}

/// Whether a per-record code means that the shard was full.
pub(crate) fn is_throttle(code: &str) -> bool {
    matches!(code, "ProvisionedThroughputExceededException" | "KMSThrottlingException")
}
