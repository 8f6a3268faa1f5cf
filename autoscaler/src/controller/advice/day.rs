//! What the last day of a stream came to.

use std::collections::VecDeque;

use crate::policy::{Load, Point};

/// The last day, or as much of it as is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in super::super) struct Day {
    /// Minutes that are known.
    pub(super) minutes: usize,
    /// Minutes in which records were refused with the stream as a whole full.
    pub(super) refused_minutes: usize,
    /// What was taken in, on average.
    pub(super) mean: Load,
    /// The greatest demand of a minute, refused records included, in shards.
    pub(super) peak_shards: f64,
}

/// A stream that takes in less than this part of the day's highest intake is not full: what it refuses falls on hot shards.
const FULL: f64 = 0.7;

impl Day {
    pub(in super::super) fn of(points: &VecDeque<Point>) -> Self {
        let highest = points.iter().map(|point| point.accepted.shards()).fold(0.0, f64::max);
        let full = |point: &&Point| point.accepted.shards() >= FULL * highest;
        #[expect(clippy::cast_precision_loss, reason = "a day's minutes")]
        let count = points.len().max(1) as f64;
        let mean = |of: fn(&Load) -> f64| points.iter().map(|point| of(&point.accepted)).sum::<f64>() / count;
        let demand = |point: &Point| {
            let both = Load {
                bytes_per_second: point.accepted.bytes_per_second + point.refused.bytes_per_second,
                records_per_second: point.accepted.records_per_second + point.refused.records_per_second,
            };
            both.shards()
        };
        Self {
            minutes: points.len(),
            refused_minutes: points.iter().filter(full).filter(|point| point.refused.shards() > 0.0).count(),
            mean: Load {
                bytes_per_second: mean(|load| load.bytes_per_second),
                records_per_second: mean(|load| load.records_per_second),
            },
            peak_shards: points.iter().map(demand).fold(0.0, f64::max),
        }
    }

    /// In hours, for people.
    pub(super) fn hours(&self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a day's minutes")]
        let minutes = self.minutes as f64;
        minutes / 60.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Timestamp;

    #[test]
    fn a_minute_that_refuses_while_the_stream_has_room_is_a_hot_shards() {
        let minute = |at, accepted, refused| {
            Point::of_writes(Timestamp(at), Load::of_shards(accepted), Load::of_shards(refused))
        };
        let day = Day::of(&[minute(0, 4.0, 2.0), minute(60, 1.0, 0.5), minute(120, 1.0, 0.0)].into());
        assert_eq!((day.minutes, day.refused_minutes), (3, 1));
        assert!((day.mean.shards() - 2.0).abs() < 1e-9 && (day.peak_shards - 6.0).abs() < 1e-9, "{day:?}");
    }

    #[test]
    fn nothing_known_comes_to_nothing() {
        let day = Day::of(&VecDeque::new());
        assert_eq!((day.minutes, day.refused_minutes, day.peak_shards), (0, 0, 0.0));
        assert_eq!(day.mean, Load::ZERO);
    }
}
