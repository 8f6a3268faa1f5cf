//! Points of five minutes, as the alarms of several peers look at them.

use super::super::view::Point;

/// Minutes that a point is the mean of.
const MINUTES: usize = 5;

/// Accepted traffic added up minute by minute, so that the mean of any five is a subtraction.
#[derive(Clone, Debug)]
pub(crate) struct FiveMinutes {
    /// What was accepted in all minutes before each.
    sums: Vec<f64>,
}

impl Default for FiveMinutes {
    fn default() -> Self {
        Self { sums: vec![0.0] }
    }
}

impl FiveMinutes {
    /// Takes in what can be read by now.
    pub(crate) fn read(&mut self, points: &[Point]) {
        let seen = self.sums.len() - 1;
        let mut sum = self.sums.last().copied().unwrap_or_default();
        for point in points.iter().skip(seen) {
            sum += point.accepted;
            self.sums.push(sum);
        }
    }

    /// The last `count` points, the newest first; none while there are not so many.
    pub(crate) fn last(&self, count: usize) -> Option<impl Iterator<Item = f64> + '_> {
        let end = self.sums.len() - 1;
        end.checked_sub(count * MINUTES)?;
        #[expect(clippy::cast_precision_loss, reason = "five")]
        let minutes = MINUTES as f64;
        let mean = move |index: usize| {
            let last = end - index * MINUTES;
            (self.sums[last] - self.sums[last - MINUTES]) / minutes
        };
        Some((0..count).map(mean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_the_mean_of_five_minutes_and_the_newest_comes_first() {
        let points: Vec<Point> = (0..11)
            .map(|minute| Point { accepted: f64::from(minute), throttled: 9.0, open_shards: 1 })
            .collect();
        let mut window = FiveMinutes::default();
        window.read(&points[..7]);
        assert!(window.last(2).is_none());
        window.read(&points);
        assert_eq!(window.last(2).unwrap().collect::<Vec<_>>(), [8.0, 3.0]);
    }
}
