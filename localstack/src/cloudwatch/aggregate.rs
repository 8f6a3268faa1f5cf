//! What is known of a set of values: how many, their sum, the ends.

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

    /// Whether all values are known, since they are the same one. Of a statistic set with other ends nobody knows the
    /// values, and so no percentile.
    pub(super) fn is_uniform(&self) -> bool {
        self.minimum >= self.maximum
    }
}
