//! The open shards of a stream in the order of their hash-key ranges, with what is known of their traffic.

use std::num::NonZeroU32;

use pipectl_shards::HashKeyRange;

/// An open shard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpenShard {
    /// The hash keys it owns.
    pub range: HashKeyRange,
    /// Its part of the stream's traffic, 0 to 1, from shard-level metrics; `None` without them.
    pub share: Option<f64>,
}

/// The open shards; they tile the hash-key space.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    shards: Vec<OpenShard>,
}

/// Why shards make no layout.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum LayoutError {
    /// Some hash key has no open shard, or two.
    #[error(
        "the {count} open shards do not tile the hash-key space: list the stream's shards again, a reshard may be under way"
    )]
    DoesNotTile {
        /// How many shards there were.
        count: usize,
    },
    /// A share that is no share.
    #[error("the shard of {range} cannot carry {share} of the traffic: a share lies between 0 and 1")]
    Share {
        /// Whose.
        range: HashKeyRange,
        /// What was said.
        share: f64,
    },
}

impl Layout {
    /// A layout of these shards, in any order.
    ///
    /// # Errors
    /// [`LayoutError`] when they do not tile the space or a share is none.
    pub fn new(mut shards: Vec<OpenShard>) -> Result<Self, LayoutError> {
        shards.sort_by_key(|shard| shard.range);
        for OpenShard { range, share } in &shards {
            if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                return Err(LayoutError::Share { range: *range, share });
            }
        }
        if HashKeyRange::tile(shards.iter().map(|shard| shard.range)) {
            Ok(Self { shards })
        } else {
            Err(LayoutError::DoesNotTile { count: shards.len() })
        }
    }

    /// What `CreateStream` and `UpdateShardCount` make; nothing known of the traffic of each.
    #[must_use]
    pub fn uniform(count: NonZeroU32) -> Self {
        let ranges = HashKeyRange::uniform(count).into_iter();
        Self { shards: ranges.map(|range| OpenShard { range, share: None }).collect() }
    }

    /// The shards in the order of their ranges; never empty.
    #[must_use]
    pub fn shards(&self) -> &[OpenShard] {
        &self.shards
    }

    /// The part of the traffic that a range gets, as far as the shares here tell; within a shard, traffic is taken to
    /// be even. What a reshard makes of these shards is known so before its own metrics are.
    #[must_use]
    pub fn share_of(&self, range: HashKeyRange) -> Option<f64> {
        let mut sum = 0.0;
        for shard in &self.shards {
            let (start, end) = (shard.range.start().max(range.start()), shard.range.end().min(range.end()));
            if let Ok(common) = HashKeyRange::new(start, end) {
                sum += shard.share? * (common.share() / shard.range.share());
            }
        }
        Some(sum.clamp(0.0, 1.0))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.shards.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(count: u32) -> NonZeroU32 {
        NonZeroU32::new(count).unwrap()
    }

    #[test]
    fn shards_in_any_order_make_the_same_layout() {
        let layout = Layout::uniform(count(5));
        let mut shards = layout.shards().to_vec();
        shards.reverse();
        assert_eq!(Layout::new(shards), Ok(layout));
    }

    #[test]
    fn what_a_reshard_makes_has_the_shares_of_what_it_was_made_of() {
        let mut shards = Layout::uniform(count(4)).shards().to_vec();
        for (shard, share) in shards.iter_mut().zip([0.1, 0.6, 0.2, 0.1]) {
            shard.share = Some(share);
        }
        let layout = Layout::new(shards.clone()).unwrap();
        let (left, right) = shards[1].range.split_at(shards[1].range.midpoint().unwrap()).unwrap();
        let close = |range, share: f64| (layout.share_of(range).unwrap() - share).abs() < 1e-9;
        assert!(close(left, 0.3) && close(right, 0.3));
        assert!(close(right.merge(&shards[2].range).unwrap(), 0.5) && close(HashKeyRange::ALL, 1.0));
        shards[1].share = None;
        assert_eq!(Layout::new(shards).unwrap().share_of(left), None);
    }

    #[test]
    fn gaps_and_shares_that_are_none_are_refused() {
        let mut shards = Layout::uniform(count(3)).shards().to_vec();
        assert!(Layout::new(shards[1..].to_vec()).is_err());
        assert!(Layout::new(Vec::new()).is_err());
        for share in [-0.1, 1.5, f64::NAN] {
            shards[0].share = Some(share);
            assert!(matches!(Layout::new(shards.clone()), Err(LayoutError::Share { .. })), "{share}");
        }
    }
}
