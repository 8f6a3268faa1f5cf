//! The port through which records leave: one `PutRecords` call, and how it can fail.

use std::sync::Arc;

use async_trait::async_trait;
use pipectl_shards::{HashKeyRange, ShardId};
use serde::Serialize;

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

    /// How the stream routes records at present, for aggregation and for the pace of each shard. A sink that cannot
    /// tell answers with the default: then nothing is aggregated or paced.
    ///
    /// # Errors
    /// It could not be asked; it is tried again later, and meanwhile nothing is aggregated.
    async fn routing(&self) -> Result<Routing, SinkError> {
        Ok(Routing::default())
    }
}

/// How a stream routes records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// The shards that take records.
    pub shards: Vec<(ShardId, HashKeyRange)>,
    /// How a record finds its shard.
    pub distribution: Distribution,
    /// How the stream's capacity is set, if the sink can tell.
    pub capacity: Option<Capacity>,
    /// The bytes, data and partition key, that a record of the stream may have, if the sink can tell.
    pub max_record_bytes: Option<usize>,
}

/// How a record finds its shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Distribution {
    /// The sink cannot tell.
    #[default]
    Unknown,
    /// By its hash key.
    ByKey,
    /// As the service likes (`RecordDistributionStrategy` `AUTO`, of on-demand streams), whatever its key. An aggregate
    /// would be dropped by KCL, so nothing is aggregated.
    Auto,
}

/// How the capacity of a stream is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Capacity {
    /// By a number of shards.
    Provisioned,
    /// By the service, which splits and merges shards at any time.
    OnDemand,
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
