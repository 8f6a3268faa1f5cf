//! The points of one metric in one unit: by the minute, by the second too where that was asked for, and their roll-up
//! to any period.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::aggregate::Aggregate;
use super::point::Point;
use super::statistic::Values;
use crate::lock::Lock;

/// Seconds of a minute, the grain metrics have unless they are of high resolution.
pub(super) const MINUTE: i64 = 60;
/// How long points of a minute are kept.
pub(super) const KEPT: i64 = 15 * 86_400;
/// How long points of a second are kept.
const KEPT_SECONDS: i64 = 3 * 3600;
/// How long after its minute a point of a service is seen. On AWS it is seconds to minutes (?).
pub(super) const PUBLISHING_DELAY: i64 = 10;

/// Most bytes of points over all metrics; past it a metric gives up its oldest points for its newest.
const MOST_BYTES: usize = 128 << 20;
/// Most series; values for further ones are dropped.
pub(super) const MOST_SERIES: usize = 50_000;

/// What all series take together.
#[derive(Debug, Default)]
pub(super) struct Budget {
    bytes: AtomicUsize,
    pub(super) series: AtomicUsize,
    told: AtomicBool,
}

impl Budget {
    fn is_spent(&self) -> bool {
        let spent = self.bytes.load(Ordering::Relaxed) > MOST_BYTES;
        if spent && !self.told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                limit = MOST_BYTES,
                "the memory for metrics is full: from now on each metric gives up its oldest points for its newest"
            );
        }
        spent
    }
}

/// Points, oldest first, with the second each starts at.
type Points = VecDeque<(i64, Point)>;

#[derive(Debug, Default)]
struct Kept {
    minutes: Points,
    seconds: Points,
}

/// One metric in one unit.
#[derive(Debug)]
pub(super) struct Series {
    kept: Lock<Kept>,
    /// Whether a service publishes it: its points are seen when their minute has ended.
    published: bool,
    budget: Arc<Budget>,
}

/// A part of a series: seconds since 1970, the end exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) start: i64,
    pub(super) end: i64,
    pub(super) period: i64,
    /// What time it is: the newest points of services are not seen yet.
    pub(super) now: i64,
}

impl Series {
    pub(super) fn new(published: bool, budget: Arc<Budget>) -> Self {
        budget.series.fetch_add(1, Ordering::Relaxed);
        Self { kept: Lock::default(), published, budget }
    }

    /// Adds values to the minute `second` is in, and to the second itself for a metric of high resolution.
    pub(super) fn add(&self, second: i64, values: &Aggregate, fine: bool, now: i64) {
        let mut kept = self.kept.lock();
        let Kept { minutes, seconds } = &mut *kept;
        self.add_to(minutes, second.div_euclid(MINUTE) * MINUTE, values, now - KEPT);
        if fine {
            self.add_to(seconds, second, values, now - KEPT_SECONDS);
        }
    }

    fn add_to(&self, points: &mut Points, at: i64, values: &Aggregate, oldest: i64) {
        if at < oldest {
            return;
        }
        // Nearly always the newest point or one after it.
        let index = match points.back() {
            Some((newest, _)) if *newest == at => Ok(points.len() - 1),
            Some((newest, _)) if *newest > at => points.binary_search_by_key(&at, |(at, _)| *at),
            _ => Err(points.len()),
        };
        let (before, after) = match index {
            Ok(index) => {
                let point = &mut points[index].1;
                let before = point.weight();
                point.add(values);
                (before, point.weight())
            }
            Err(index) => {
                let point = Point::of(values);
                let weight = point.weight();
                points.insert(index, (at, point));
                (0, weight)
            }
        };
        // Counting up first keeps the sum from going below nothing.
        self.budget.bytes.fetch_add(after, Ordering::Relaxed);
        self.budget.bytes.fetch_sub(before, Ordering::Relaxed);
        while points.front().is_some_and(|(at, _)| *at < oldest)
            || (points.len() > 1 && self.budget.is_spent())
        {
            self.drop_oldest(points);
        }
    }

    fn drop_oldest(&self, points: &mut Points) {
        if let Some((_, point)) = points.pop_front() {
            self.budget.bytes.fetch_sub(point.weight(), Ordering::Relaxed);
        }
    }

    /// Rolls the points of a window up to its periods, which count from its start.
    pub(super) fn roll_up(&self, window: Window, with_spread: bool) -> Vec<(i64, Values)> {
        let kept = self.kept.lock();
        let points = if window.period < MINUTE { &kept.seconds } else { &kept.minutes };
        let end = if self.published { window.end.min(self.visible(window.now)) } else { window.end };
        let from = points.partition_point(|(at, _)| *at < window.start);
        let mut rolled: Vec<(i64, Values)> = Vec::new();
        for (at, point) in points.range(from..).take_while(|(at, _)| *at < end) {
            let start = at - (at - window.start).rem_euclid(window.period.max(1));
            match rolled.last_mut() {
                Some((last, values)) if *last == start => values.take_in(point),
                _ => rolled.push((start, Values::of(point, with_spread))),
            }
        }
        for (_, values) in &mut rolled {
            if let Some(spread) = &mut values.spread {
                spread.sort_by(|(one, _), (other, _)| one.total_cmp(other));
            }
        }
        rolled
    }

    /// The end of what is seen at `now` of a published series.
    fn visible(&self, now: i64) -> i64 {
        (now - PUBLISHING_DELAY).div_euclid(MINUTE) * MINUTE
    }

    /// When the newest point that is seen starts.
    pub(super) fn newest(&self, now: i64) -> Option<i64> {
        let kept = self.kept.lock();
        let end = if self.published { self.visible(now) } else { i64::MAX };
        kept.minutes.iter().rev().map(|(at, _)| *at).find(|at| *at < end)
    }

    /// Everything from `start` on up to `end`, seen or not.
    pub(super) fn total(&self, start: i64, end: i64) -> Option<Aggregate> {
        let kept = self.kept.lock();
        let inside = kept.minutes.iter().filter(|(at, _)| (start..=end).contains(at));
        inside.map(|(_, point)| *point.aggregate()).reduce(|mut sum, one| {
            sum.merge(&one);
            sum
        })
    }

    /// Whether nothing in it is younger than what is kept.
    pub(super) fn is_expired(&self, now: i64) -> bool {
        self.kept.lock().minutes.back().is_none_or(|(at, _)| *at < now - KEPT)
    }
}

impl Drop for Series {
    fn drop(&mut self) {
        let mut kept = self.kept.lock();
        let Kept { minutes, seconds } = &mut *kept;
        let weight = minutes.iter().chain(seconds.iter()).map(|(_, point)| point.weight()).sum();
        self.budget.bytes.fetch_sub(weight, Ordering::Relaxed);
        self.budget.series.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Values {
    fn of(point: &Point, with_spread: bool) -> Self {
        let mut values = Self { aggregate: *point.aggregate(), spread: None };
        if with_spread {
            let mut spread = Vec::new();
            values.spread = point.spread_into(&mut spread).then_some(spread);
        }
        values
    }

    fn take_in(&mut self, point: &Point) {
        self.aggregate.merge(point.aggregate());
        if let Some(mut spread) = self.spread.take() {
            self.spread = point.spread_into(&mut spread).then_some(spread);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(published: bool) -> Series {
        Series::new(published, Arc::default())
    }

    fn window(start: i64, end: i64, period: i64) -> Window {
        Window { start, end, period, now: 1_000_000 }
    }

    fn sums(series: &Series, window: Window) -> Vec<(i64, f64)> {
        series.roll_up(window, false).into_iter().map(|(at, values)| (at, values.aggregate.sum)).collect()
    }

    #[test]
    fn values_of_one_minute_share_a_point_whatever_order_they_come_in() {
        let series = series(false);
        for (second, value) in [(60, 1.0), (120, 5.0), (119, 3.0), (0, 7.0)] {
            series.add(second, &Aggregate::of(value), false, 200);
        }
        assert_eq!(sums(&series, window(0, 1000, 60)), [(0, 7.0), (60, 4.0), (120, 5.0)]);
    }

    #[test]
    fn periods_count_from_the_start_and_the_end_is_left_out() {
        let series = series(false);
        for minute in 0..10 {
            series.add(minute * 60, &Aggregate::of(1.0), false, 600);
        }
        assert_eq!(sums(&series, window(0, 540, 300)), [(0, 5.0), (300, 4.0)]);
        assert_eq!(sums(&series, window(60, 540, 300)), [(60, 5.0), (360, 3.0)]);
        assert_eq!(sums(&series, window(600, 0, 60)), []);
    }

    #[test]
    fn a_point_of_a_service_is_seen_a_little_after_its_minute_has_ended() {
        let series = series(true);
        series.add(61, &Aggregate::of(1.0), false, 61);
        let seen = |now| sums(&series, Window { now, ..window(0, 1000, 60) }).len();
        assert_eq!([seen(119), seen(129), seen(130)], [0, 0, 1]);
        assert_eq!((series.newest(129), series.newest(130)), (None, Some(60)));
    }

    #[test]
    fn seconds_are_kept_for_metrics_of_high_resolution_and_for_three_hours() {
        let series = series(false);
        series.add(61, &Aggregate::of(1.0), true, 61);
        series.add(62, &Aggregate::of(2.0), false, 62);
        series.add(65, &Aggregate::of(4.0), true, 65);
        assert_eq!(sums(&series, window(60, 70, 1)), [(61, 1.0), (65, 4.0)]);
        assert_eq!(sums(&series, window(60, 70, 5)), [(60, 1.0), (65, 4.0)]);
        assert_eq!(sums(&series, window(60, 70, 60)), [(60, 7.0)]);
        series.add(20_000, &Aggregate::of(8.0), true, 20_000);
        assert_eq!(sums(&series, window(0, 30_000, 1)), [(20_000, 8.0)]);
    }

    #[test]
    fn what_is_older_than_fifteen_days_goes() {
        let series = series(false);
        series.add(0, &Aggregate::of(1.0), false, 0);
        assert!(!series.is_expired(KEPT));
        assert!(series.is_expired(KEPT + 1));
        series.add(KEPT + 60, &Aggregate::of(2.0), false, KEPT + 60);
        series.add(30, &Aggregate::of(9.0), false, KEPT + 60);
        assert_eq!(sums(&series, window(0, i64::MAX, 60)), [(KEPT + 60, 2.0)]);
    }

    #[test]
    fn what_goes_gives_its_memory_back() {
        let budget = Arc::new(Budget::default());
        let series = Series::new(false, Arc::clone(&budget));
        for second in 0..1000 {
            series.add(second * 7, &Aggregate::of(f64::from(i32::try_from(second).unwrap())), true, 7000);
        }
        assert!(budget.bytes.load(Ordering::Relaxed) > 1000 * 64);
        drop(series);
        assert_eq!(budget.bytes.load(Ordering::Relaxed), 0);
        assert_eq!(budget.series.load(Ordering::Relaxed), 0);
    }
}
