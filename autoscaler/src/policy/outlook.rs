//! The odds of the demand to come, and what refusals they let expect of a capacity.

use super::residuals::Residuals;

/// The demand at one lead: from the largest down, the odds that it is passed.
#[derive(Clone, Debug)]
pub(crate) struct Component {
    /// How much it counts for; the weights of all leads add up to 1.
    weight: f64,
    /// The forecast, in shards, with the floor in it.
    centre: f64,
    /// The largest demand there is.
    top: f64,
    /// How much smaller each next demand is, as a logarithm.
    step: f64,
    /// For each demand from the top down: the chance of it or more, and the sum of demands times their chances.
    above: Vec<(f64, f64)>,
}

/// The odds of the demand over the next hour.
#[derive(Clone, Debug)]
pub(crate) struct Outlook {
    components: Vec<Component>,
    /// What demands were counted with, to be taken off again.
    floor: f64,
}

/// What is to be expected over a capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Over {
    /// The chance that the demand passes it.
    pub(crate) chance: f64,
    /// The mean of what passes it, in shards.
    pub(crate) excess: f64,
}

impl Outlook {
    pub(crate) fn new(components: Vec<Component>, floor: f64) -> Self {
        Self { components, floor }
    }

    /// What is to be expected over a capacity, at all leads alike.
    pub(crate) fn over(&self, capacity: f64) -> Over {
        let mut sum = Over::default();
        for component in &self.components {
            let over = component.over(capacity + self.floor);
            sum.chance += component.weight * over.chance;
            sum.excess += component.weight * over.excess;
        }
        sum
    }

    /// What is to be expected over a capacity at the nearest lead.
    pub(crate) fn soon_over(&self, capacity: f64) -> Over {
        self.components.first().map_or_else(Over::default, |soonest| soonest.over(capacity + self.floor))
    }

    /// The forecast at the lead where it is largest, in shards.
    pub(crate) fn centre(&self) -> f64 {
        let most = self.components.iter().map(|component| component.centre).fold(0.0, f64::max);
        (most - self.floor).max(0.0)
    }

    /// The demand that is passed with this chance, to within a hundredth.
    pub(crate) fn passed_with(&self, chance: f64) -> f64 {
        let top = self.components.iter().map(|component| component.top).fold(0.0, f64::max);
        let (mut low, mut high) = (0.0, (top - self.floor).max(0.0));
        while high - low > 0.01 * high.max(1.0) {
            let middle = f64::midpoint(low, high);
            if self.over(middle).chance > chance { low = middle } else { high = middle }
        }
        high
    }
}

impl Component {
    /// A demand around a centre, with the floor in it, whose logarithm errs by `spread` usually.
    pub(crate) fn new(weight: f64, centre: f64, spread: f64, residuals: &Residuals) -> Self {
        let (top, step) = (centre * (spread * Residuals::TOP).exp(), spread * Residuals::STEP);
        let fall = (-step).exp();
        let (mut demand, mut sum) = (top, (0.0, 0.0));
        let above = residuals.descending().map(|probability| {
            sum = (sum.0 + probability, sum.1 + probability * demand);
            demand *= fall;
            sum
        });
        Self { weight, centre, top, step, above: above.collect() }
    }

    fn over(&self, capacity: f64) -> Over {
        if capacity >= self.top {
            return Over::default();
        }
        // The demands from the top down to the last that is over the capacity.
        let last = (self.top / capacity.max(f64::MIN_POSITIVE)).ln() / self.step;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "over 0; NaN becomes 0")]
        let last = last as usize;
        let (chance, sum) = *self.above.get(last).or(self.above.last()).unwrap_or(&(0.0, 0.0));
        Over { chance, excess: (sum - chance * capacity).max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_capacity_never_lets_expect_more_refusals() {
        let residuals = Residuals::default();
        let outlook = Outlook::new(vec![Component::new(1.0, 10.0, 0.2, &residuals)], 1.0);
        let over: Vec<Over> = (0..40).map(|capacity| outlook.over(f64::from(capacity))).collect();
        assert!(
            over.windows(2).all(|pair| pair[1].excess <= pair[0].excess && pair[1].chance <= pair[0].chance)
        );
        assert!((outlook.over(0.0).chance - 1.0).abs() < 1e-6);
        let demand = outlook.passed_with(0.01);
        assert!((outlook.over(demand).chance - 0.01).abs() < 0.01, "{demand}");
    }
}
