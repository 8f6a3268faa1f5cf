//! What a controller keeps of a stream from step to step: a copy of what AWS knows, made again when it is lost.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::execute::{CallErrorKind, Consumer, Entry, ShardMap, StreamControl, StreamName, Terms};
use crate::policy::{self, History, Layout, OpenShard, StreamStatus};
use crate::signals::{Gathered, SETTLED, Wanted, Window, at, minute_of};

/// How often it is asked who reads a stream.
const CONSUMERS_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// Over how many minutes the shares of shards are measured.
const SHARES_OVER: i64 = 5;
/// How often shares are read when nothing is refused.
const SHARES_EVERY: SignedDuration = SignedDuration::from_secs(285);
/// Minutes in a day.
const DAY: usize = 1_440;

/// A stream as it is known.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub(super) history: History,
    /// What the last reading brought.
    pub(super) gathered: Gathered,
    /// The last day's minutes, for what would be better elsewhere.
    pub(super) day: VecDeque<policy::Point>,
    pub(super) consumers: Vec<Consumer>,
    /// Whether it is known who reads it.
    pub(super) consumers_known: bool,
    pub(super) shares_known: bool,
    asked: Option<Timestamp>,
    until: Option<policy::Timestamp>,
    map: ShardMap,
    map_since: Timestamp,
    /// When it was last seen to be so.
    map_at: Timestamp,
    shares_read: Option<Timestamp>,
    updates_told: Option<Timestamp>,
    foreign_told: Option<Timestamp>,
}

impl Known {
    pub(super) fn new(map: &ShardMap, now: Timestamp) -> Self {
        Self {
            history: History::new(without_shares(map)),
            gathered: Gathered::default(),
            day: VecDeque::new(),
            consumers: Vec::new(),
            consumers_known: false,
            shares_known: false,
            asked: None,
            until: None,
            map: map.clone(),
            // It may have been so for long; how long is not known.
            map_since: now.checked_sub(SignedDuration::from_mins(SHARES_OVER)).unwrap_or(now),
            map_at: now,
            shares_read: None,
            updates_told: None,
            foreign_told: None,
        }
    }

    /// Asks who reads the stream, once an hour. Who may not ask knows the age of `GetRecords` readers all the same.
    pub(super) async fn ask_for_consumers(
        &mut self,
        control: &dyn StreamControl,
        stream: &StreamName,
        now: Timestamp,
    ) {
        if self.asked.is_some_and(|asked| now.duration_since(asked).abs() < CONSUMERS_EVERY) {
            return;
        }
        match control.consumers(stream).await {
            Ok(consumers) => {
                (self.consumers, self.consumers_known, self.asked) = (consumers, true, Some(now));
            }
            Err(error) => {
                tracing::debug!(%error, %stream, "who reads the stream is not known");
                // What is not allowed now is not in a minute either.
                self.asked = (error.kind == CallErrorKind::Denied).then_some(now);
            }
        }
    }

    pub(super) fn wanted(&self, stream: &StreamName) -> Wanted {
        Wanted { stream: stream.clone(), newest: self.until, consumers: self.consumers.clone() }
    }

    pub(super) fn take_in(&mut self, gathered: Gathered) {
        for point in &gathered.points {
            self.history.observe(*point);
            if self.day.len() == DAY {
                self.day.pop_front();
            }
            self.day.push_back(*point);
        }
        self.until = gathered.until.or(self.until);
        // The first reading is days long; what is told of it is what matters now.
        self.gathered =
            Gathered { points: gathered.points.last().copied().into_iter().collect(), ..gathered };
    }

    /// Takes in the shards as they are. Where they changed, and a call of ours would have been done by when they were
    /// last seen, someone else did it.
    pub(super) fn see_map(
        &mut self,
        map: &ShardMap,
        entry: Option<&Entry>,
        (terms, now): (&Terms, Timestamp),
    ) {
        let seen_at = std::mem::replace(&mut self.map_at, now);
        if *map == self.map {
            return;
        }
        let last_call = entry.and_then(|entry| entry.last_call.as_ref());
        let ours = last_call.is_some_and(|made| made.may_run(terms, seen_at));
        if entry.is_some() && !ours {
            self.history.someone_else_reshards(moment(now));
        }
        (self.map, self.map_since, self.shares_known, self.shares_read) = (map.clone(), now, false, None);
        // Its own metrics come minutes later; without shares the hot range that was just split would be merged again.
        let carried = carried(self.history.layout(), map);
        self.history.see_layout(carried);
    }

    /// The time to read the shares of the shards over: whole minutes since they are as they are. Nothing where that is
    /// not yet one, where shards do not say what they take in, or where it is not time again.
    pub(super) fn shares_window(&self, shard_metrics: bool, now: Timestamp) -> Option<Window> {
        let again = self.shares_read.is_none_or(|read| now.duration_since(read).abs() >= SHARES_EVERY);
        if !shard_metrics || !(again || self.gathered.throttled) {
            return None;
        }
        let settled = SignedDuration::try_from(SETTLED + Duration::from_secs(60)).ok()?;
        let to = minute_of(now.checked_sub(settled).ok()?) + 60;
        let whole_since = minute_of(self.map_since) + 60;
        let from = whole_since.max(to - SHARES_OVER * 60);
        (from < to).then(|| Window { from: at(from), to: at(to) })
    }

    pub(super) fn see_shares(&mut self, layout: Option<Layout>, now: Timestamp) {
        let Some(layout) = layout else { return };
        self.shares_known = layout.shards().iter().all(|shard| shard.share.is_some());
        self.shares_read = Some(now);
        self.history.see_layout(layout);
    }

    /// Takes in what the entry tells: calls of the day, and that someone else was seen.
    pub(super) fn see_entry(&mut self, entry: &Entry) {
        let told = self.updates_told;
        for update in entry.updates.iter().filter(|update| told.is_none_or(|told| **update > told)) {
            self.history.updated_at(moment(*update));
            self.updates_told = Some(*update);
        }
        if entry.foreign > self.foreign_told
            && let Some(foreign) = entry.foreign
        {
            self.history.someone_else_reshards(moment(foreign));
            self.foreign_told = entry.foreign;
        }
    }

    pub(super) fn see_status(&mut self, status: StreamStatus) {
        self.history.see_status(status);
    }

    /// Open shards as last seen.
    pub(super) fn map(&self) -> &ShardMap {
        &self.map
    }
}

/// The shards of the map with the shares that those before them had.
fn carried(before: &Layout, map: &ShardMap) -> Layout {
    let shard = |range| OpenShard { range, share: before.share_of(range) };
    let shards = map.shards().iter().map(|open| shard(open.range));
    Layout::new(shards.collect()).unwrap_or_else(|_| without_shares(map))
}

fn without_shares(map: &ShardMap) -> Layout {
    let shards = map.shards().iter().map(|shard| OpenShard { range: shard.range, share: None });
    // A map tiles the space, and shares that are none are no wrong ones.
    Layout::new(shards.collect()).unwrap_or_else(|_| Layout::uniform(std::num::NonZeroU32::MIN))
}

/// A moment as policies count it.
pub(super) fn moment(at: Timestamp) -> policy::Timestamp {
    policy::Timestamp(at.as_second())
}
