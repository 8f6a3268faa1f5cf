//! What the demand usually is at a time of the day, and of the week, in logarithms.
//!
//! Profiles of five-minute bins that follow the last few periods, so that a trend carries over and one odd day fades.
//! Logarithms keep a single spike from marking its bin for days.

/// Minutes of a bin.
const BIN: i64 = 5;
/// Bins on either side that a value is the mean of.
const SIDE: i64 = 2;

/// A profile over a period.
#[derive(Clone, Debug)]
pub(crate) struct Season {
    bins: Vec<Option<f64>>,
    minutes: i64,
    /// How far a bin moves towards a new value, a minute.
    pace: f64,
}

impl Season {
    /// Of the day: three days ago counts a third.
    pub(crate) fn daily() -> Self {
        Self::of(288, 0.07)
    }

    /// Of the week: the last one counts half.
    pub(crate) fn weekly() -> Self {
        Self::of(2016, 0.13)
    }

    fn of(bins: usize, pace: f64) -> Self {
        let minutes = i64::try_from(bins).unwrap_or(i64::MAX / BIN) * BIN;
        Self { bins: vec![None; bins], minutes, pace }
    }

    /// Takes in a minute's value.
    pub(crate) fn learn(&mut self, minute: i64, value: f64) {
        let (pace, bin) = (self.pace, self.bin(minute));
        if let Some(bin) = self.bins.get_mut(bin) {
            *bin = Some(bin.map_or(value, |known| known + pace * (value - known)));
        }
    }

    /// What is usual around a minute; `None` until all bins around it have been seen.
    pub(crate) fn at(&self, minute: i64) -> Option<f64> {
        let mut sum = 0.0;
        for side in -SIDE..=SIDE {
            sum += (*self.bins.get(self.bin(minute + side * BIN))?)?;
        }
        #[expect(clippy::cast_precision_loss, reason = "five")]
        let count = (2 * SIDE + 1) as f64;
        Some(sum / count)
    }

    fn bin(&self, minute: i64) -> usize {
        usize::try_from(minute.rem_euclid(self.minutes) / BIN).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_known_a_day_later_and_follows_a_level_within_days() {
        let mut season = Season::daily();
        for day in 0..10 {
            for minute in 0..1440 {
                let level = if minute < 720 { 1.0 } else { 2.0 };
                season.learn(day * 1440 + minute, if day < 5 { level } else { level + 1.0 });
            }
        }
        assert!((season.at(10 * 1440 + 300).unwrap() - 2.0).abs() < 0.2);
        assert!((season.at(10 * 1440 + 1000).unwrap() - 3.0).abs() < 0.2);
    }

    #[test]
    fn what_has_not_been_seen_is_not_known() {
        let mut season = Season::weekly();
        (0..1440).for_each(|minute| season.learn(minute, 1.0));
        assert_eq!(season.at(700), Some(1.0));
        assert_eq!(season.at(1440 + 700), None);
        assert_eq!(season.at(7 * 1440 + 700), Some(1.0));
    }
}
