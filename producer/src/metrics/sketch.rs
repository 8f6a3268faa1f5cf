//! Values by size, in buckets of constant relative width: what percentiles are read from in bounded memory.

use std::collections::BTreeMap;

/// Buckets that a power of two is divided into, as bits: 16, so a value is at most 6.3 % from any other in its bucket.
const BITS: u32 = 4;
/// The mantissa bits of an `f64` that a bucket does not tell apart.
const SHIFT: u32 = 52 - BITS;
/// 2⁻¹⁰: what is less is in the first bucket. Of milliseconds that is a microsecond.
const LEAST: f64 = 1.0 / 1024.0;
/// 2⁴⁰: what is more is in the last bucket.
const MOST: f64 = 1_099_511_627_776.0;

/// How many values of about each size there were; 802 buckets at most.
///
/// Integers below 32 have a bucket each, and a bucket knows the mean of its values: sums are exact.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sketch {
    buckets: BTreeMap<u16, Bucket>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Bucket {
    count: u64,
    sum: f64,
}

impl Sketch {
    /// Adds a value so many times. Below zero is zero, above 2⁴⁰ is 2⁴⁰, and what is no number does not count.
    pub fn add(&mut self, value: f64, count: u64) {
        if value.is_nan() || count == 0 {
            return;
        }
        let value = value.clamp(0.0, MOST);
        let bucket = self.buckets.entry(index(value)).or_default();
        bucket.count += count;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
        let times = count as f64;
        bucket.sum += value * times;
    }

    /// Adds all values of another.
    pub fn merge(&mut self, other: &Self) {
        for (index, added) in &other.buckets {
            let bucket = self.buckets.entry(*index).or_default();
            bucket.count += added.count;
            bucket.sum += added.sum;
        }
    }

    /// The values in ascending order, those of a bucket as their mean, and how many there are of each.
    pub fn values(&self) -> impl Iterator<Item = (f64, u64)> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
        self.buckets.values().map(|bucket| (bucket.sum / bucket.count as f64, bucket.count))
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.values().map(|bucket| bucket.count).sum()
    }

    /// What they add up to.
    #[must_use]
    pub fn sum(&self) -> f64 {
        self.buckets.values().map(|bucket| bucket.sum).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The value that this part of them, from 0 to 1, does not exceed; nothing when there are none.
    #[must_use]
    pub fn quantile(&self, part: f64) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
        let rank = (part.clamp(0.0, 1.0) * self.count() as f64).ceil().max(1.0);
        let mut seen = 0.0;
        self.values().find_map(|(value, count)| {
            #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
            let times = count as f64;
            seen += times;
            (seen >= rank).then_some(value)
        })
    }
}

/// The bucket of a value: the leading bits of its floating-point form, which ascend with it.
fn index(value: f64) -> u16 {
    if value < LEAST {
        return 0;
    }
    let leading = |value: f64| value.to_bits() >> SHIFT;
    u16::try_from(leading(value) - leading(LEAST) + 1).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sketch(values: &[f64]) -> Sketch {
        let mut sketch = Sketch::default();
        values.iter().for_each(|value| sketch.add(*value, 1));
        sketch
    }

    #[test]
    fn small_integers_are_exact() {
        let values: Vec<f64> = (0..32).map(f64::from).collect();
        let told: Vec<(f64, u64)> = sketch(&values).values().collect();
        assert_eq!(told, values.iter().map(|value| (*value, 1)).collect::<Vec<_>>());
    }

    #[test]
    fn values_without_bound_take_buckets_within_one() {
        let mut all = Sketch::default();
        for exponent in -1074..1024 {
            for step in 0..40 {
                all.add(f64::powi(2.0, exponent) * (1.0 + f64::from(step) / 40.0), 1);
            }
        }
        for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, -0.0] {
            all.add(odd, 1);
        }
        assert!(all.buckets.len() <= 802, "{}", all.buckets.len());
        assert_eq!(all.count(), 2098 * 40 + 4, "all but the one that is no number");
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Sketch::default().quantile(0.99), None);
        assert_eq!(sketch(&[7.0]).quantile(0.0), Some(7.0));
    }

    proptest! {
        #[test]
        fn a_percentile_is_near_the_true_one(mut values in prop::collection::vec(0.01_f64..1e9, 1..300), part in 0.0_f64..1.0) {
            let told = sketch(&values).quantile(part).unwrap();
            values.sort_by(f64::total_cmp);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "within the vector")]
            let rank = ((part * values.len() as f64).ceil().max(1.0)) as usize;
            let truth = values[rank - 1];
            prop_assert!((told - truth).abs() <= truth / 16.0 + 1e-9, "{told} for {truth}");
        }

        #[test]
        fn merged_is_as_if_added_to_one(left in prop::collection::vec(0_u32..100_000, 0..50), right in prop::collection::vec(0_u32..100_000, 0..50)) {
            let of = |values: &[u32]| sketch(&values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>());
            let mut merged = of(&left);
            merged.merge(&of(&right));
            let all: Vec<u32> = left.iter().chain(&right).copied().collect();
            prop_assert_eq!(merged, of(&all));
        }
    }
}
