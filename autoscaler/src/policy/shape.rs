//! From the shards as they are to shards of equal ranges, one split or merge at a time.
//!
//! Splits and merges have no daily budget, so any number of equal shards can be had at about a minute a shard: the
//! boundaries that the new layout lacks are merged away, those that it needs are cut. The order keeps every shard in
//! between within what it was or will be: a merge only where the joined shard is no larger than the new ones are,
//! else a split of the largest shard that still has a new boundary inside. So nothing is throttled on the way that was
//! not before, and the count stays within one of where it is going. The next step follows from the shards alone; who
//! stops half way goes on from there.

use std::num::NonZeroU32;

use pipectl_shards::{HashKey, HashKeyRange};

use super::decision::Operation;
use super::layout::Layout;

/// Boundaries closer than this are the same: shares of the space, as floating-point numbers, tell no finer.
const SAME: u128 = 1 << 80;

/// Where shards start, in order, the first at 0.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    starts: Vec<u128>,
}

impl Shape {
    pub(crate) fn of(layout: &Layout) -> Self {
        Self { starts: layout.shards().iter().map(|shard| shard.range.start().0).collect() }
    }

    fn even(count: NonZeroU32) -> Self {
        Self { starts: HashKeyRange::uniform(count).iter().map(|range| range.start().0).collect() }
    }

    /// Splits and merges to `count` shards of equal ranges.
    pub(crate) fn steps_to(&self, count: NonZeroU32) -> u32 {
        let width = width(count);
        let (mut mine, mut shared) = (self.starts.iter().peekable(), 0_u32);
        for index in 0..u128::from(count.get()) {
            let target = width * index;
            while mine.next_if(|start| start.saturating_add(SAME) < target).is_some() {}
            shared += u32::from(mine.next_if(|start| start.abs_diff(target) <= SAME).is_some());
        }
        let have = u32::try_from(self.starts.len()).unwrap_or(u32::MAX);
        have.saturating_add(count.get()).saturating_sub(shared.saturating_mul(2))
    }

    /// The next steps to `count` shards of equal ranges, at most `most` of them.
    pub(crate) fn next_steps(mut self, count: NonZeroU32, most: usize) -> Vec<Operation> {
        let target = Self::even(count);
        let mut steps = Vec::new();
        while steps.len() < most {
            let Some(step) = self.next_merge(&target, width(count)).or_else(|| self.next_split(&target))
            else {
                break;
            };
            self.take(step);
            steps.push(step);
        }
        steps
    }

    /// The first boundary that is not to stay and whose two shards make one no larger than the new ones.
    fn next_merge(&self, target: &Self, width: u128) -> Option<Operation> {
        (1..self.starts.len()).find_map(|place| {
            let at = self.starts[place];
            let joined = self.end(place) - self.starts[place - 1];
            (joined <= width.saturating_add(SAME) && !target.starts_at(at))
                .then_some(Operation::Merge { at: HashKey(at) })
        })
    }

    /// The first missing boundary in the largest shard that has one.
    fn next_split(&self, target: &Self) -> Option<Operation> {
        let mut best: Option<(u128, u128)> = None;
        for at in target.starts.iter().skip(1).filter(|at| !self.starts_at(**at)) {
            let place = self.starts.partition_point(|start| start <= at) - 1;
            let size = self.end(place) - self.starts[place];
            if best.is_none_or(|(largest, _)| size > largest.saturating_add(SAME)) {
                best = Some((size, *at));
            }
        }
        best.map(|(_, at)| Operation::Split { at: HashKey(at) })
    }

    fn take(&mut self, step: Operation) {
        match step {
            Operation::Split { at } => {
                let place = self.starts.partition_point(|start| *start < at.0);
                self.starts.insert(place, at.0);
            }
            Operation::Merge { at } => self.starts.retain(|start| *start != at.0),
        }
    }

    /// Where the shard at a place ends, the last at the end of the space.
    fn end(&self, place: usize) -> u128 {
        self.starts.get(place + 1).copied().unwrap_or(u128::MAX)
    }

    fn starts_at(&self, at: u128) -> bool {
        let place = self.starts.partition_point(|start| start.saturating_add(SAME) < at);
        self.starts.get(place).is_some_and(|start| start.abs_diff(at) <= SAME)
    }
}

/// The size of one of so many equal shards, nearly.
fn width(count: NonZeroU32) -> u128 {
    u128::MAX / u128::from(count.get())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn even(shards: u32) -> Shape {
        Shape::even(count(shards))
    }

    #[test]
    fn doubling_splits_every_shard_and_halving_merges_every_pair() {
        assert_eq!(even(8).steps_to(count(16)), 8);
        assert_eq!(even(16).steps_to(count(8)), 8);
        assert_eq!(even(20).steps_to(count(25)), 35);
        assert_eq!(even(20).steps_to(count(20)), 0);
        assert!(even(20).next_steps(count(20), 5).is_empty());
    }

    proptest! {
        #[test]
        fn steps_from_any_shards_end_at_equal_ones_as_foretold_and_never_make_a_larger_shard(
            from in 1_u32..40,
            cuts in proptest::collection::vec(1_u128..u128::MAX, 0..10),
            to in 1_u32..40,
        ) {
            let mut shape = even(from);
            for at in cuts.into_iter().filter(|at| *at > SAME) {
                if !shape.starts_at(at) {
                    shape.take(Operation::Split { at: HashKey(at) });
                }
            }
            let largest = |shape: &Shape| (0..shape.starts.len()).map(|place| shape.end(place) - shape.starts[place]).max();
            let (foretold, before) = (shape.steps_to(count(to)), largest(&shape));
            let mut taken = 0;
            while let [step] = shape.clone().next_steps(count(to), 1)[..] {
                shape.take(step);
                taken += 1;
                prop_assert!(taken <= foretold, "no end after {taken} steps");
                prop_assert!(largest(&shape) <= before.max(Some(width(count(to)).saturating_add(SAME))));
            }
            prop_assert_eq!(taken, foretold);
            prop_assert_eq!(shape.steps_to(count(to)), 0);
        }
    }
}
