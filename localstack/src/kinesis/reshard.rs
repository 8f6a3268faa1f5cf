//! Which splits and merges take a stream from the ranges it has to uniform ones.

use std::num::NonZeroU32;

use pipectl_shards::{HashKey, HashKeyRange};

/// One step of a reshard, named by the ranges it acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Cut the open shard that holds `at`; the second part starts there.
    Split { at: HashKey },
    /// Join the open shard that ends before `at` with the one that starts there.
    Merge { at: HashKey },
}

/// A boundary this close to a wanted one is taken for it: n uniform ranges and 2n do not share theirs to the last key.
const CLOSE: u128 = 1 << 32;

/// The steps from the open ranges to `target` uniform ones: first every cut that is missing, then every boundary that
/// is in the way.
pub(crate) fn uniform(open: &[HashKeyRange], target: NonZeroU32) -> Vec<Step> {
    let mut have: Vec<HashKey> =
        open.iter().map(HashKeyRange::start).filter(|start| *start != HashKey::MIN).collect();
    have.sort_unstable();
    let want: Vec<HashKey> = HashKeyRange::uniform(target).iter().map(HashKeyRange::start).skip(1).collect();
    let near = |points: &[HashKey], key: HashKey| {
        let index = points.partition_point(|point| *point < key);
        let after = points.get(index);
        let before = index.checked_sub(1).and_then(|index| points.get(index));
        after.into_iter().chain(before).any(|point| point.0.abs_diff(key.0) < CLOSE)
    };
    let splits = want.iter().filter(|key| !near(&have, **key)).map(|at| Step::Split { at: *at });
    let merges = have.iter().filter(|key| !near(&want, **key)).map(|at| Step::Merge { at: *at });
    splits.chain(merges).collect()
}

#[cfg(test)]
mod tests {
    use pipectl_shards::Lineage;
    use proptest::prelude::*;

    use super::*;

    fn shards(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    fn ranges(count: u32) -> Vec<HashKeyRange> {
        HashKeyRange::uniform(shards(count))
    }

    #[test]
    fn doubling_splits_each_shard_once_and_halving_merges_each_pair_once() {
        for count in [1, 2, 3, 7, 10] {
            let up = uniform(&ranges(count), shards(count * 2));
            assert_eq!(up.len(), count as usize, "{count}");
            assert!(up.iter().all(|step| matches!(step, Step::Split { .. })));
            let down = uniform(&ranges(count * 2), shards(count));
            assert_eq!(down.len(), count as usize, "{count}");
            assert!(down.iter().all(|step| matches!(step, Step::Merge { .. })));
        }
    }

    #[test]
    fn the_same_count_is_no_step() {
        assert_eq!(uniform(&ranges(5), shards(5)), []);
    }

    proptest! {
        #[test]
        fn any_count_is_reached_from_any_other(from in 1_u32..40, to in 1_u32..40) {
            let mut lineage = Lineage::uniform(shards(from));
            let open: Vec<_> = lineage.open().map(|shard| shard.range).collect();
            for step in uniform(&open, shards(to)) {
                match step {
                    Step::Split { at } => {
                        let id = lineage.owner(at).unwrap().id;
                        lineage.split(id, at).unwrap();
                    }
                    Step::Merge { at } => {
                        let right = lineage.owner(at).unwrap().id;
                        let left = lineage.owner(at.previous().unwrap()).unwrap().id;
                        lineage.merge(left, right).unwrap();
                    }
                }
            }
            prop_assert_eq!(lineage.open().count(), to as usize);
            prop_assert!(HashKeyRange::tile(lineage.open().map(|shard| shard.range)));
        }
    }
}
