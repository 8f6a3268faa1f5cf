//! Least squares that learns as it goes: how the demand to come depends on what is known now.
//!
//! Recursive least squares with exponential forgetting (Haykin, *Adaptive Filter Theory*, chapter 10), started from
//! given weights and pulled towards them until the stream has shown better ones. Errors are clipped, so that one
//! spike moves the weights no further than three ordinary errors would.

/// What is known now, as the regression takes it in.
pub(crate) const FEATURES: usize = 7;

/// One value for each feature.
pub(crate) type Features = [f64; FEATURES];

/// How fast the past is forgotten, a minute: half of it in eight days, so that last week still counts.
const FORGETTING: f64 = 0.999_94;
/// How far the weights may yet move, in units of the noise: some forty minutes of evidence outweigh the start.
const START: f64 = 0.1;
/// Ordinary errors beyond which an error counts no more.
const CLIP: f64 = 3.0;

/// A linear rule and how sure it is of itself.
#[derive(Clone, Debug)]
pub(crate) struct Regression {
    weights: Features,
    covariance: [Features; FEATURES],
}

impl Regression {
    /// Starts from these weights.
    pub(crate) fn starting_from(weights: Features) -> Self {
        let mut covariance = [[0.0; FEATURES]; FEATURES];
        for (place, row) in covariance.iter_mut().enumerate() {
            row[place] = START;
        }
        Self { weights, covariance }
    }

    /// What follows from the features.
    pub(crate) fn predict(&self, features: &Features) -> f64 {
        dot(&self.weights, features)
    }

    /// Learns that `outcome` followed from the features; `scale` is the size of an ordinary error.
    pub(crate) fn learn(&mut self, features: &Features, outcome: f64, scale: f64) {
        let mut gain = [0.0; FEATURES];
        for (gain, row) in gain.iter_mut().zip(&self.covariance) {
            *gain = dot(row, features);
        }
        let certainty = FORGETTING + dot(&gain, features);
        let error = (outcome - self.predict(features)).clamp(-CLIP * scale, CLIP * scale);
        for (weight, gain) in self.weights.iter_mut().zip(&gain) {
            *weight += gain / certainty * error;
        }
        for (row, left) in self.covariance.iter_mut().zip(&gain) {
            for (cell, right) in row.iter_mut().zip(&gain) {
                *cell = (*cell - left * right / certainty) / FORGETTING;
            }
        }
        self.stay_bounded();
    }

    /// Forgetting makes a rule that sees nothing new unsure without bound; it never becomes less sure than at first.
    fn stay_bounded(&mut self) {
        let trace: f64 = self.covariance.iter().enumerate().map(|(place, row)| row[place]).sum();
        #[expect(clippy::cast_precision_loss, reason = "seven")]
        let most = START * FEATURES as f64;
        if trace > most {
            self.covariance.iter_mut().flatten().for_each(|cell| *cell *= most / trace);
        }
    }
}

fn dot(left: &Features, right: &Features) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Features that differ from minute to minute, without chance.
    fn features(minute: u32) -> Features {
        let minute = f64::from(minute);
        [1.3, 0.7, 2.1, 0.33, 1.9, 0.11, 2.9].map(|step: f64| (minute * step).sin())
    }

    #[test]
    fn a_linear_rule_is_found() {
        let rule = [0.5, -0.2, 0.0, 1.0, 0.3, 0.0, -1.0];
        let mut regression = Regression::starting_from([0.0; FEATURES]);
        for minute in 0..2_000 {
            regression.learn(&features(minute), dot(&rule, &features(minute)), 10.0);
        }
        for (found, right) in regression.weights.iter().zip(rule) {
            assert!((found - right).abs() < 0.01, "{:?}", regression.weights);
        }
    }

    #[test]
    fn a_month_of_the_same_minute_leaves_it_finite() {
        let mut regression = Regression::starting_from([0.5; FEATURES]);
        for _ in 0..43_200 {
            regression.learn(&[1.0; FEATURES], 2.0, 0.1);
        }
        assert!((regression.predict(&[1.0; FEATURES]) - 2.0).abs() < 0.01);
        assert!(regression.covariance.iter().flatten().all(|cell| cell.is_finite()));
    }
}
