//! Skewed keys: split the shards that are too full where they are, merge neighbours that are nearly idle.
//!
//! Where equal ranges would be unequal shards, `UpdateShardCount` would undo every split that helped. So a shard whose
//! part of the demand to be ready for is more than it carries is cut in the middle of its range, the fullest first (what
//! lies where within it shows in the metrics of the halves), and two neighbours that would together be no more than
//! [`IDLE`] full are joined, the emptiest first. Between the two lies room, so that neither undoes the other.

use super::decision::Operation;
use super::layout::{Layout, OpenShard};

/// How full two neighbours may be together when they are joined.
const IDLE: f64 = 0.7;
/// A part of the space so small that what fills it is one partition key, which no split divides.
const ONE_KEY: f64 = 1e-6;

/// What a layout with skewed keys needs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Local {
    /// A shard is too full: cut it.
    Cut {
        /// The call.
        step: Operation,
        /// The demand to be ready for that falls to it, in shards.
        load: f64,
        /// The part of the space it owns.
        range: f64,
    },
    /// Two neighbours are nearly idle: join them.
    Join {
        /// The call.
        step: Operation,
        /// The demand to be ready for that falls to them together, in shards.
        load: f64,
    },
    /// A shard is too full, and cannot be cut to any use.
    OneKey {
        /// The demand to be ready for that falls to it, in shards.
        load: f64,
    },
}

/// What to do about the fullest and the emptiest shards when the demand comes to `expected`; at most `most` steps.
///
/// Joins come only where nothing is to be cut, and only if they may.
pub(crate) fn steps(layout: &Layout, expected: f64, most: usize, may_join: bool) -> Vec<Local> {
    let load = |shard: &OpenShard| shard.share.unwrap_or_else(|| shard.range.share()) * expected;
    let mut full: Vec<&OpenShard> = layout.shards().iter().filter(|shard| load(shard) > 1.0).collect();
    full.sort_by(|left, right| load(right).total_cmp(&load(left)));
    if !full.is_empty() {
        return full.into_iter().take(most).map(|shard| cut(shard, load(shard))).collect();
    }
    let joint = |pair: &[OpenShard]| load(&pair[0]) + load(&pair[1]);
    let coldest = layout.shards().windows(2).min_by(|left, right| joint(left).total_cmp(&joint(right)));
    coldest
        .filter(|pair| may_join && joint(pair) <= IDLE)
        .map(|pair| Local::Join { step: Operation::Merge { at: pair[1].range.start() }, load: joint(pair) })
        .into_iter()
        .collect()
}

fn cut(shard: &OpenShard, load: f64) -> Local {
    let range = shard.range.share();
    match shard.range.midpoint() {
        Some(at) if range > ONE_KEY => Local::Cut { step: Operation::Split { at }, load, range },
        _ => Local::OneKey { load },
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn layout(shares: [f64; 4]) -> Layout {
        let even = Layout::uniform(NonZeroU32::new(4).unwrap());
        let shards = even.shards().iter().zip(shares);
        Layout::new(shards.map(|(shard, share)| OpenShard { share: Some(share), ..*shard }).collect())
            .unwrap()
    }

    #[test]
    fn the_fullest_shard_is_cut_in_the_middle_first() {
        let layout = layout([0.1, 0.5, 0.35, 0.05]);
        let found = steps(&layout, 3.0, 2, true);
        let middle = |place: usize| layout.shards()[place].range.midpoint().unwrap();
        let cuts: Vec<Operation> = found
            .iter()
            .map(|local| match local {
                Local::Cut { step, .. } => *step,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(cuts, [Operation::Split { at: middle(1) }, Operation::Split { at: middle(2) }]);
    }

    #[test]
    fn idle_neighbours_are_joined_only_where_nothing_is_full_and_it_is_allowed() {
        let layout = layout([0.5, 0.3, 0.1, 0.1]);
        assert!(matches!(steps(&layout, 1.9, 2, true)[..], [Local::Join { .. }]));
        assert!(steps(&layout, 1.9, 2, false).is_empty());
        assert!(matches!(steps(&layout, 2.1, 2, true)[..], [Local::Cut { .. }]));
    }

    #[test]
    fn a_single_hot_key_is_not_chased_for_ever() {
        let mut layout = layout([0.0, 1.0, 0.0, 0.0]);
        for _ in 0..40 {
            match steps(&layout, 1.5, 1, false)[..] {
                [Local::Cut { step: Operation::Split { at }, .. }] => {
                    let shards = layout.shards().iter().flat_map(|shard| match shard.range.split_at(at) {
                        Ok((left, right)) => vec![
                            OpenShard { range: left, share: Some(0.0) },
                            OpenShard { range: right, share: shard.share },
                        ],
                        Err(_) => vec![*shard],
                    });
                    layout = Layout::new(shards.collect()).unwrap();
                }
                [Local::OneKey { load }] => {
                    assert!((load - 1.5).abs() < 1e-9);
                    return;
                }
                ref other => panic!("{other:?}"),
            }
        }
        panic!("still splitting at {} shards", layout.count());
    }
}
