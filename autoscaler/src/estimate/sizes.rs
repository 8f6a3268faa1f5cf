//! How large records are, and how sure that is.

use std::collections::BTreeMap;

use serde::Serialize;

/// Bytes in the unit that AWS's formula rounds an average size up to.
pub(crate) const KIB: f64 = 1024.0;

/// The sizes of user records in bytes, partition keys included, as the limits of a shard count them.
#[derive(Clone, Debug, PartialEq)]
pub enum Sizes {
    /// Somebody's assumption of the average. AWS's formula rounds it up to whole KiB.
    Assumed(f64),
    /// An average that was measured: bytes over records.
    Averaged(f64),
    /// How many records there were of each size.
    Measured(Histogram),
}

/// How many records there are of each size.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Histogram {
    counts: BTreeMap<u32, u64>,
}

impl Histogram {
    /// One more record of that many bytes.
    pub fn add(&mut self, bytes: u32) {
        *self.counts.entry(bytes).or_default() += 1;
    }

    /// How many there are.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.counts.values().sum()
    }

    /// The largest; 0 where there is none.
    #[must_use]
    pub fn largest(&self) -> u32 {
        self.counts.last_key_value().map_or(0, |(bytes, _)| *bytes)
    }

    /// The mean of something that a size has.
    fn mean(&self, of: impl Fn(f64) -> f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a count above 2^53 would take years to sample")]
        let sums = self.counts.iter().fold((0.0, 0.0), |(sum, records), (bytes, count)| {
            (sum + of(f64::from(*bytes)) * *count as f64, records + *count as f64)
        });
        if sums.1 > 0.0 { sums.0 / sums.1 } else { 0.0 }
    }
}

impl FromIterator<u32> for Histogram {
    fn from_iter<I: IntoIterator<Item = u32>>(sizes: I) -> Self {
        let mut histogram = Self::default();
        sizes.into_iter().for_each(|bytes| histogram.add(bytes));
        histogram
    }
}

impl Sizes {
    /// The mean.
    #[must_use]
    pub fn mean(&self) -> f64 {
        match self {
            Sizes::Assumed(bytes) | Sizes::Averaged(bytes) => *bytes,
            Sizes::Measured(histogram) => histogram.mean(|bytes| bytes),
        }
    }

    /// The mean of the sizes with each rounded up to whole `unit`s; where only the mean is known, that rounded up.
    #[must_use]
    pub fn rounded(&self, unit: f64) -> f64 {
        let up = |bytes: f64| (bytes / unit).ceil() * unit;
        match self {
            Sizes::Assumed(bytes) | Sizes::Averaged(bytes) => up(*bytes),
            Sizes::Measured(histogram) => histogram.mean(up),
        }
    }

    /// Whether these are what somebody expects rather than what was seen.
    pub(crate) fn is_assumed(&self) -> bool {
        matches!(self, Sizes::Assumed(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_differ_round_up_one_by_one() {
        // 100 and 1,900 bytes have a mean of 1,000; rounded to KiB they are 1,024 and 2,048.
        let sizes = Sizes::Measured([100, 1900].into_iter().collect());
        assert_eq!((sizes.mean(), sizes.rounded(KIB)), (1000.0, 1536.0));
        assert_eq!(Sizes::Averaged(1000.0).rounded(KIB), 1024.0);
    }

    #[test]
    fn a_histogram_knows_how_many_and_the_largest() {
        let histogram: Histogram = [5, 7, 5].into_iter().collect();
        assert_eq!((histogram.records(), histogram.largest()), (3, 7));
        assert_eq!(Histogram::default().largest(), 0);
    }
}
