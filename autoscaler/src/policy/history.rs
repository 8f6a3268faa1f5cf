//! What is known of a stream: the running state that decisions read.

use std::collections::VecDeque;

use super::capacity::{Capacity, skewed};
use super::forecast::Forecaster;
use super::layout::Layout;
use super::outlook::Outlook;
use super::shape::Shape;
use super::signal::{MINUTE, Point, StreamStatus, Timestamp};

/// Minutes of points that are kept one by one.
const RECENT: usize = 3 * 60;

/// Seconds that an `UpdateShardCount` call counts against the day's budget.
pub(crate) const DAY: i64 = 24 * 60 * 60;

/// What became of a point that was handed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// It is the newest.
    Taken,
    /// It is the newest, and minutes between it and the one before are missing.
    AfterGap {
        /// How many minutes.
        missing: i64,
    },
    /// Its minute was known already, or is too old to be of use: passed over.
    TooLate,
    /// Not a number, or negative: passed over.
    NotSane,
}

/// Everything that a decision reads.
#[derive(Clone, Debug)]
pub struct History {
    recent: VecDeque<Point>,
    forecaster: Forecaster,
    layout: Layout,
    skewed: bool,
    capacity: Capacity,
    shape: Shape,
    status: StreamStatus,
    updates: VecDeque<Timestamp>,
    foreign: Option<Timestamp>,
}

impl History {
    /// Of a stream with these open shards, of which nothing else is known yet.
    #[must_use]
    pub fn new(layout: Layout) -> Self {
        let skewed = skewed(&layout);
        Self {
            recent: VecDeque::with_capacity(RECENT),
            forecaster: Forecaster::default(),
            skewed,
            capacity: Capacity::of(&layout, skewed),
            shape: Shape::of(&layout),
            layout,
            status: StreamStatus::Active,
            updates: VecDeque::new(),
            foreign: None,
        }
    }

    /// Takes in a minute of metrics. Points come in the order of their minutes; one that comes late, twice, or with
    /// values that are none is passed over, and the answer says so.
    pub fn observe(&mut self, point: Point) -> Observed {
        if !point.is_sane() {
            return Observed::NotSane;
        }
        let step = self.recent.back().map_or(MINUTE, |last| point.at.since(last.at));
        if step <= 0 {
            return Observed::TooLate;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(point);
        self.forecaster.learn(point.at.0.div_euclid(MINUTE), point.demand());
        match step / MINUTE - 1 {
            missing if missing > 0 => Observed::AfterGap { missing },
            _ => Observed::Taken,
        }
    }

    /// Takes in the open shards as they are now.
    pub fn see_layout(&mut self, layout: Layout) {
        self.skewed = skewed(&layout);
        self.capacity = Capacity::of(&layout, self.skewed);
        self.shape = Shape::of(&layout);
        self.layout = layout;
    }

    /// Takes in what the stream is doing.
    pub fn see_status(&mut self, status: StreamStatus) {
        self.status = status;
    }

    /// Notes that `UpdateShardCount` was called, by us or as CloudTrail or the ledger says.
    pub fn updated_at(&mut self, at: Timestamp) {
        self.updates.push_back(at);
        while self.updates.front().is_some_and(|first| at.since(*first) >= DAY) {
            self.updates.pop_front();
        }
    }

    /// Notes that someone else reshards the stream, so that the next decisions stand back.
    pub fn someone_else_reshards(&mut self, at: Timestamp) {
        self.foreign = Some(at);
    }

    /// The open shards as last seen.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// What the stream was doing when last seen.
    #[must_use]
    pub fn status(&self) -> StreamStatus {
        self.status
    }

    /// The newest point.
    #[must_use]
    pub fn newest(&self) -> Option<&Point> {
        self.recent.back()
    }

    /// `UpdateShardCount` calls in the day before `now`.
    #[must_use]
    pub fn updates_within_day(&self, now: Timestamp) -> usize {
        self.updates.iter().filter(|at| now.since(**at) < DAY).count()
    }

    /// Whether equal ranges would be unequal shards.
    pub(crate) fn skewed(&self) -> bool {
        self.skewed
    }

    /// What the open shards carry.
    pub(crate) fn capacity(&self) -> &Capacity {
        &self.capacity
    }

    /// Where the open shards start.
    pub(crate) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The odds of the demand to come; `None` before the first point.
    pub(crate) fn outlook(&self) -> Option<Outlook> {
        self.forecaster.outlook()
    }

    /// Whether a demand that no forecast announced has mostly lasted until shards for it could serve.
    pub(crate) fn surprises_last(&self) -> bool {
        self.forecaster.surprises_last()
    }

    /// When someone else was last seen resharding.
    pub(crate) fn foreign(&self) -> Option<Timestamp> {
        self.foreign
    }

    /// The points of the last so many minutes, newest first.
    pub(crate) fn last(&self, minutes: i64) -> impl Iterator<Item = &Point> {
        let newest = self.newest().map_or(Timestamp(0), |point| point.at);
        self.recent.iter().rev().take_while(move |point| newest.since(point.at) < minutes * MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::policy::Load;

    fn history() -> History {
        History::new(Layout::uniform(NonZeroU32::MIN))
    }

    fn point(minute: i64, shards: f64) -> Point {
        Point::of_writes(Timestamp(minute * MINUTE), Load::of_shards(shards), Load::ZERO)
    }

    #[test]
    fn late_repeated_and_impossible_points_are_passed_over_and_said() {
        let mut history = history();
        assert_eq!(history.observe(point(10, 1.0)), Observed::Taken);
        assert_eq!(history.observe(point(10, 2.0)), Observed::TooLate);
        assert_eq!(history.observe(point(9, 2.0)), Observed::TooLate);
        assert_eq!(history.observe(point(11, f64::NAN)), Observed::NotSane);
        assert_eq!(history.observe(point(14, 3.0)), Observed::AfterGap { missing: 3 });
        assert_eq!(history.last(60).count(), 2);
    }

    #[test]
    fn an_update_counts_for_a_day_to_the_second() {
        let mut history = history();
        history.updated_at(Timestamp(100));
        assert_eq!(history.updates_within_day(Timestamp(100 + DAY - 1)), 1);
        assert_eq!(history.updates_within_day(Timestamp(100 + DAY)), 0);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut history = history();
        for minute in 0..10_000 {
            history.observe(point(minute, 1.0));
        }
        assert_eq!(history.last(i64::MAX / MINUTE).count(), RECENT);
    }
}
