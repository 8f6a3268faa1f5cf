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
use super::record::{Position, Sequence, SequenceText};
use super::reshard::{self, Step};
use super::shard_log::Slice;
use super::state::{Placed, State};
use crate::http::AwsError;
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

/// A stream.
#[derive(Debug)]
pub struct Stream {
    arn: StreamArn,
    created: Timestamp,
    timings: Timings,
    state: Lock<State>,
    held: AtomicU64,
    changes: watch::Sender<()>,
}

impl Stream {
    pub(crate) fn new(arn: StreamArn, settings: StreamSettings, now: Timestamp, timings: Timings) -> Self {
        let millis = now.as_millisecond();
        let state = State::new(settings, millis, after(millis, timings.create));
        Self::of_state((arn, now), Lock::new(state), timings, 0)
    }

    /// A stream that was created then, in this state; its records take `held` bytes.
    pub(super) fn of_state(
        (arn, created): (StreamArn, Timestamp),
        state: Lock<State>,
        timings: Timings,
        held: u64,
    ) -> Self {
        let (held, changes) = (AtomicU64::new(held), watch::Sender::new(()));
        Self { arn, created, timings, state, held, changes }
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
        let seen = look(&mut state);
        // What was changed is written before anyone can build on it. A failure is told to who asked for the change.
        if let Err(error) = state.keep(Extent::Urgent) {
            tracing::error!(%error, stream = self.arn.name(), "the data folder cannot be written");
        }
        seen
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

    /// Appends records, each to the shard that owns its hash key; answers where each went, in order.
    pub(crate) fn put(
        &self,
        records: Vec<(HashKey, Arc<str>, Bytes)>,
        now: Timestamp,
    ) -> Result<Vec<Placed>, AwsError> {
        let millis = now.as_millisecond();
        let placed = self.with(now, |state| {
            if !matches!(state.status(), Status::Active | Status::Updating) {
                return Err(not_found(&self.arn));
            }
            let freed = state.trim(millis);
            let mut taken = 0;
            let mut placed = Vec::with_capacity(records.len());
            for (key, partition_key, data) in records {
                let (place, held) = state.put(key, (partition_key, data), millis);
                taken += held;
                placed.push(place);
            }
            self.held.fetch_add(taken, Ordering::Relaxed);
            self.held.fetch_sub(freed, Ordering::Relaxed);
            state.keep(Extent::Urgent).map_err(|error| not_kept(&error))?;
            Ok(placed)
        })?;
        self.changes.send_replace(());
        Ok(placed)
    }

    /// Reads a shard: at most `count` records of at most `bytes` together (one in any case), from a position on.
    pub(crate) fn slice(
        &self,
        shard: ShardId,
        from: Position,
        (count, bytes): (usize, usize),
        now: Timestamp,
    ) -> Result<Slice, AwsError> {
        self.with(now, |state| {
            if matches!(state.status(), Status::Deleting | Status::Gone) {
                return Err(not_found(&self.arn));
            }
            let freed = state.trim(now.as_millisecond());
            self.held.fetch_sub(freed, Ordering::Relaxed);
            let log = state.log(shard).ok_or_else(|| no_shard(&self.arn, shard))?;
            Ok(log.read(from, count, bytes))
        })
    }

    /// Drops the oldest records until so many bytes are free; answers how many became free.
    pub(crate) fn drop_oldest(&self, bytes: u64) -> u64 {
        let mut state = self.state.lock();
        let freed = state.drop_oldest(bytes);
        self.held.fetch_sub(freed, Ordering::Relaxed);
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
                self.update(state, Vec::new(), self.timings.settings, now);
            }
            Ok(())
        })
    }

    /// Splits a shard; the second part starts at `at`.
    pub(crate) fn split(&self, shard: ShardId, at: HashKey, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            let parent = state.lineage.shard(shard).ok_or_else(|| could_not_find(&self.arn, shard))?.clone();
            let range = parent.range;
            if !parent.open {
                return Err(invalid(format!(
                    "Shard {shard} in stream {} has already been merged or split, and thus is not eligible for \
                     merging or splitting.",
                    under(&self.arn)
                )));
            }
            if at.0 <= range.start().0.saturating_add(1) || at >= range.end() {
                return Err(invalid(format!(
                    "NewStartingHashKey {at} used in SplitShard() on shard {shard} in stream {} is not both greater \
                     than one plus the shard's StartingHashKey {} and less than the shard's EndingHashKey {}.",
                    under(&self.arn),
                    range.start(),
                    range.end()
                )));
            }
            self.active(state)?;
            self.update(state, vec![Step::Split { at }], self.timings.split, now);
            Ok(())
        })
    }

    /// Merges two neighbours.
    pub(crate) fn merge(&self, shard: ShardId, adjacent: ShardId, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            let find = |id| state.lineage.shard(id).ok_or_else(|| could_not_find(&self.arn, id));
            let (one, other) = (find(shard)?, find(adjacent)?);
            if !one.open || !other.open || !one.range.is_adjacent_to(&other.range) {
                return Err(invalid(format!(
                    "Shards {shard} and {adjacent} in stream {} are not an adjacent pair of shards eligible for merging",
                    under(&self.arn)
                )));
            }
            let at = one.range.start().max(other.range.start());
            self.active(state)?;
            self.update(state, vec![Step::Merge { at }], self.timings.split, now);
            Ok(())
        })
    }

    /// Moves to so many uniform shards; answers how many there are now.
    pub(crate) fn update_shard_count(&self, target: NonZeroU32, now: Timestamp) -> Result<u32, AwsError> {
        self.with(now, |state| {
            self.active(state)?;
            let open = state.open_ranges();
            let current = u32::try_from(open.len()).unwrap_or(u32::MAX);
            let counts = || format!("Current open shard count: {current} Target shard count: {target}");
            if target.get() > current.saturating_mul(2) {
                return Err(invalid(format!(
                    "UpdateShardCount cannot scale up over double your current open shard count. {}",
                    counts()
                )));
            }
            if target.get() < current.div_ceil(2) {
                return Err(invalid(format!(
                    "UpdateShardCount cannot scale down below half your current open shard count. {}",
                    counts()
                )));
            }
            self.update(state, reshard::uniform(&open, target), self.timings.reshard, now);
            Ok(current)
        })
    }

    /// Deletes the stream: its records at once, itself after a while.
    pub(crate) fn delete(&self, now: Timestamp) {
        let millis = now.as_millisecond();
        self.with(now, |state| state.delete(millis, after(millis, self.timings.delete)));
        self.held.store(0, Ordering::Relaxed);
        self.changes.send_replace(());
    }

    /// Keeps an on-demand stream ready for so many MiB a second: a shard takes in one of them.
    pub(crate) fn warm(&self, mibps: u32, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            self.active(state)?;
            state.warm_mibps = Some(mibps);
            let target = NonZeroU32::new(mibps).unwrap_or(ON_DEMAND_SHARDS).max(ON_DEMAND_SHARDS);
            let steps = reshard::uniform(&state.open_ranges(), target);
            self.update(state, steps, self.timings.reshard, now);
            Ok(())
        })
    }

    pub(super) fn timings(&self) -> Timings {
        self.timings
    }

    fn active(&self, state: &State) -> Result<(), AwsError> {
        match state.status() {
            Status::Active => Ok(()),
            Status::Gone => Err(not_found(&self.arn)),
            status => Err(AwsError::bad_request(
                "ResourceInUseException",
                format!("Stream {} not ACTIVE, instead in state {}", under(&self.arn), status.as_str()),
            )),
        }
    }

    fn update(&self, state: &mut State, steps: Vec<Step>, time: Duration, now: Timestamp) {
        let millis = now.as_millisecond();
        state.update(steps, millis, after(millis, time));
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
