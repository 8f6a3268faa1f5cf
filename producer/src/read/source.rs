//! The port through which records come in: which shards there are, and pages of their records.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::ShardId;

use crate::outcome::SequenceNumber;

/// A stream to read. No call retries by itself.
#[async_trait]
pub trait ShardSource: Send + Sync + 'static {
    /// All the shards whose records can still be read, open and closed.
    ///
    /// # Errors
    /// See [`SourceError`].
    async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError>;

    /// A place in a shard to read from.
    ///
    /// # Errors
    /// See [`SourceError`].
    async fn iterator(&self, shard: ShardId, position: &Position) -> Result<ShardIterator, SourceError>;

    /// The records at a place, up to `limit` of them; perhaps none though there are more.
    ///
    /// # Errors
    /// See [`SourceError`].
    async fn records(&self, iterator: &ShardIterator, limit: i32) -> Result<Page, SourceError>;
}

/// A shard, as far as reading in order needs to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardDescription {
    /// Its id.
    pub id: ShardId,
    /// The shards it was split or merged from; they need not exist any more.
    pub parents: Vec<ShardId>,
    /// Whether it takes no more records.
    pub closed: bool,
}

/// A place in a shard, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// After the last record.
    Latest,
    /// At the first record that is still there.
    TrimHorizon,
    /// At the first record put at this time or after it.
    At(Timestamp),
    /// At the record after this one.
    After(SequenceNumber),
}

/// A place in a shard, as AWS writes it. It expires after five minutes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardIterator(pub String);

/// One answer of `GetRecords`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The records, in order.
    pub records: Vec<Arrived>,
    /// Where to go on; `None` at the end of a closed shard.
    pub next: Option<ShardIterator>,
    /// How far this page is behind the tip of the shard.
    pub behind: Duration,
}

/// A record in its shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrived {
    /// Its place in the shard.
    pub sequence: SequenceNumber,
    /// When it arrived, to the millisecond.
    pub time: Option<Timestamp>,
    /// The key that it was put under.
    pub partition_key: Option<String>,
    /// The payload.
    pub data: Bytes,
}

/// A record that was read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRecord {
    /// The shard it was on.
    pub shard: ShardId,
    /// The record.
    pub record: Arrived,
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct SourceError {
    /// What to do about it.
    pub kind: SourceErrorKind,
    /// AWS's error code, or a word for what happened to the request.
    pub code: Arc<str>,
    /// What AWS or the network says.
    pub message: Arc<str>,
}

/// What to do about a failed call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SourceErrorKind {
    /// The shard gives out no more for now: ask again, later.
    Throttled,
    /// The network or the service failed for now: ask again.
    Transient,
    /// The iterator was kept for too long: get a new one at the same place.
    ExpiredIterator,
    /// No retry mends it.
    Fatal,
}
