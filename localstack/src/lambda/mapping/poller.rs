//! What a mapping does next. Pure: it is told what was read, what came back and what time it is.
//!
//! One round: [`wants`](Poller::wants) names what to read, [`supply`](Poller::supply) takes it, or
//! [`hold_back`](Poller::hold_back) hears that it has to wait; [`due`](Poller::due) names what to invoke and what was
//! given up, [`finish`](Poller::finish) hears how an invocation ended; [`wake`](Poller::wake) says when to look again.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::ShardId;

use super::checkpoint::{Checkpoint, Place};
use super::entry::Entry;
use super::event::Envelope;
use super::lane::{Task, Verdict};
use super::ports::{Outcome, Part};
use super::settings::Settings;
use super::shard::{Shard, Want};
use super::work::{Discarded, Work};
use crate::kinesis::Position;

/// What every decision looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment<'a> {
    /// Milliseconds since the epoch.
    pub(super) now: i64,
    /// Earlier arrivals are no longer in the stream.
    pub(super) horizon: i64,
    /// What the mapping is to do.
    pub(super) settings: &'a Settings,
    /// Bytes a record takes in an event beside its data and key.
    pub(super) frame: usize,
}

impl Moment<'_> {
    /// Earlier arrivals are given up.
    pub(super) fn oldest(&self) -> i64 {
        let age = |age: u32| self.now.saturating_sub(i64::from(age) * 1000);
        self.settings.max_age_s.map_or(self.horizon, |seconds| age(seconds).max(self.horizon))
    }
}

/// A lane of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneId {
    pub(crate) shard: ShardId,
    pub(crate) lane: usize,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Invoke the function; its end is told to [`Poller::finish`].
    Invoke(LaneId, Work),
    /// Tell the destination.
    Discard(ShardId, Discarded),
}

/// How many of the records that were read are of use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Supplied {
    pub(super) polled: usize,
    pub(super) filtered: usize,
}

/// All shards of a mapping's stream that are being read.
#[derive(Debug)]
pub(super) struct Poller {
    shards: BTreeMap<ShardId, Shard>,
    ended: BTreeSet<ShardId>,
    /// Earlier arrivals are not wanted.
    since: i64,
}

impl Poller {
    /// Begins to read these shards from these positions; what arrived before `since` is not wanted.
    pub(super) fn new(shards: Vec<(ShardId, Position)>, since: i64, settings: &Settings) -> Self {
        let begin = |(id, from)| (id, Shard::new(id, from, settings));
        Self { shards: shards.into_iter().map(begin).collect(), ended: BTreeSet::new(), since }
    }

    /// Goes on from where an earlier run had come to.
    pub(super) fn resume(checkpoint: Checkpoint, since: i64, settings: &Settings) -> Self {
        let resume = |place: Place| (place.shard, Shard::resume(place, settings));
        Self {
            shards: checkpoint.shards.into_iter().map(resume).collect(),
            ended: checkpoint.ended.into_iter().collect(),
            since,
        }
    }

    /// How far it has come in a stream that was created then.
    pub(super) fn checkpoint(&self, born: i64) -> Checkpoint {
        let shards = self.shards.values().map(Shard::place).collect();
        Checkpoint { born, shards, ended: self.ended.iter().copied().collect() }
    }

    /// There may be something new in the stream.
    pub(super) fn news(&mut self) {
        self.shards.values_mut().for_each(Shard::news);
    }

    /// What is to be read now.
    pub(super) fn wants(&self, at: &Moment<'_>) -> Vec<Want> {
        self.shards.values().filter_map(|shard| shard.want(at)).collect()
    }

    /// Hears that a shard could not be read now: its readers have had what it gives out.
    pub(super) fn hold_back(&mut self, shard: ShardId) {
        if let Some(shard) = self.shards.get_mut(&shard) {
            shard.hold_back();
        }
    }

    /// Takes what was read.
    pub(super) fn supply(
        &mut self,
        shard: ShardId,
        part: Part,
        envelope: &Envelope,
        at: &Moment<'_>,
    ) -> Supplied {
        let since = self.since;
        let Some(shard) = self.shards.get_mut(&shard) else { return Supplied::default() };
        let is_polled = |entry: &Entry| entry.arrived >= since;
        let polled = part.entries.iter().filter(|entry| is_polled(entry)).count();
        let filters = &at.settings.filters;
        let taken =
            shard.supply(part, |name, entry| is_polled(entry) && filters.want(envelope, name, entry), at.now);
        Supplied { polled, filtered: polled - taken }
    }

    /// What is to be done now.
    pub(super) fn due(&mut self, at: &Moment<'_>) -> Vec<Action> {
        let mut actions = Vec::new();
        for (id, shard) in &mut self.shards {
            actions.extend(shard.due(at).into_iter().map(|(lane, task)| match task {
                Task::Invoke(work) => Action::Invoke(LaneId { shard: *id, lane }, work),
                Task::Discard(discarded) => Action::Discard(*id, discarded),
            }));
        }
        self.follow_lineage(at.settings);
        actions
    }

    /// Hears how an invocation ended.
    pub(super) fn finish(
        &mut self,
        lane: LaneId,
        outcome: Outcome,
        at: &Moment<'_>,
    ) -> Option<(Verdict, Option<Discarded>)> {
        let finished = self.shards.get_mut(&lane.shard)?.finish(lane.lane, outcome, at);
        self.follow_lineage(at.settings);
        finished
    }

    /// When to look again, if nothing happens before.
    pub(super) fn wake(&self, at: &Moment<'_>) -> Option<i64> {
        self.shards.values().filter_map(|shard| shard.wake(at)).min()
    }

    /// Leaves shards that are done, and begins those whose parents all are.
    fn follow_lineage(&mut self, settings: &Settings) {
        let done: Vec<ShardId> =
            self.shards.iter().filter(|(_, shard)| shard.is_done()).map(|(id, _)| *id).collect();
        for id in done {
            self.ended.insert(id);
            let Some(shard) = self.shards.remove(&id) else { continue };
            for child in shard.children {
                let is_ready = child.waits_for.iter().all(|parent| self.ended.contains(parent));
                let is_new = !self.ended.contains(&child.id) && !self.shards.contains_key(&child.id);
                if is_ready && is_new {
                    let begun = Shard::new(child.id, Position::TRIM_HORIZON, settings);
                    self.shards.insert(child.id, begun);
                }
            }
        }
    }
}
