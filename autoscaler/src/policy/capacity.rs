//! What the shards carry as they are: each its own part of the traffic, up to one shard's worth.

use super::layout::Layout;
use super::outlook::{Outlook, Over};

/// How much more than the mean the fullest of as many equal ranges may get before keys count as skewed.
const SKEWED: f64 = 1.25;
/// Shards whose capacities lie within a thirtieth count as one.
const GROUPS_PER_E: f64 = 30.0;

/// Shards with about the same part of the traffic.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// The demand at which they are full.
    capacity: f64,
    /// Their part of the traffic together.
    share: f64,
}

/// What a layout carries.
#[derive(Clone, Debug)]
pub(crate) struct Capacity {
    groups: Vec<Group>,
}

impl Capacity {
    /// Of shards whose traffic follows the size of their ranges, or their own metrics where keys are skewed.
    pub(crate) fn of(layout: &Layout, skewed: bool) -> Self {
        let mut shares: Vec<f64> = layout
            .shards()
            .iter()
            .map(|shard| shard.share.filter(|_| skewed).unwrap_or_else(|| shard.range.share()))
            .filter(|share| *share > 0.0)
            .collect();
        shares.sort_unstable_by(f64::total_cmp);
        let mut groups: Vec<Group> = Vec::new();
        for share in shares.into_iter().rev() {
            match groups.last_mut() {
                Some(group) if share * group.capacity > (-1.0 / GROUPS_PER_E).exp() => group.share += share,
                _ => groups.push(Group { capacity: 1.0 / share, share }),
            }
        }
        Self { groups }
    }

    /// What is to be expected over it.
    pub(crate) fn over(&self, outlook: &Outlook) -> f64 {
        self.mean(|capacity| outlook.over(capacity))
    }

    /// What is to be expected over it at the nearest lead.
    pub(crate) fn soon_over(&self, outlook: &Outlook) -> f64 {
        self.mean(|capacity| outlook.soon_over(capacity))
    }

    fn mean(&self, over: impl Fn(f64) -> Over) -> f64 {
        let mut sum = 0.0;
        for group in &self.groups {
            let excess = over(group.capacity).excess;
            // The groups that follow have more capacity still.
            if excess <= 0.0 {
                break;
            }
            sum += group.share * excess;
        }
        sum
    }
}

/// Whether equal ranges would be unequal shards: the fullest of as many equal ranges as there are shards gets a
/// quarter more than the mean. Within a shard, traffic is taken to be even; without metrics of every shard, everywhere.
pub(crate) fn skewed(layout: &Layout) -> bool {
    let width = 1.0 / f64::from(layout.count());
    let (mut start, mut cell, mut fullest) = (0.0, 0_u32, 0.0_f64);
    let mut filled = 0.0;
    for shard in layout.shards() {
        let (range, Some(share)) = (shard.range.share(), shard.share) else { return false };
        let (end, density) = (start + range, share / range.max(f64::MIN_POSITIVE));
        // The shard's traffic falls into every equal range that it touches.
        loop {
            let border = f64::from(cell + 1) * width;
            filled += density * (end.min(border) - start).max(0.0);
            start = end.min(border);
            if border > end {
                break;
            }
            fullest = fullest.max(filled);
            (cell, filled) = (cell + 1, 0.0);
        }
        start = end;
    }
    fullest.max(filled) > SKEWED * width
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use crate::policy::OpenShard;

    fn layout(shares: &[f64]) -> Layout {
        let count = NonZeroU32::new(u32::try_from(shares.len()).unwrap()).unwrap();
        let even = Layout::uniform(count);
        let shards = even.shards().iter().zip(shares);
        Layout::new(shards.map(|(shard, share)| OpenShard { share: Some(*share), ..*shard }).collect())
            .unwrap()
    }

    #[test]
    fn even_shares_are_not_skewed_and_a_hot_shard_is() {
        assert!(!skewed(&layout(&[0.25; 4])));
        assert!(!skewed(&layout(&[0.24, 0.26, 0.27, 0.23])));
        assert!(skewed(&layout(&[0.1, 0.7, 0.1, 0.1])));
        assert!(!skewed(&Layout::uniform(NonZeroU32::MIN)));
    }

    #[test]
    fn keys_stay_skewed_after_the_hot_range_was_split() {
        // A hot half, split in three: every shard gets a quarter, and equal ranges would not.
        let even = Layout::uniform(NonZeroU32::new(2).unwrap());
        let (cold, hot) = (even.shards()[0].range, even.shards()[1].range);
        let (left, right) = hot.split_at(hot.midpoint().unwrap()).unwrap();
        let (left, middle) = left.split_at(left.midpoint().unwrap()).unwrap();
        let shards = [(cold, 0.1), (left, 0.3), (middle, 0.3), (right, 0.3)];
        let shards = shards.map(|(range, share)| OpenShard { range, share: Some(share) }).to_vec();
        assert!(skewed(&Layout::new(shards).unwrap()));
    }
}
