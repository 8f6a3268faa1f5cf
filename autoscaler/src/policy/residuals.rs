//! How wrong forecasts have been: the distribution of their errors, in units of the errors' usual size.
//!
//! A histogram with exponential forgetting. It starts as a broad guess with heavy tails, worth some three hours of
//! evidence, so that a new stream gets cautious headroom that narrows as its own errors come in.

/// Bins of the histogram.
const BINS: usize = 240;
/// The least error that is told apart, in usual errors.
const LEAST: f64 = -4.0;
/// The width of a bin.
const WIDTH: f64 = 10.0 / 240.0;
/// How fast errors are forgotten, a minute: half of them in a month.
const FORGETTING: f64 = 0.999_984;
/// Minutes of evidence that the first guess is worth.
const GUESS: f64 = 200.0;
/// A weight at which everything is scaled down before it overflows.
const RESCALE: f64 = 1e12;

/// Errors by their size.
#[derive(Clone, Debug)]
pub(crate) struct Residuals {
    weights: [f64; BINS],
    total: f64,
    /// The weight of the next error; growing, it makes the earlier ones fade.
    next: f64,
}

impl Default for Residuals {
    fn default() -> Self {
        let mut weights = [0.0; BINS];
        for (weight, index) in weights.iter_mut().zip(0_u16..) {
            let size = LEAST + (f64::from(index) + 0.5) * WIDTH;
            *weight = 1.0 / (1.0 + size.abs().powf(3.5));
        }
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight *= GUESS / sum);
        Self { weights, total: GUESS, next: 1.0 }
    }
}

impl Residuals {
    /// Takes in an error, in usual errors; what lies outside the bins counts as the outermost.
    pub(crate) fn learn(&mut self, error: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the bins; NaN becomes the first"
        )]
        let bin = ((error - LEAST) / WIDTH).clamp(0.0, 239.0) as usize;
        self.weights[bin] += self.next;
        self.total += self.next;
        self.next /= FORGETTING;
        if self.next > RESCALE {
            self.weights.iter_mut().for_each(|weight| *weight /= RESCALE);
            self.total /= RESCALE;
            self.next /= RESCALE;
        }
    }

    /// The errors from the largest down, each with its probability.
    pub(crate) fn descending(&self) -> impl Iterator<Item = f64> + '_ {
        self.weights.iter().rev().map(|weight| weight / self.total)
    }

    /// The largest error there is, in usual errors: where [`Residuals::descending`] starts.
    pub(crate) const TOP: f64 = 6.0 - WIDTH / 2.0;
    /// From one error of [`Residuals::descending`] to the next.
    pub(crate) const STEP: f64 = WIDTH;
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The error that a share of them does not pass.
    fn quantile(residuals: &Residuals, share: f64) -> f64 {
        let (mut size, mut above) = (Residuals::TOP, 0.0);
        for probability in residuals.descending() {
            above += probability;
            if above > 1.0 - share {
                break;
            }
            size -= Residuals::STEP;
        }
        size
    }

    #[test]
    fn the_cautious_start_narrows_as_errors_come_in() {
        let mut residuals = Residuals::default();
        let before = quantile(&residuals, 0.99);
        (0..5_000).for_each(|minute| residuals.learn(f64::from(minute % 100) / 100.0));
        assert!(before > 2.5, "{before}");
        assert!(quantile(&residuals, 0.99) < 1.1);
    }

    #[test]
    fn years_of_errors_stay_finite_and_the_last_month_rules() {
        let mut residuals = Residuals::default();
        (0..1_000_000).for_each(|_| residuals.learn(5.0));
        (0..300_000).for_each(|_| residuals.learn(f64::NAN));
        (0..300_000).for_each(|_| residuals.learn(0.0));
        assert!(quantile(&residuals, 0.9).abs() < 0.1);
        assert!((residuals.descending().sum::<f64>() - 1.0).abs() < 1e-6);
    }
}
