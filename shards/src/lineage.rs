//! Who descends from whom: the shards a stream has ever had, open and closed.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use crate::{HashKey, HashKeyRange, RangeError, ShardId};

/// One shard in a lineage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Its name.
    pub id: ShardId,
    /// The hash keys it owns, or owned until it was closed.
    pub range: HashKeyRange,
    /// The shard it was split from, or the first of the two it was merged from.
    pub parent: Option<ShardId>,
    /// The second of the two it was merged from.
    pub adjacent_parent: Option<ShardId>,
    /// Whether it still takes records.
    pub open: bool,
}

/// Why a lineage cannot go on as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineageError {
    /// No such shard.
    #[error("there is no shard {0}")]
    Unknown(ShardId),
    /// A closed shard takes no more splits or merges.
    #[error("shard {0} is closed")]
    Closed(ShardId),
    /// The ranges do not allow it.
    #[error(transparent)]
    Range(#[from] RangeError),
}

/// The shards of one stream, from its creation through every split and merge.
///
/// **Invariant:** the open shards tile the hash-key space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    shards: BTreeMap<ShardId, Shard>,
    next: u64,
}

impl Lineage {
    /// A new stream of `count` shards with uniform ranges.
    #[must_use]
    pub fn uniform(count: NonZeroU32) -> Self {
        let mut lineage = Self { shards: BTreeMap::new(), next: 0 };
        for range in HashKeyRange::uniform(count) {
            lineage.add(range, None, None);
        }
        lineage
    }

    /// A lineage as it once was: its shards, oldest first and none left out. Nothing where they are none, or where the
    /// open ones do not tile the hash-key space.
    #[must_use]
    pub fn restored(shards: impl IntoIterator<Item = Shard>) -> Option<Self> {
        let shards: BTreeMap<ShardId, Shard> = shards.into_iter().map(|shard| (shard.id, shard)).collect();
        let next = u64::try_from(shards.len()).ok()?;
        let is_complete = shards.keys().zip(0..).all(|(id, number)| id.number() == number);
        let lineage = Self { shards, next };
        let tiles = HashKeyRange::tile(lineage.open().map(|shard| shard.range));
        (is_complete && tiles).then_some(lineage)
    }

    /// The shard of this name.
    #[must_use]
    pub fn shard(&self, id: ShardId) -> Option<&Shard> {
        self.shards.get(&id)
    }

    /// Every shard, oldest first.
    pub fn shards(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values()
    }

    /// The shards that take records, oldest first.
    pub fn open(&self) -> impl Iterator<Item = &Shard> {
        self.shards.values().filter(|shard| shard.open)
    }

    /// The open shard that a record with this hash key goes to.
    #[must_use]
    pub fn owner(&self, key: HashKey) -> Option<&Shard> {
        self.open().find(|shard| shard.range.contains(key))
    }

    /// The shards that were made from this one, oldest first.
    pub fn children(&self, id: ShardId) -> impl Iterator<Item = &Shard> {
        self.shards
            .values()
            .filter(move |shard| shard.parent == Some(id) || shard.adjacent_parent == Some(id))
    }

    /// Closes a shard and opens two that share its range; the second starts at `at`.
    ///
    /// # Errors
    /// When the shard is unknown or closed, or `at` does not cut its range in two.
    pub fn split(&mut self, id: ShardId, at: HashKey) -> Result<(ShardId, ShardId), LineageError> {
        let (left, right) = self.open_range(id)?.split_at(at)?;
        self.close(id);
        Ok((self.add(left, Some(id), None), self.add(right, Some(id), None)))
    }

    /// Closes two neighbours and opens one that owns both ranges.
    ///
    /// # Errors
    /// When either is unknown or closed, or their ranges are not adjacent.
    pub fn merge(&mut self, id: ShardId, adjacent: ShardId) -> Result<ShardId, LineageError> {
        let range = self.open_range(id)?.merge(&self.open_range(adjacent)?)?;
        self.close(id);
        self.close(adjacent);
        Ok(self.add(range, Some(id), Some(adjacent)))
    }

    fn open_range(&self, id: ShardId) -> Result<HashKeyRange, LineageError> {
        let shard = self.shards.get(&id).ok_or(LineageError::Unknown(id))?;
        if shard.open { Ok(shard.range) } else { Err(LineageError::Closed(id)) }
    }

    fn close(&mut self, id: ShardId) {
        if let Some(shard) = self.shards.get_mut(&id) {
            shard.open = false;
        }
    }

    fn add(
        &mut self,
        range: HashKeyRange,
        parent: Option<ShardId>,
        adjacent_parent: Option<ShardId>,
    ) -> ShardId {
        let id = ShardId::new(self.next);
        self.next += 1;
        self.shards.insert(id, Shard { id, range, parent, adjacent_parent, open: true });
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lineage(shards: u32) -> Lineage {
        Lineage::uniform(NonZeroU32::new(shards).unwrap())
    }

    #[test]
    fn a_split_closes_the_parent_and_opens_two_children() {
        let mut lineage = lineage(1);
        let parent = ShardId::new(0);
        let (left, right) = lineage.split(parent, HashKey(100)).unwrap();
        assert!(!lineage.shard(parent).unwrap().open);
        let children: Vec<_> = lineage.children(parent).map(|shard| shard.id).collect();
        assert_eq!(children, [left, right]);
        assert_eq!(lineage.owner(HashKey(99)).unwrap().id, left);
        assert_eq!(lineage.owner(HashKey(100)).unwrap().id, right);
    }

    #[test]
    fn a_merge_names_both_parents() {
        let mut lineage = lineage(2);
        let child = lineage.merge(ShardId::new(1), ShardId::new(0)).unwrap();
        let shard = lineage.shard(child).unwrap();
        assert_eq!((shard.parent, shard.adjacent_parent), (Some(ShardId::new(1)), Some(ShardId::new(0))));
        assert_eq!(shard.range, HashKeyRange::ALL);
    }

    #[test]
    fn closed_unknown_and_distant_shards_are_refused() {
        let mut lineage = lineage(3);
        let [first, second, third] = [0, 1, 2].map(ShardId::new);
        assert!(matches!(
            lineage.merge(first, third),
            Err(LineageError::Range(RangeError::NotAdjacent { .. }))
        ));
        assert!(matches!(
            lineage.merge(first, first),
            Err(LineageError::Range(RangeError::NotAdjacent { .. }))
        ));
        assert_eq!(lineage.split(ShardId::new(9), HashKey(1)), Err(LineageError::Unknown(ShardId::new(9))));
        lineage.merge(first, second).unwrap();
        assert_eq!(lineage.split(first, HashKey(1)), Err(LineageError::Closed(first)));
    }

    #[test]
    fn a_lineage_is_restored_from_its_shards_and_goes_on() {
        let mut before = lineage(2);
        before.split(ShardId::new(0), HashKey(100)).unwrap();
        let mut after = Lineage::restored(before.shards().cloned()).unwrap();
        assert_eq!(after, before);
        assert_eq!(
            after.split(ShardId::new(1), HashKey(u128::MAX - 9)),
            before.split(ShardId::new(1), HashKey(u128::MAX - 9))
        );
        assert_eq!(Lineage::restored(before.shards().skip(1).cloned()), None);
        assert_eq!(Lineage::restored(before.open().take(1).cloned()), None);
        assert_eq!(Lineage::restored([]), None);
    }

    proptest! {
        #[test]
        fn open_shards_tile_through_any_history(
            shards in 1_u32..8,
            steps in proptest::collection::vec((any::<bool>(), any::<u128>()), 0..40),
        ) {
            let mut lineage = lineage(shards);
            for (split, key) in steps {
                let owner = lineage.owner(HashKey(key)).unwrap().clone();
                if split {
                    let _ = lineage.split(owner.id, HashKey(key));
                } else {
                    let neighbour = lineage.open().find(|other| other.range.is_adjacent_to(&owner.range)).map(|s| s.id);
                    if let Some(neighbour) = neighbour {
                        lineage.merge(owner.id, neighbour).unwrap();
                    }
                }
                prop_assert!(HashKeyRange::tile(lineage.open().map(|shard| shard.range)));
            }
        }
    }
}
