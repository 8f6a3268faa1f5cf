//! How the values of a point are spread, for percentiles, in bounded memory.
//!
//! Up to [`EXACT`] distinct values are kept as they are. Past that, values are rounded to logarithmic buckets 2 % wide,
//! so that a percentile is off by 1 % at most; past [`COARSE`] buckets each two neighbours become one, as often as needed.

/// Distinct values kept exactly.
const EXACT: usize = 64;
/// Buckets kept once values are rounded.
const COARSE: usize = 256;
/// How far apart the bounds of the finest buckets are.
const WIDTH: f64 = 1.02;

/// Distinct values, sorted, with how often each occurred.
#[derive(Debug, Clone, Default)]
pub(super) struct Sketch {
    /// 0: exact; then the bounds of buckets are apart by [`WIDTH`] squared `level - 1` times.
    level: i32,
    values: Vec<(f64, f64)>,
}

impl Sketch {
    /// Takes in a value that occurred `count` times.
    pub(super) fn add(&mut self, value: f64, count: f64) {
        let value = self.rounded(value);
        match self.values.binary_search_by(|(known, _)| known.total_cmp(&value)) {
            Ok(at) => self.values[at].1 += count,
            Err(at) => self.values.insert(at, (value, count)),
        }
        while self.values.len() > if self.level == 0 { EXACT } else { COARSE } {
            self.coarsen();
        }
    }

    /// The values in order, with how often each occurred.
    pub(super) fn values(&self) -> &[(f64, f64)] {
        &self.values
    }

    fn rounded(&self, value: f64) -> f64 {
        if self.level == 0 || value == 0.0 {
            // One zero, whatever its sign.
            return value + 0.0;
        }
        let width = WIDTH.powf(2_f64.powi(self.level - 1));
        let bound = width.powf((value.abs().ln() / width.ln()).ceil());
        // The middle of the bucket, by relative distance.
        (2.0 * bound / (1.0 + width)).copysign(value)
    }

    fn coarsen(&mut self) {
        self.level += 1;
        let finer = std::mem::take(&mut self.values);
        for (value, count) in finer {
            let value = self.rounded(value);
            match self.values.last_mut() {
                Some((last, so_far)) if *last == value => *so_far += count,
                _ => self.values.push((value, count)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn many_values_stay_few_in_order_and_close(
            values in proptest::collection::vec(
                prop_oneof![Just(0.0), 1e-3..1e9_f64, -1e6..-1e-3_f64], 1..3000,
            ),
        ) {
            let mut sketch = Sketch::default();
            for value in &values {
                sketch.add(*value, 1.0);
            }
            prop_assert!(sketch.values().len() <= COARSE);
            prop_assert!(sketch.values().windows(2).all(|pair| pair[0].0 < pair[1].0));
            let count: f64 = sketch.values().iter().map(|(_, count)| count).sum();
            prop_assert_eq!(count, values.iter().map(|_| 1.0).sum::<f64>());
            let mut sorted = values;
            sorted.sort_by(f64::total_cmp);
            let middle = sorted[(sorted.len() - 1) / 2];
            let mut left = (sorted.len() - 1) / 2;
            let found = sketch.values().iter().find(|(_, count)| {
                let count = format!("{count}").parse::<usize>().unwrap();
                let here = left < count;
                left = left.saturating_sub(count);
                here
            }).unwrap().0;
            let width = if sketch.level == 0 { 0.0 } else { WIDTH.powf(2_f64.powi(sketch.level - 1)) - 1.0 };
            prop_assert!((found - middle).abs() <= middle.abs() * width / 2.0 + 1e-9, "{found} {middle}");
        }
    }

    #[test]
    fn few_values_are_kept_as_they_are() {
        let mut sketch = Sketch::default();
        for value in [3.0, -0.0, 1.5, 3.0, 0.0] {
            sketch.add(value, 2.0);
        }
        assert_eq!(sketch.values(), [(0.0, 4.0), (1.5, 2.0), (3.0, 4.0)]);
    }
}
