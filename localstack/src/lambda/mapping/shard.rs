//! A shard of a mapping's stream: what was read of it, and its lanes.

use pipectl_shards::ShardId;

use super::checkpoint::Place;
use super::entry::Entry;
use super::event::MAX_EVENT;
use super::lane::{Lane, Standing, Task, Verdict};
use super::poller::Moment;
use super::ports::{Child, Outcome, Part};
use super::settings::Settings;
use super::work::Discarded;
use crate::kinesis::Position;

/// Most records of one read.
const READ_COUNT: usize = 1000;
/// Most bytes of one read.
const READ_BYTES: usize = 2 << 20;

/// What is to be read next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Want {
    /// Of which shard.
    pub(crate) shard: ShardId,
    /// From where on.
    pub(crate) from: Position,
    /// At most so many records, of at most so many bytes together.
    pub(crate) limit: (usize, usize),
}

/// The state of a shard.
#[derive(Debug)]
pub(super) struct Shard {
    id: ShardId,
    /// `shardId-000000000000`.
    pub(super) name: String,
    /// Where to read on; nothing when it was read to its end.
    next: Option<Position>,
    /// All before was read.
    read: Position,
    /// The shards that go on from it, known at its end.
    pub(super) children: Vec<Child>,
    lanes: Vec<Lane>,
    /// Whether there may be something to read.
    fresh: bool,
    /// Whether it gives nothing for now: its readers have had what it gives out in a second.
    held_back: bool,
    tip: i64,
    /// The length of the windows its lanes count.
    tumbling_ms: Option<i64>,
}

impl Shard {
    pub(super) fn new(id: ShardId, from: Position, settings: &Settings) -> Self {
        Self {
            id,
            name: id.to_string(),
            next: Some(from),
            read: from,
            children: Vec::new(),
            lanes: lanes(settings),
            fresh: true,
            held_back: false,
            tip: i64::MIN,
            tumbling_ms: settings.tumbling_ms,
        }
    }

    /// The shard from where an earlier run had come to.
    pub(super) fn resume(place: Place, settings: &Settings) -> Self {
        let mut shard = Self::new(place.shard, place.next, settings);
        if let (Some(window), Some(lane)) = (place.window, shard.lanes.first_mut()) {
            // Where the settings have changed since, it is wound up first.
            shard.tumbling_ms = Some(window.end - window.start);
            lane.go_on(window);
        }
        shard
    }

    /// How far it has come.
    pub(super) fn place(&self) -> Place {
        let oldest = self.lanes.iter().filter_map(Lane::oldest).min().map(Position::at);
        let window = self.lanes.first().and_then(Lane::window).cloned();
        Place { shard: self.id, next: oldest.unwrap_or(self.read), window }
    }

    /// There may be something new.
    pub(super) fn news(&mut self) {
        self.fresh = true;
    }

    /// Whether all of it was read and processed.
    pub(super) fn is_done(&self) -> bool {
        self.next.is_none() && self.lanes.iter().all(Lane::is_done)
    }

    /// Whether the shard has other lanes than the settings ask for, and has to wait for those at work.
    fn must_regroup(&self, settings: &Settings) -> bool {
        self.lanes.len() != settings.parallelization || self.tumbling_ms != settings.tumbling_ms
    }

    /// What is to be read now.
    pub(super) fn want(&self, at: &Moment<'_>) -> Option<Want> {
        let from = self.next?;
        let closes = |lane: &Lane| lane.window_end().is_some_and(|end| self.tip < end && end <= at.now);
        if !self.fresh && !self.lanes.iter().any(closes) {
            return None;
        }
        let (count, bytes) = self.lanes.iter().map(Lane::held).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        let count =
            (at.settings.parallelization * at.settings.batch_size).saturating_sub(count).min(READ_COUNT);
        let bytes = (at.settings.parallelization * MAX_EVENT).saturating_sub(bytes).min(READ_BYTES);
        (count > 0 && bytes > 0).then_some(Want { shard: self.id, from, limit: (count, bytes) })
    }

    /// It could not be read though it was wanted.
    pub(super) fn hold_back(&mut self) {
        self.held_back = true;
    }

    /// Takes what was read and is wanted.
    pub(super) fn supply(&mut self, part: Part, wanted: impl Fn(&str, &Entry) -> bool, now: i64) -> usize {
        self.held_back = false;
        self.fresh = !part.entries.is_empty();
        if part.entries.is_empty() {
            self.tip = now;
        }
        let last = part.entries.last().map(|entry| Position::after(entry.sequence));
        self.read = part.next.or(last).unwrap_or(self.read);
        self.next = part.next;
        self.children = part.children;
        let mut taken = 0;
        for entry in part.entries {
            if wanted(&self.name, &entry) {
                let lane = entry.lane(self.lanes.len());
                taken += 1;
                if let Some(lane) = self.lanes.get_mut(lane) {
                    lane.push(entry, now);
                }
            }
        }
        taken
    }

    /// What is to be done now, with the number of the lane.
    pub(super) fn due(&mut self, at: &Moment<'_>) -> Vec<(usize, Task)> {
        let mut tasks = Vec::new();
        if self.must_regroup(at.settings) {
            tasks.extend(self.wind_up(at));
            if self.lanes.iter().any(|lane| lane.is_in_flight() || lane.owes_an_end()) {
                return tasks;
            }
            self.regroup(at);
        }
        let standing = self.standing(at);
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            while let Some(task) = lane.next(at, standing) {
                tasks.push((number, task));
            }
        }
        tasks
    }

    /// Has the windows end that are open: with other settings there will be others, or none.
    fn wind_up(&mut self, at: &Moment<'_>) -> Vec<(usize, Task)> {
        let standing = self.standing(at);
        let mut tasks = Vec::new();
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            while lane.wind_up() {
                let Some(task) = lane.next(at, standing) else { break };
                tasks.push((number, task));
            }
        }
        tasks
    }

    fn standing(&self, at: &Moment<'_>) -> Standing {
        let reading = !self.held_back && self.want(at).is_some();
        Standing { ended: self.next.is_none(), reading, tip: self.tip }
    }

    fn regroup(&mut self, at: &Moment<'_>) {
        let mut entries: Vec<Entry> = self.lanes.iter_mut().flat_map(Lane::take_all).collect();
        entries.sort_by_key(|entry| entry.sequence);
        self.lanes = lanes(at.settings);
        self.tumbling_ms = at.settings.tumbling_ms;
        for entry in entries {
            let lane = entry.lane(self.lanes.len());
            if let Some(lane) = self.lanes.get_mut(lane) {
                lane.push(entry, at.now);
            }
        }
    }

    /// Hears how an invocation ended.
    pub(super) fn finish(
        &mut self,
        lane: usize,
        outcome: Outcome,
        at: &Moment<'_>,
    ) -> Option<(Verdict, Option<Discarded>)> {
        self.lanes.get_mut(lane).map(|lane| lane.finish(outcome, at))
    }

    /// When to look again, if nothing happens before.
    pub(super) fn wake(&self, at: &Moment<'_>) -> Option<i64> {
        let standing = self.standing(at);
        let is_winding_up = self.must_regroup(at.settings);
        let waits = |lane: &&Lane| !is_winding_up || lane.owes_an_end();
        self.lanes.iter().filter(waits).filter_map(|lane| lane.wake(at, standing)).min()
    }
}

fn lanes(settings: &Settings) -> Vec<Lane> {
    (0..settings.parallelization.max(1)).map(|_| Lane::default()).collect()
}
