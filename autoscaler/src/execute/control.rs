//! The port to a stream: what it is, which shards it has, and the calls that reshard it.

use std::fmt;

use async_trait::async_trait;

use super::call::Call;
use super::layout::OpenShard;

/// The physical name of a stream.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamName(pub String);

impl StreamName {
    /// The stream of this name.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// As AWS has it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StreamName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a stream is doing (`StreamStatus`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may be resharded.
    Active,
    /// A change is under way, ours or anyone's.
    Updating,
    /// It is being made.
    Creating,
    /// It is being deleted.
    Deleting,
}

/// A stream, without its shards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// What it is doing.
    pub status: Status,
    /// Whether AWS sizes it: then there is nothing to do here.
    pub on_demand: bool,
    /// Open shards.
    pub open_shards: u32,
    /// Whether its shards publish what they take in (enhanced monitoring of `IncomingBytes` and `IncomingRecords`).
    pub shard_metrics: bool,
    /// Consumers with a throughput of their own (enhanced fan-out).
    pub consumers: u32,
    /// How long records are kept, in hours.
    pub retention_hours: u32,
}

/// The account's shards in this region (`DescribeLimits`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Shards it may have open.
    pub limit: u32,
    /// Shards it has open.
    pub open: u32,
}

impl Quota {
    /// Shards that may be opened yet.
    #[must_use]
    pub fn room(&self) -> u32 {
        self.limit.saturating_sub(self.open)
    }
}

/// Who reads a stream, as far as that shows in metrics of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Consumer {
    /// A consumer with a throughput of its own (enhanced fan-out), by its name.
    FanOut(String),
    /// A Lambda function, by its name.
    Function(String),
}

/// What can be asked and done of streams. Nothing here retries a call that changes something: whoever calls looks at
/// the stream again instead.
#[async_trait]
pub trait StreamControl: Send + Sync {
    /// The stream without its shards.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn describe(&self, stream: &StreamName) -> Result<Description, CallError>;

    /// The open shards, in any order; while the stream changes they may be torn.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn open_shards(&self, stream: &StreamName) -> Result<Vec<OpenShard>, CallError>;

    /// How many shards the account may have and has.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn quota(&self) -> Result<Quota, CallError>;

    /// Who reads a stream. Readers that only call `GetRecords` are not known by name.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn consumers(&self, stream: &StreamName) -> Result<Vec<Consumer>, CallError>;

    /// Begins a reshard. `Ok` says that AWS has accepted it; it is done when the stream is ACTIVE again.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn reshard(&self, stream: &StreamName, call: &Call) -> Result<(), CallError>;
}

/// A call that failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{action}: {message}")]
pub struct CallError {
    /// What it means for the caller.
    pub kind: CallErrorKind,
    /// The call, as IAM names it: `kinesis:SplitShard`.
    pub action: &'static str,
    /// What AWS or the network says.
    pub message: String,
}

/// What a failed call means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallErrorKind {
    /// There is no such stream (`ResourceNotFoundException`).
    Vanished,
    /// It is changing already (`ResourceInUseException`).
    Busy,
    /// The ten `UpdateShardCount` calls of the day are spent, by whomever.
    DaySpent,
    /// The account's shard quota, or the most that a stream can have.
    Quota,
    /// Too many calls; later.
    Throttled,
    /// AWS finds that it makes no sense: the stream is not what it was when it was looked at.
    Refused,
    /// The credentials do not allow it.
    Denied,
    /// There are no credentials, or AWS does not know them.
    Credentials,
    /// Nothing answers there.
    Unreachable,
    /// No answer, or one that says nothing: it may have been carried out.
    Unknown,
}
