//! The points of one metric in one unit: statistics per minute, and their roll-up to any period.

use std::collections::BTreeMap;

/// The statistics of some values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Aggregate {
    /// How many values.
    pub count: f64,
    /// Their sum.
    pub sum: f64,
    /// The smallest.
    pub minimum: f64,
    /// The largest.
    pub maximum: f64,
}

impl Aggregate {
    /// Of one value.
    #[must_use]
    pub fn of(value: f64) -> Self {
        Self::repeated(value, 1.0)
    }

    /// Of one value that occurred `count` times.
    #[must_use]
    pub fn repeated(value: f64, count: f64) -> Self {
        Self { count, sum: value * count, minimum: value, maximum: value }
    }

    /// Takes in another set of values.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    /// One statistic of these values.
    #[must_use]
    pub fn statistic(&self, statistic: Statistic) -> f64 {
        match statistic {
            Statistic::SampleCount => self.count,
            Statistic::Sum => self.sum,
            Statistic::Minimum => self.minimum,
            Statistic::Maximum => self.maximum,
            Statistic::Average => self.sum / self.count,
        }
    }
}

/// The statistics CloudWatch calls basic. Percentiles need the values themselves, which are not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statistic {
    /// How many values.
    SampleCount,
    /// Their sum.
    Sum,
    /// The smallest.
    Minimum,
    /// The largest.
    Maximum,
    /// Sum over count.
    Average,
}

impl Statistic {
    /// Reads AWS's spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "SampleCount" => Self::SampleCount,
            "Sum" => Self::Sum,
            "Minimum" => Self::Minimum,
            "Maximum" => Self::Maximum,
            "Average" => Self::Average,
            _ => return None,
        })
    }
}

/// Seconds of the finest grain kept.
pub(super) const GRAIN: i64 = 60;

/// Points by the second (a multiple of [`GRAIN`]) their minute starts at.
#[derive(Debug, Default, Clone)]
pub(super) struct Series {
    points: BTreeMap<i64, Aggregate>,
}

impl Series {
    /// Adds values to the minute `second` is in. True when that minute had none before.
    pub(super) fn add(&mut self, second: i64, values: &Aggregate) -> bool {
        let minute = second.div_euclid(GRAIN) * GRAIN;
        let mut fresh = false;
        self.points.entry(minute).and_modify(|point| point.merge(values)).or_insert_with(|| {
            fresh = true;
            *values
        });
        fresh
    }

    pub(super) fn drop_oldest(&mut self) -> bool {
        self.points.pop_first().is_some()
    }

    /// Rolls the points of `start..end` up to `period` seconds. Periods align to multiples of themselves since 1970,
    /// as CloudWatch aligns them for periods of a minute and more.
    pub(super) fn roll_up(&self, start: i64, end: i64, period: i64) -> BTreeMap<i64, Aggregate> {
        let period = period.max(GRAIN);
        let mut rolled: BTreeMap<i64, Aggregate> = BTreeMap::new();
        let from = start.div_euclid(GRAIN) * GRAIN;
        if from >= end {
            return rolled;
        }
        for (minute, values) in self.points.range(from..end) {
            let at = minute.div_euclid(period) * period;
            rolled.entry(at).and_modify(|sum| sum.merge(values)).or_insert(*values);
        }
        rolled
    }

    pub(super) fn newest(&self) -> Option<i64> {
        self.points.last_key_value().map(|(at, _)| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_one_minute_share_a_point() {
        let mut series = Series::default();
        assert!(series.add(60, &Aggregate::of(1.0)));
        assert!(!series.add(119, &Aggregate::of(3.0)));
        assert!(series.add(120, &Aggregate::of(5.0)));
        let points = series.roll_up(0, 1000, 60);
        assert_eq!(points[&60], Aggregate { count: 2.0, sum: 4.0, minimum: 1.0, maximum: 3.0 });
        assert_eq!(points[&120].statistic(Statistic::Average), 5.0);
    }

    #[test]
    fn a_longer_period_sums_its_minutes_and_the_end_is_left_out() {
        let mut series = Series::default();
        for minute in 0..10 {
            series.add(minute * 60, &Aggregate::of(1.0));
        }
        let points = series.roll_up(0, 540, 300);
        let sums: Vec<_> = points.iter().map(|(at, point)| (*at, point.sum)).collect();
        assert_eq!(sums, [(0, 5.0), (300, 4.0)]);
    }

    #[test]
    fn a_window_that_ends_before_it_starts_is_empty() {
        let mut series = Series::default();
        series.add(60, &Aggregate::of(1.0));
        assert!(series.roll_up(600, 0, 60).is_empty());
    }
}
