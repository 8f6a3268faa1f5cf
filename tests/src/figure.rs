//! How a bench states what it measured: one line a figure, with a ratio against a named baseline.

use std::time::Duration;

/// A measured value beside what it is compared with. Both are in the same unit.
#[derive(Clone, Copy, Debug)]
pub struct Figure<'a> {
    /// What was measured, in snake case.
    pub name: &'a str,
    /// How much it was.
    pub value: f64,
    /// In which unit.
    pub unit: &'a str,
    /// What it is compared with, in snake case.
    pub baseline: &'a str,
    /// How much that was.
    pub baseline_value: f64,
}

impl Figure<'_> {
    /// `figure NAME VALUE UNIT ratio=R baseline=NAME`.
    pub fn line(&self) -> String {
        let ratio = self.value / self.baseline_value;
        format!(
            "figure {} {} {} ratio={} baseline={}",
            self.name,
            rounded(self.value),
            self.unit,
            rounded(ratio),
            self.baseline
        )
    }
}

/// Three significant digits below a thousand, whole numbers above.
fn rounded(value: f64) -> String {
    match value.abs() {
        size if size >= 1000.0 => format!("{value:.0}"),
        size if size >= 100.0 => format!("{value:.1}"),
        size if size >= 10.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The middle one, in seconds.
///
/// # Panics
///
/// When there is none.
pub fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_one_line_of_fixed_shape() {
        let figure = Figure {
            name: "plan",
            value: 0.41,
            unit: "s",
            baseline: "four_round_trips",
            baseline_value: 0.2,
        };
        assert_eq!(figure.line(), "figure plan 0.410 s ratio=2.050 baseline=four_round_trips");
    }

    #[test]
    fn the_median_is_the_middle_of_what_was_measured() {
        assert!((median([3, 1, 2].map(Duration::from_secs).to_vec()) - 2.0).abs() < 1e-9);
    }
}
