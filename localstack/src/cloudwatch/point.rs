//! The values of one minute (or one second) of a metric.

use super::aggregate::Aggregate;
use super::sketch::Sketch;

/// What is known of the values beyond their aggregate.
#[derive(Debug, Clone)]
enum Spread {
    /// They are all the same: the aggregate says it all.
    Uniform,
    /// These.
    Known(Box<Sketch>),
    /// Nothing: a statistic set was among them.
    Unknown,
}

/// The values of one minute or second.
#[derive(Debug, Clone)]
pub(super) struct Point {
    aggregate: Aggregate,
    spread: Spread,
}

impl Point {
    pub(super) fn of(values: &Aggregate) -> Self {
        let spread = if values.is_uniform() { Spread::Uniform } else { Spread::Unknown };
        Self { aggregate: *values, spread }
    }

    /// Takes in more values.
    pub(super) fn add(&mut self, values: &Aggregate) {
        if !values.is_uniform() {
            self.spread = Spread::Unknown;
        }
        match &mut self.spread {
            Spread::Known(sketch) => sketch.add(values.minimum, values.count),
            Spread::Uniform if self.aggregate.minimum != values.minimum => {
                let mut sketch = Sketch::default();
                sketch.add(self.aggregate.minimum, self.aggregate.count);
                sketch.add(values.minimum, values.count);
                self.spread = Spread::Known(Box::new(sketch));
            }
            Spread::Uniform | Spread::Unknown => {}
        }
        self.aggregate.merge(values);
    }

    pub(super) fn aggregate(&self) -> &Aggregate {
        &self.aggregate
    }

    /// Adds its values to `into`; false when they are not known.
    pub(super) fn spread_into(&self, into: &mut Vec<(f64, f64)>) -> bool {
        match &self.spread {
            Spread::Uniform => into.push((self.aggregate.minimum, self.aggregate.count)),
            Spread::Known(sketch) => into.extend_from_slice(sketch.values()),
            Spread::Unknown => return false,
        }
        true
    }

    /// Bytes it takes in memory, about.
    pub(super) fn weight(&self) -> usize {
        let sketch = match &self.spread {
            Spread::Known(sketch) => 64 + 16 * sketch.values().len(),
            Spread::Uniform | Spread::Unknown => 0,
        };
        64 + sketch
    }
}
