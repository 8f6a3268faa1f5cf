//! The inclusive ranges of hash keys that shards own: cutting, joining and tiling them.

use std::fmt;
use std::num::NonZeroU32;

use crate::HashKey;

/// An inclusive, never empty range of hash keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HashKeyRange {
    start: HashKey,
    end: HashKey,
}

/// Why ranges cannot be made, cut or joined as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RangeError {
    /// The end lies before the start.
    #[error("a range cannot end at {end}, before its start at {start}")]
    Reversed {
        /// The start asked for.
        start: HashKey,
        /// The end asked for.
        end: HashKey,
    },
    /// A cut must leave a hash key on either side.
    #[error("{at} does not cut {range} in two: the second part starts there, so it must lie after {}", range.start)]
    SplitOutside {
        /// The range to cut.
        range: HashKeyRange,
        /// Where the second part would start.
        at: HashKey,
    },
    /// Only neighbours can be joined.
    #[error("{left} and {right} are not adjacent")]
    NotAdjacent {
        /// One range.
        left: HashKeyRange,
        /// The other.
        right: HashKeyRange,
    },
}

impl HashKeyRange {
    /// The whole space, as the one shard of a one-shard stream owns it.
    pub const ALL: Self = Self { start: HashKey::MIN, end: HashKey::MAX };

    /// The range from `start` to `end`, both included.
    ///
    /// # Errors
    /// [`RangeError::Reversed`] when `end` lies before `start`.
    pub fn new(start: HashKey, end: HashKey) -> Result<Self, RangeError> {
        if end < start { Err(RangeError::Reversed { start, end }) } else { Ok(Self { start, end }) }
    }

    /// The first hash key in it.
    #[must_use]
    pub fn start(&self) -> HashKey {
        self.start
    }

    /// The last hash key in it.
    #[must_use]
    pub fn end(&self) -> HashKey {
        self.end
    }

    /// Whether `key` lies in it.
    #[must_use]
    pub fn contains(&self, key: HashKey) -> bool {
        self.start <= key && key <= self.end
    }

    /// The share of the whole space it covers, 0 to 1.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share is read by people and policies, not compared for equality"
    )]
    pub fn share(&self) -> f64 {
        (self.end.0 - self.start.0) as f64 / u128::MAX as f64
    }

    /// Where a split in two equal halves starts its second half; `None` for a single hash key.
    ///
    /// For a range of odd size the first half is the smaller, as in AWS's guide ("Splitting a Shard").
    #[must_use]
    pub fn midpoint(&self) -> Option<HashKey> {
        let size_less_one = self.end.0 - self.start.0;
        (size_less_one > 0).then(|| HashKey(self.start.0 + size_less_one.div_ceil(2)))
    }

    /// Cuts it in two; `at` becomes the start of the second part, as `NewStartingHashKey` in `SplitShard`.
    ///
    /// # Errors
    /// [`RangeError::SplitOutside`] when one part would be empty.
    pub fn split_at(&self, at: HashKey) -> Result<(Self, Self), RangeError> {
        match at.previous() {
            Some(before) if self.start <= before && at <= self.end => {
                Ok((Self { start: self.start, end: before }, Self { start: at, end: self.end }))
            }
            _ => Err(RangeError::SplitOutside { range: *self, at }),
        }
    }

    /// Whether `other` starts right after it or ends right before it.
    #[must_use]
    pub fn is_adjacent_to(&self, other: &Self) -> bool {
        self.end.next() == Some(other.start) || other.end.next() == Some(self.start)
    }

    /// Joins it with a neighbour on either side.
    ///
    /// # Errors
    /// [`RangeError::NotAdjacent`] when they do not touch, or overlap.
    pub fn merge(&self, other: &Self) -> Result<Self, RangeError> {
        if self.is_adjacent_to(other) {
            Ok(Self { start: self.start.min(other.start), end: self.end.max(other.end) })
        } else {
            Err(RangeError::NotAdjacent { left: *self, right: *other })
        }
    }

    /// The ranges that `CreateStream` and `UpdateShardCount` give to `count` shards, in order.
    ///
    /// Every range has size `floor(2^128 / count)`; the last takes what is left, as in AWS.
    #[must_use]
    pub fn uniform(count: NonZeroU32) -> Vec<Self> {
        let count = u128::from(count.get());
        if count == 1 {
            return vec![Self::ALL];
        }
        // floor(2^128 / count), for 2^128 itself does not fit.
        let width = u128::MAX / count + u128::from(u128::MAX % count == count - 1);
        (0..count)
            .map(|index| Self {
                start: HashKey(width * index),
                end: if index + 1 == count { HashKey::MAX } else { HashKey(width * (index + 1) - 1) },
            })
            .collect()
    }

    /// Whether the ranges, in any order, cover the whole space with no gap and no overlap.
    #[must_use]
    pub fn tile(ranges: impl IntoIterator<Item = Self>) -> bool {
        let mut ranges: Vec<Self> = ranges.into_iter().collect();
        ranges.sort_unstable();
        let ends = ranges.first().is_some_and(|first| first.start == HashKey::MIN)
            && ranges.last().is_some_and(|last| last.end == HashKey::MAX);
        ends && ranges.windows(2).all(|pair| pair[0].end.next() == Some(pair[1].start))
    }
}

impl fmt::Display for HashKeyRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn range(start: u128, end: u128) -> HashKeyRange {
        HashKeyRange::new(HashKey(start), HashKey(end)).unwrap()
    }

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn three_uniform_ranges_are_the_ones_aws_gives() {
        // `aws kinesis create-stream --shard-count 3`, from AWS's getting-started guide.
        let third = 113_427_455_640_312_821_154_458_202_477_256_070_485_u128;
        let expected = [range(0, third - 1), range(third, 2 * third - 1), range(2 * third, u128::MAX)];
        assert_eq!(HashKeyRange::uniform(count(3)), expected);
    }

    #[test]
    fn one_uniform_range_is_everything() {
        assert_eq!(HashKeyRange::uniform(count(1)), [HashKeyRange::ALL]);
    }

    #[test]
    fn a_split_at_the_start_or_past_the_end_is_refused() {
        let whole = range(10, 20);
        for at in [0, 10, 21] {
            let at = HashKey(at);
            assert_eq!(whole.split_at(at), Err(RangeError::SplitOutside { range: whole, at }));
        }
        assert_eq!(whole.split_at(HashKey(11)), Ok((range(10, 10), range(11, 20))));
        assert_eq!(whole.split_at(HashKey(20)), Ok((range(10, 19), range(20, 20))));
    }

    #[test]
    fn a_single_hash_key_has_no_midpoint() {
        assert_eq!(range(5, 5).midpoint(), None);
        assert_eq!(range(5, 6).midpoint(), Some(HashKey(6)));
        assert_eq!(range(5, 7).midpoint(), Some(HashKey(6)));
        assert_eq!(HashKeyRange::ALL.midpoint(), Some(HashKey(1 << 127)));
    }

    #[test]
    fn a_reversed_range_is_refused() {
        let (start, end) = (HashKey(2), HashKey(1));
        assert_eq!(HashKeyRange::new(start, end), Err(RangeError::Reversed { start, end }));
    }

    #[test]
    fn gaps_overlaps_and_nothing_do_not_tile() {
        assert!(!HashKeyRange::tile([]));
        assert!(!HashKeyRange::tile([range(0, 5), range(7, u128::MAX)]));
        assert!(!HashKeyRange::tile([range(0, 5), range(5, u128::MAX)]));
        assert!(!HashKeyRange::tile([range(1, u128::MAX)]));
        assert!(!HashKeyRange::tile([range(0, 5)]));
    }

    proptest! {
        #[test]
        fn uniform_ranges_tile_and_differ_only_in_the_last(shards in 1_u32..3_000) {
            let ranges = HashKeyRange::uniform(count(shards));
            prop_assert_eq!(ranges.len(), shards as usize);
            prop_assert!(HashKeyRange::tile(ranges.iter().copied()));
            let sizes: Vec<u128> = ranges.iter().map(|r| r.end().0 - r.start().0).collect();
            prop_assert!(sizes[..sizes.len() - 1].windows(2).all(|pair| pair[0] == pair[1]));
        }

        #[test]
        fn a_split_is_undone_by_a_merge(a: u128, b: u128, c: u128) {
            let mut points = [a, b, c];
            points.sort_unstable();
            prop_assume!(points[0] < points[1]);
            let whole = range(points[0], points[2]);
            let (left, right) = whole.split_at(HashKey(points[1])).unwrap();
            prop_assert_eq!(left.merge(&right), Ok(whole));
            prop_assert_eq!(right.merge(&left), Ok(whole));
        }

        #[test]
        fn a_midpoint_cuts_into_halves_that_differ_by_one_at_most(a: u128, b: u128) {
            prop_assume!(a != b);
            let whole = range(a.min(b), a.max(b));
            let (left, right) = whole.split_at(whole.midpoint().unwrap()).unwrap();
            let (left, right) = (left.end().0 - left.start().0, right.end().0 - right.start().0);
            prop_assert!(right == left || right == left + 1);
        }

        #[test]
        fn every_key_lies_in_exactly_one_uniform_range(key in ".{0,40}", shards in 1_u32..500) {
            let key = HashKey::of_partition_key(&key);
            let owners = HashKeyRange::uniform(count(shards)).into_iter().filter(|r| r.contains(key)).count();
            prop_assert_eq!(owners, 1);
        }
    }
}
