//! From figures to places in the picture: minutes to columns, shards to heights, and the marks on their axes.

use super::{LEFT, RIGHT};

/// Minutes over the width of the panels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    minutes: usize,
}

#[expect(clippy::cast_precision_loss, reason = "minutes of ten years at most")]
fn float(count: usize) -> f64 {
    count as f64
}

impl Time {
    pub(super) fn new(minutes: usize) -> Self {
        Self { minutes: minutes.max(1) }
    }

    /// Where a minute starts.
    pub(super) fn x(self, minute: usize) -> f64 {
        LEFT + (RIGHT - LEFT) * float(minute) / float(self.minutes)
    }

    /// Minutes of a column: so many that there are no more columns than can be told apart.
    pub(super) fn column(self) -> usize {
        const COLUMNS: usize = 990;
        self.minutes.div_ceil(COLUMNS)
    }

    /// Minutes to mark, and what stands there.
    pub(super) fn marks(self) -> Vec<(usize, String)> {
        const HOUR: usize = 60;
        const DAY: usize = 24 * HOUR;
        const MOST: usize = 14;
        let steps = [10, 30, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 364 * DAY];
        let step = steps.into_iter().find(|step| self.minutes / step <= MOST).unwrap_or(364 * DAY);
        let said = |minute: usize| match step {
            _ if step >= DAY => format!("day {}", minute / DAY),
            _ if step >= HOUR => format!("{} h", minute / HOUR),
            _ => format!("{minute} min"),
        };
        (0..self.minutes).step_by(step).map(|minute| (minute, said(minute))).collect()
    }
}

/// Figures over a height; by their logarithm where the highest dwarfs the usual.
#[derive(Clone, Copy, Debug)]
pub(super) struct Height {
    top: f64,
    bottom: f64,
    most: f64,
    logarithmic: bool,
}

impl Height {
    /// From `bottom` up to `top`, for figures up to `most` of which `usual` is a usual one.
    pub(super) fn new(top: f64, bottom: f64, most: f64, usual: f64) -> Self {
        const DWARFS: f64 = 12.0;
        Self { top, bottom, most: most.max(1.0), logarithmic: most > DWARFS * usual.max(1.0) }
    }

    pub(super) fn is_logarithmic(&self) -> bool {
        self.logarithmic
    }

    pub(super) fn y(&self, figure: f64) -> f64 {
        let part = match self.logarithmic {
            true => (1.0 + figure.max(0.0)).ln() / (1.0 + self.most).ln(),
            false => figure / self.most,
        };
        self.bottom - (self.bottom - self.top) * part.clamp(0.0, 1.0)
    }

    /// Figures to mark.
    pub(super) fn marks(&self) -> Vec<f64> {
        if self.logarithmic {
            let marks = [0.0, 1.0, 3.0].into_iter().chain((1..8).flat_map(|power| {
                let ten = 10_f64.powi(power);
                [ten, 3.0 * ten]
            }));
            return marks.filter(|mark| *mark <= self.most).collect();
        }
        let rough = self.most / 6.0;
        let ten = 10_f64.powf(rough.log10().floor()).max(1.0);
        let step = [1.0, 2.0, 5.0, 10.0].map(|part| part * ten).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(ten);
        (0..=6_u32).map(|mark| f64::from(mark) * step).filter(|mark| *mark <= self.most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_few() {
        let marks =
            |minutes| Time::new(minutes).marks().into_iter().map(|(_, said)| said).collect::<Vec<_>>();
        assert_eq!(marks(180), ["0 min", "30 min", "60 min", "90 min", "120 min", "150 min"]);
        assert_eq!(marks(3 * 1440)[..3], ["0 h", "6 h", "12 h"]);
        assert_eq!(marks(55 * 1440)[..3], ["day 0", "day 7", "day 14"]);
        assert_eq!(Height::new(0.0, 100.0, 57.0, 20.0).marks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
    }

    #[test]
    fn spikes_that_dwarf_the_rest_are_shown_by_their_logarithm() {
        let spiky = Height::new(0.0, 100.0, 8000.0, 8.0);
        assert!(spiky.is_logarithmic() && spiky.y(8.0) < 80.0 && spiky.y(8000.0) < 1e-9);
        assert_eq!(spiky.marks()[..4], [0.0, 1.0, 3.0, 10.0]);
        let even = Height::new(0.0, 100.0, 40.0, 20.0);
        assert!(!even.is_logarithmic() && (even.y(20.0) - 50.0).abs() < 1e-9);
    }
}
