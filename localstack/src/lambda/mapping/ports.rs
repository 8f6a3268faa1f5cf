//! What a mapping needs of the world, in small ports: a stream, a function, a destination, a record of what happens.

use async_trait::async_trait;
use bytes::Bytes;
use pipectl_shards::ShardId;
use tokio::sync::watch;
use uuid::Uuid;

use super::checkpoint::Opened;
use super::counters::Counted;
use super::entry::Entry;
use super::lane::Verdict;
use super::settings::{Destination, Start};
use super::shard::Want;
use crate::kinesis::Position;

/// What the invocation that reached a function says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    /// The request's id.
    pub(crate) request_id: String,
    /// `$LATEST` or a number.
    pub(crate) version: String,
    /// `Unhandled` when the function failed.
    pub(crate) function_error: Option<&'static str>,
}

/// How an invocation ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The function returned.
    Returned {
        /// What.
        payload: Bytes,
        /// Its invocation.
        answer: Answer,
    },
    /// The function failed.
    Failed(Answer),
    /// The event was refused for what it is, and will be again: too large. That is an attempt.
    Refused(String),
    /// It was not reached: throttled, not active, not there. That is no attempt.
    NotReached(String),
}

/// A shard that goes on from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    /// Its name.
    pub(crate) id: ShardId,
    /// Its parents that still hold records.
    pub(crate) waits_for: Vec<ShardId>,
}

/// A part of a shard.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// The records, oldest first.
    pub(crate) entries: Vec<Entry>,
    /// Where to go on; nothing at the end of a closed shard.
    pub(crate) next: Option<Position>,
    /// At the end: who goes on.
    pub(crate) children: Vec<Child>,
}

/// The stream is not there (any more).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StreamGone;

/// A stream.
pub(crate) trait Source: Send {
    /// Finds the stream.
    fn open(&mut self, now: i64) -> Result<Opened, StreamGone>;
    /// The shards a reader of it begins with.
    fn begin(&mut self, start: Start, now: i64) -> Vec<(ShardId, Position)>;
    /// Whether a shard may be read now: what was read before has to be paid for.
    fn is_ready(&self, shard: ShardId, now: i64) -> bool;
    /// Reads a part of a shard.
    fn read(&mut self, want: Want, now: i64) -> Result<Part, StreamGone>;
    /// Arrivals before this time have expired.
    fn horizon(&self, now: i64) -> i64;
    /// Tells of everything that is put, and of changes.
    fn changes(&self) -> Option<watch::Receiver<()>>;
}

/// A function.
#[async_trait]
pub(crate) trait Invoke: Send + Sync {
    /// Invokes it and waits for its end.
    async fn invoke(&self, function_arn: &str, event: Bytes) -> Outcome;
    /// Its execution role.
    fn role(&self, function_arn: &str) -> Option<String>;
}

/// The record of a failure, on its way to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FailureRecord {
    /// The name of the object, where it is one.
    pub(crate) key: String,
    /// JSON. Of the records themselves only a bucket is told.
    pub(crate) body: Bytes,
}

/// Where records of failures go.
#[async_trait]
pub(crate) trait Deliver: Send + Sync {
    /// A random id, for the name of a record.
    fn chance(&self) -> Uuid;
    /// Delivers one, or says so in the log.
    async fn deliver(&self, destination: &Destination, record: FailureRecord) -> bool;
}

/// Hears what a mapping does: one place for its last result, its counters and its metrics.
pub(crate) trait Observe: Send + Sync {
    /// A batch came to an end.
    fn ended(&self, verdict: Verdict);
    /// Events were counted, for all to see in CloudWatch or not.
    fn count(&self, counted: Counted, events: usize, published: bool);
    /// A batch whose last record is so old goes to the function.
    fn iterator_age(&self, function_arn: &str, millis: i64);
    /// The destination did not get a record of a failure.
    fn not_delivered(&self, function_arn: &str);
    /// The stream is gone.
    fn stream_gone(&self);
}
