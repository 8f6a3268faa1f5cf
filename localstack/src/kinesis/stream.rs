//! One stream: its state behind a lock, in words other services can use.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::{HashKey, Shard, ShardId};
use tokio::sync::watch;

use super::arn::StreamArn;
use super::image::Extent;
use super::record::{Position, Sequence, SequenceText, held_bytes};
use super::reshard::Step;
use super::shard_log::Slice;
use super::state::{Outcome, State};
use crate::http::AwsError;
use crate::layers::{Faults, Lag};
use crate::limits::Limits;
use crate::lock::Lock;
use crate::timings::Timings;

/// The shards an on-demand stream starts with, and has at least.
pub(crate) const ON_DEMAND_SHARDS: NonZeroU32 = NonZeroU32::new(4).expect("four is not zero");

/// What a stream is created with.
#[derive(Clone, Debug)]
pub struct StreamSettings {
    /// Its first shards.
    pub shards: NonZeroU32,
    /// Who decides over its capacity.
    pub mode: Mode,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The largest record it takes.
    pub max_record_kib: i32,
    /// The throughput it is kept ready for, where it is on-demand and one was asked for.
    pub warm_mibps: Option<u32>,
    /// What decides over a record's shard.
    pub distribution: Distribution,
}

impl StreamSettings {
    /// A provisioned stream of so many shards.
    pub fn provisioned(shards: NonZeroU32) -> Self {
        Self {
            shards,
            mode: Mode::Provisioned,
            tags: BTreeMap::new(),
            max_record_kib: 1024,
            warm_mibps: None,
            distribution: Distribution::UserPartitionKey,
        }
    }
}

/// Who decides over a stream's capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The user does, in shards.
    Provisioned,
    /// AWS does.
    OnDemand,
}

impl Mode {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provisioned => "PROVISIONED",
            Self::OnDemand => "ON_DEMAND",
        }
    }
}

/// What decides over a record's shard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Distribution {
    /// The hash of its key, or the hash key it names.
    #[default]
    UserPartitionKey,
    /// The stream does, evenly, whatever key a record has. On-demand streams only.
    Auto,
}

impl Distribution {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UserPartitionKey => "USER_PARTITION_KEY",
            Self::Auto => "AUTO",
        }
    }

    /// From how the API writes it; the default for anything else.
    pub fn of(text: &str) -> Self {
        if text == "AUTO" { Self::Auto } else { Self::UserPartitionKey }
    }
}

/// What a stream is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It takes no records yet.
    Creating,
    /// It takes records and changes.
    Active,
    /// It takes records, but no further change.
    Updating,
    /// It takes nothing any more.
    Deleting,
    /// It is no longer there.
    Gone,
}

impl Status {
    /// As the API writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Updating => "UPDATING",
            Self::Deleting | Self::Gone => "DELETING",
        }
    }
}

/// How records are encrypted at rest: remembered, not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encryption {
    /// Not.
    None,
    /// With this key.
    Kms(String),
}

/// What every stream of an endpoint lives under.
#[derive(Clone, Debug, Default)]
pub(crate) struct Terms {
    /// How long its changes take.
    pub(crate) timings: Timings,
    /// Whether throughput and quotas are enforced.
    pub(crate) limits: Limits,
    /// Bytes that the records of all streams take in memory.
    pub(crate) held: Arc<AtomicU64>,
    /// What makes their states last longer, if anything does.
    pub(crate) faults: Option<Arc<dyn Faults>>,
}

impl Terms {
    /// How long a change takes that takes `time` when nothing goes wrong.
    pub(super) fn lasting(&self, time: Duration, stream: &StreamArn) -> Duration {
        let lag = |faults: &Arc<dyn Faults>| faults.lag(Lag::StreamState, stream.name());
        time + self.faults.as_ref().map_or(Duration::ZERO, lag)
    }
}

/// Who reads a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// A client: its calls and its bytes are limited.
    GetRecords,
    /// A delivery or the like: its bytes count against the shard's limit.
    Shared,
    /// One with throughput of its own.
    Dedicated,
}

/// A stream.
#[derive(Debug)]
pub struct Stream {
    arn: StreamArn,
    created: Timestamp,
    terms: Terms,
    state: Lock<State>,
    held: AtomicU64,
    changes: watch::Sender<()>,
}

impl Stream {
    pub(crate) fn new(arn: StreamArn, settings: StreamSettings, now: Timestamp, terms: Terms) -> Self {
        let millis = now.as_millisecond();
        let active = after(millis, terms.lasting(terms.timings.create, &arn));
        let state = State::new(settings, terms.limits, millis, active);
        Self::of_state((arn, now), Lock::new(state), terms, 0)
    }

    /// A stream that was created then, in this state; its records take `held` bytes.
    pub(super) fn of_state(
        (arn, created): (StreamArn, Timestamp),
        state: Lock<State>,
        terms: Terms,
        held: u64,
    ) -> Self {
        terms.held.fetch_add(held, Ordering::Relaxed);
        let (held, changes) = (AtomicU64::new(held), watch::Sender::new(()));
        Self { arn, created, terms, state, held, changes }
    }

    /// Its ARN.
    pub fn arn(&self) -> &StreamArn {
        &self.arn
    }

    /// When it was created.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// Bytes its records take in memory.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Its state, settled. Short work only: every put waits meanwhile.
    pub(crate) fn with<T>(&self, now: Timestamp, look: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state.lock();
        state.settle(now.as_millisecond());
        if state.mode == Mode::OnDemand {
            self.grow(&mut state, now);
        }
        let seen = look(&mut state);
        // What was changed is written before anyone can build on it. A failure is told to who asked for the change.
        if let Err(error) = state.keep(Extent::Urgent) {
            tracing::error!(%error, stream = self.arn.name(), "the data folder cannot be written");
        }
        seen
    }

    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What it is doing now.
    pub fn status(&self, now: Timestamp) -> Status {
        self.with(now, |state| state.status())
    }

    pub(crate) fn is_gone(&self, now: Timestamp) -> bool {
        self.status(now) == Status::Gone
    }

    /// The shards that take records.
    pub fn open_shards(&self, now: Timestamp) -> Vec<Shard> {
        self.with(now, |state| state.lineage.open().cloned().collect())
    }

    /// Every shard whose records have not all expired, oldest first.
    pub fn shards(&self, now: Timestamp) -> Vec<Shard> {
        let millis = now.as_millisecond();
        self.with(now, |state| {
            state.lineage.shards().filter(|shard| state.is_listed(shard.id, millis)).cloned().collect()
        })
    }

    /// Appends records, each to the shard that owns its hash key, if that shard's limits let it pass; answers what
    /// became of each, in order.
    pub(crate) fn put(
        &self,
        records: Vec<(HashKey, Arc<str>, Bytes)>,
        now: Timestamp,
    ) -> Result<Vec<Outcome>, AwsError> {
        let millis = now.as_millisecond();
        let (outcomes, passed) = self.with(now, |state| {
            if !matches!(state.status(), Status::Active | Status::Updating) {
                return Err(not_found(&self.arn));
            }
            self.release(state.trim(millis));
            let (mut held, mut bytes, mut passed) = (0, 0, 0);
            let mut outcomes = Vec::with_capacity(records.len());
            for (key, partition_key, data) in records {
                let outcome = state.put(key, (partition_key, data), millis);
                if outcome.result.is_ok() {
                    held += held_bytes(outcome.size);
                    bytes += outcome.size;
                    passed += 1;
                }
                outcomes.push(outcome);
            }
            self.held.fetch_add(held, Ordering::Relaxed);
            self.terms.held.fetch_add(held, Ordering::Relaxed);
            if state.mode == Mode::OnDemand {
                state.demand.note(bytes, passed);
            }
            state.keep(Extent::Urgent).map_err(|error| not_kept(&error))?;
            Ok((outcomes, passed))
        })?;
        if passed > 0 {
            self.changes.send_replace(());
        }
        Ok(outcomes)
    }

    /// Counts memory that records no longer take.
    fn release(&self, freed: u64) {
        if freed > 0 {
            self.held.fetch_sub(freed, Ordering::Relaxed);
            self.terms.held.fetch_sub(freed, Ordering::Relaxed);
        }
    }

    /// Reads a shard: at most `count` records of at most `bytes` together (one in any case), from a position on.
    pub(crate) fn slice(
        &self,
        shard: ShardId,
        from: Position,
        (count, bytes): (usize, usize),
        access: Access,
        now: Timestamp,
    ) -> Result<Slice, AwsError> {
        let millis = now.as_millisecond();
        self.with(now, |state| {
            if matches!(state.status(), Status::Deleting | Status::Gone) {
                return Err(not_found(&self.arn));
            }
            self.release(state.trim(millis));
            let is_metered = state.limits().enforced() && access != Access::Dedicated;
            let log = state.log_mut(shard).ok_or_else(|| no_shard(&self.arn, shard))?;
            if is_metered && access == Access::GetRecords {
                log.reads.call(millis).map_err(|_| rate_exceeded(&self.arn, shard))?;
            }
            let slice = log.read(from, count, bytes);
            if is_metered {
                log.reads.charge(slice.size(), millis);
            }
            Ok(slice)
        })
    }

    /// Counts what a shared reader took from a shard.
    pub(crate) fn charge(&self, shard: ShardId, bytes: usize, now: Timestamp) {
        if bytes == 0 {
            return;
        }
        self.with(now, |state| {
            let is_metered = state.limits().enforced();
            if let Some(log) = state.log_mut(shard).filter(|_| is_metered) {
                log.reads.charge(bytes, now.as_millisecond());
            }
        });
    }

    /// Whether a shared reader may read a shard now: what was read before is paid for.
    pub(crate) fn is_readable(&self, shard: ShardId, now: Timestamp) -> bool {
        self.with(now, |state| {
            let is_free = !state.limits().enforced();
            is_free || state.log_mut(shard).is_none_or(|log| log.reads.is_ready(now.as_millisecond()))
        })
    }

    /// Counts a `GetShardIterator` call.
    pub(crate) fn iterator(&self, shard: ShardId, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            let is_free = !state.limits().enforced();
            let passes = is_free
                || state.log_mut(shard).is_none_or(|log| log.reads.iterator(now.as_millisecond()).is_ok());
            if passes { Ok(()) } else { Err(rate_exceeded(&self.arn, shard)) }
        })
    }

    /// Drops the oldest records until so many bytes are free; answers how many became free.
    pub(crate) fn drop_oldest(&self, bytes: u64) -> u64 {
        let mut state = self.state.lock();
        let freed = state.drop_oldest(bytes);
        self.release(freed);
        freed
    }

    /// Tells of every put and every change from now on.
    pub fn watch(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// A record's sequence number, as clients see it.
    pub fn sequence_number(&self, shard: ShardId, sequence: Sequence) -> String {
        self.sequence_text(shard, sequence).to_string()
    }

    pub(crate) fn sequence_text(&self, shard: ShardId, sequence: Sequence) -> SequenceText {
        SequenceText { born: self.created.as_millisecond(), sequence, shard }
    }

    /// Changes settings; the stream is UPDATING for a while if `change` says that it changed something.
    pub(crate) fn change(
        &self,
        now: Timestamp,
        change: impl FnOnce(&mut State) -> Result<bool, AwsError>,
    ) -> Result<(), AwsError> {
        self.with(now, |state| {
            self.active(state)?;
            if change(state)? {
                self.update(state, Vec::new(), self.terms.timings.settings, now);
            }
            Ok(())
        })
    }

    /// Deletes the stream: its records at once, itself after a while.
    pub(crate) fn delete(&self, now: Timestamp) {
        let millis = now.as_millisecond();
        let gone = after(millis, self.terms.lasting(self.terms.timings.delete, &self.arn));
        self.with(now, |state| {
            self.release(state.delete(millis, gone));
        });
        self.changes.send_replace(());
    }

    /// Deletes the stream and what is left of it at once.
    pub(crate) fn vanish(&self, now: Timestamp) {
        self.delete(now);
        let millis = now.as_millisecond();
        self.with(now, |state| self.release(state.delete(millis, millis)));
        self.changes.send_replace(());
    }

    pub(super) fn active(&self, state: &State) -> Result<(), AwsError> {
        match state.status() {
            Status::Active => Ok(()),
            Status::Gone => Err(not_found(&self.arn)),
            status => Err(AwsError::bad_request(
                "ResourceInUseException",
                format!("Stream {} not ACTIVE, instead in state {}", under(&self.arn), status.as_str()),
            )),
        }
    }

    pub(super) fn update(&self, state: &mut State, steps: Vec<Step>, time: Duration, now: Timestamp) {
        let millis = now.as_millisecond();
        state.update(steps, millis, after(millis, self.terms.lasting(time, &self.arn)));
        self.changes.send_replace(());
    }
}

/// The answer to a put that could not be written to the data folder.
pub(crate) fn not_kept(error: &std::io::Error) -> AwsError {
    AwsError::internal(&format!("the data folder cannot be written: {error}"))
}

/// So much later.
pub(super) fn after(millis: i64, time: Duration) -> i64 {
    millis.saturating_add(i64::try_from(time.as_millis()).unwrap_or(i64::MAX))
}

/// `NAME under account ACCOUNT`, as most of AWS's messages name a stream.
pub(crate) fn under(arn: &StreamArn) -> String {
    format!("{} under account {}", arn.name(), arn.account())
}

pub(crate) fn not_found(arn: &StreamArn) -> AwsError {
    AwsError::bad_request("ResourceNotFoundException", format!("Stream {} not found.", under(arn)))
}

pub(crate) fn no_shard(arn: &StreamArn, shard: ShardId) -> AwsError {
    let message = format!("Shard {shard} in stream {} does not exist", under(arn));
    AwsError::bad_request("ResourceNotFoundException", message)
}

pub(crate) fn could_not_find(arn: &StreamArn, shard: impl std::fmt::Display) -> AwsError {
    let message = format!("Could not find shard {shard} in stream {}.", under(arn));
    AwsError::bad_request("ResourceNotFoundException", message)
}

pub(crate) fn invalid(message: String) -> AwsError {
    AwsError::bad_request("InvalidArgumentException", message)
}

pub(crate) fn limit_exceeded(message: String) -> AwsError {
    AwsError::bad_request("LimitExceededException", message)
}

/// A quota of a rolling day stands in the way. AWS's words for these are not known (?).
pub(crate) fn too_often(arn: &StreamArn, operation: &str, most: usize) -> AwsError {
    limit_exceeded(format!(
        "Rate exceeded for stream {}. {operation} was successful {most} times in the last 24 hours, which is the limit.",
        under(arn)
    ))
}

/// A limit of the shard stands in the way.
pub(crate) fn rate_exceeded(arn: &StreamArn, shard: ShardId) -> AwsError {
    AwsError::bad_request(RATE_EXCEEDED, rate_exceeded_message(arn, shard))
}

/// The code of what a limit of a shard stands in the way of.
pub(crate) const RATE_EXCEEDED: &str = "ProvisionedThroughputExceededException";

pub(crate) fn rate_exceeded_message(arn: &StreamArn, shard: ShardId) -> String {
    format!("Rate exceeded for shard {shard} in stream {}.", under(arn))
}
