//! Resharding a stream: as its user asks, or as its traffic does.

use std::num::NonZeroU32;

use jiff::Timestamp;
use pipectl_shards::{HashKey, ShardId, limits};

use super::Stream;
use super::limits::{DAY, SHARDS_PER_STREAM, growth};
use super::reshard::{self, Step};
use super::state::State;
use super::stream::{ON_DEMAND_SHARDS, Status, could_not_find, invalid, limit_exceeded, too_often, under};
use crate::http::AwsError;

impl Stream {
    /// Splits a shard; the second part starts at `at`.
    pub(crate) fn split(&self, shard: ShardId, at: HashKey, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            let parent = state.lineage.shard(shard).ok_or_else(|| could_not_find(self.arn(), shard))?.clone();
            let range = parent.range;
            if !parent.open {
                return Err(invalid(format!(
                    "Shard {shard} in stream {} has already been merged or split, and thus is not eligible for \
                     merging or splitting.",
                    under(self.arn())
                )));
            }
            if at.0 <= range.start().0.saturating_add(1) || at >= range.end() {
                return Err(invalid(format!(
                    "NewStartingHashKey {at} used in SplitShard() on shard {shard} in stream {} is not both greater \
                     than one plus the shard's StartingHashKey {} and less than the shard's EndingHashKey {}.",
                    under(self.arn()),
                    range.start(),
                    range.end()
                )));
            }
            self.active(state)?;
            self.update(state, vec![Step::Split { at }], self.terms().timings.split, now);
            Ok(())
        })
    }

    /// Merges two neighbours.
    pub(crate) fn merge(&self, shard: ShardId, adjacent: ShardId, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            let find = |id| state.lineage.shard(id).ok_or_else(|| could_not_find(self.arn(), id));
            let (one, other) = (find(shard)?, find(adjacent)?);
            if !one.open || !other.open || !one.range.is_adjacent_to(&other.range) {
                return Err(invalid(format!(
                    "Shards {shard} and {adjacent} in stream {} are not an adjacent pair of shards eligible for merging",
                    under(self.arn())
                )));
            }
            let at = one.range.start().max(other.range.start());
            self.active(state)?;
            self.update(state, vec![Step::Merge { at }], self.terms().timings.split, now);
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
            if u64::from(target.get()) > SHARDS_PER_STREAM && state.limits().enforced() {
                return Err(too_many_shards(current, target));
            }
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
            let most = limits::UPDATE_SHARD_COUNT_PER_DAY;
            let millis = now.as_millisecond();
            if state.limits().enforced() && !state.history.shard_counts.admit(most, DAY, millis) {
                return Err(too_often(self.arn(), "UpdateShardCount", most));
            }
            let time = self.terms().timings.reshard * rounds(current, target.get());
            self.update(state, reshard::uniform(&open, target), time, now);
            Ok(current)
        })
    }

    /// Keeps an on-demand stream ready for so many MiB a second: a shard takes in one of them.
    pub(crate) fn warm(&self, mibps: u32, now: Timestamp) -> Result<(), AwsError> {
        self.with(now, |state| {
            self.active(state)?;
            state.warm_mibps = Some(mibps);
            let target = NonZeroU32::new(mibps).unwrap_or(ON_DEMAND_SHARDS).max(ON_DEMAND_SHARDS);
            let steps = reshard::uniform(&state.open_ranges(), target);
            self.update(state, steps, self.terms().timings.reshard, now);
            Ok(())
        })
    }

    /// Starts to give an on-demand stream more shards, where its traffic asks for them.
    pub(super) fn grow(&self, state: &mut State, now: Timestamp) {
        let Some(wanted) = state.demand.turn(now.as_millisecond()) else { return };
        if state.status() != Status::Active || !state.limits().enforced() {
            return;
        }
        let wanted = usize::try_from(wanted.min(SHARDS_PER_STREAM)).unwrap_or(usize::MAX);
        let steps = growth(&state.open_ranges(), wanted);
        if !steps.is_empty() {
            tracing::debug!(stream = self.arn().name(), wanted, "an on-demand stream grows");
            self.update(state, steps, self.terms().timings.reshard, now);
        }
    }
}

/// AWS: a target that is not a multiple of 25 % of the shards there are takes longer; here twice as long (?).
fn rounds(current: u32, target: u32) -> u32 {
    let in_quarters = (u64::from(target) * 4).is_multiple_of(u64::from(current.max(1)));
    if in_quarters { 1 } else { 2 }
}

fn too_many_shards(current: u32, target: NonZeroU32) -> AwsError {
    limit_exceeded(format!(
        "Target shard count or number of open shards cannot be greater than {SHARDS_PER_STREAM}. Current open shard \
         count: {current}, Target shard count: {target}"
    ))
}
