//! The port through which records come in: which shards there are, and pages of their records.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::{HashKeyRange, ShardId};

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
    /// The hash keys whose records it takes: an aggregate with any other is not for its reader.
    pub range: HashKeyRange,
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
    /// At this record; at the next one that is still there, where it has expired.
    AtSequence(SequenceNumber),
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
    /// At the end of a closed shard the shards that go on from it, as far as the answer tells.
    pub children: Vec<ShardDescription>,
}

/// A Kinesis record in its shard.
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

/// A record as it was put, and where it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadRecord {
    /// The shard it was on.
    pub shard: ShardId,
    /// Its place in the aggregate that it came in, from 0; nothing for a record that came alone.
    pub sub_sequence: Option<u64>,
    /// The explicit hash key that an aggregate keeps of it.
    pub explicit_hash_key: Option<String>,
    /// The record: the user's own key and bytes; sequence number and time are the aggregate's, where it was in one.
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
    /// Another reader has taken over the subscription to the shard.
    TakenOver,
    /// No retry mends it.
    Fatal,
}
