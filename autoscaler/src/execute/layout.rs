//! Where the shards of a stream begin: as they are ([`ShardMap`]) and as they are to be ([`Layout`]), and which cuts
//! and joints lie between the two.

use std::num::NonZeroU32;

use pipectl_shards::{HashKey, HashKeyRange, ShardId};
use serde::{Deserialize, Serialize};

/// Boundaries this close together are taken for the same: n uniform ranges and 2n do not share theirs to the last key,
/// and a split needs a key on either side. It is 2⁻⁶⁴ of the space; the shards of the largest stream are 2⁵⁰ times wider.
pub const CLOSE: u128 = 1 << 64;

/// Shards that a stream can have: what `UpdateShardCount` takes at most.
pub const MOST_SHARDS: u32 = 10_000;

/// An open shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenShard {
    /// Its name.
    pub id: ShardId,
    /// The hash keys it owns.
    pub range: HashKeyRange,
}

/// The open shards of a stream, in the order of their hash keys.
///
/// **Invariant:** there is one at least, and they tile the hash-key space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardMap {
    shards: Vec<OpenShard>,
}

/// A list of shards that is no map: it was read while the stream changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the {shards} open shards that were listed do not cover the hash keys: the list was taken while they changed"
)]
pub struct TornMap {
    /// How many were listed.
    pub shards: usize,
}

impl ShardMap {
    /// The map of these open shards.
    ///
    /// # Errors
    /// They leave a gap or overlap.
    pub fn new(mut shards: Vec<OpenShard>) -> Result<Self, TornMap> {
        shards.sort_unstable_by_key(|shard| shard.range.start());
        if HashKeyRange::tile(shards.iter().map(|shard| shard.range)) {
            Ok(Self { shards })
        } else {
            Err(TornMap { shards: shards.len() })
        }
    }

    /// The shards, in the order of their hash keys.
    #[must_use]
    pub fn shards(&self) -> &[OpenShard] {
        &self.shards
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.shards.len()).unwrap_or(u32::MAX)
    }

    /// The shard that owns a hash key.
    #[must_use]
    pub fn owner(&self, key: HashKey) -> Option<&OpenShard> {
        let after = self.shards.partition_point(|shard| shard.range.start() <= key);
        self.shards.get(after.checked_sub(1)?)
    }

    /// Where the shards but the first begin.
    pub fn cuts(&self) -> impl Iterator<Item = HashKey> {
        self.shards.iter().skip(1).map(|shard| shard.range.start())
    }

    /// Whether no shard is more than a twentieth wider or narrower than the average.
    #[must_use]
    pub fn is_even(&self) -> bool {
        let shards = f64::from(self.count());
        self.shards.iter().all(|shard| (shard.range.share() * shards - 1.0).abs() <= 0.05)
    }
}

/// Where shards are to begin.
///
/// **Invariant:** every shard is wider than twice [`CLOSE`], and there are [`MOST_SHARDS`] at most.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Layout {
    cuts: Vec<HashKey>,
}

/// Why boundaries are no layout.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LayoutError {
    /// Two boundaries, or a boundary and an end of the space, are too close together.
    #[error("a shard that begins at {0} would be too narrow")]
    TooNarrow(HashKey),
    /// More than a stream can have.
    #[error("{0} shards are more than a stream can have ({MOST_SHARDS})")]
    TooMany(usize),
    /// A text that is no hash key.
    #[error(transparent)]
    Key(#[from] pipectl_shards::ParseHashKeyError),
}

impl Layout {
    /// The layout whose shards but the first begin at these keys, in any order.
    ///
    /// # Errors
    /// A shard would be too narrow, or there would be too many.
    pub fn new(mut cuts: Vec<HashKey>) -> Result<Self, LayoutError> {
        cuts.sort_unstable();
        if cuts.len() >= usize::try_from(MOST_SHARDS).unwrap_or(usize::MAX) {
            return Err(LayoutError::TooMany(cuts.len() + 1));
        }
        let mut before = HashKey::MIN;
        for cut in &cuts {
            if cut.0 - before.0 <= 2 * CLOSE {
                return Err(LayoutError::TooNarrow(before));
            }
            before = *cut;
        }
        if HashKey::MAX.0 - before.0 <= 2 * CLOSE {
            return Err(LayoutError::TooNarrow(before));
        }
        Ok(Self { cuts })
    }

    /// So many shards of equal width; [`MOST_SHARDS`] where more are asked for.
    #[must_use]
    pub fn uniform(shards: NonZeroU32) -> Self {
        let shards = shards.min(NonZeroU32::new(MOST_SHARDS).unwrap_or(NonZeroU32::MIN));
        Self { cuts: HashKeyRange::uniform(shards).iter().skip(1).map(HashKeyRange::start).collect() }
    }

    /// How many shards it has.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::try_from(self.cuts.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Where the shards but the first begin, in order.
    #[must_use]
    pub fn cuts(&self) -> &[HashKey] {
        &self.cuts
    }
}

impl TryFrom<Vec<String>> for Layout {
    type Error = LayoutError;

    fn try_from(cuts: Vec<String>) -> Result<Self, LayoutError> {
        Self::new(cuts.iter().map(|cut| cut.parse()).collect::<Result<_, _>>()?)
    }
}

impl From<Layout> for Vec<String> {
    fn from(layout: Layout) -> Self {
        layout.cuts.iter().map(ToString::to_string).collect()
    }
}

/// What lies between the boundaries there are and those that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Wanted, and not there: a shard is to be split here.
    pub splits: Vec<HashKey>,
    /// There, and not wanted: the two shards that meet here are to be merged.
    pub merges: Vec<HashKey>,
}

impl Difference {
    /// Between these boundaries, in order, and a layout. Each wanted boundary takes the nearest that is there within
    /// [`CLOSE`]; as wanted ones are further apart than twice that, none is taken twice.
    #[must_use]
    pub fn between(have: &[HashKey], layout: &Layout) -> Self {
        let mut difference = Self::default();
        let mut rest = have;
        for want in &layout.cuts {
            let before = rest.partition_point(|cut| cut.0.saturating_add(CLOSE) < want.0);
            difference.merges.extend_from_slice(&rest[..before]);
            rest = &rest[before..];
            let near = rest.partition_point(|cut| cut.0 <= want.0.saturating_add(CLOSE));
            let nearest = (0..near).min_by_key(|index| rest[*index].0.abs_diff(want.0));
            if nearest.is_none() {
                difference.splits.push(*want);
            }
            difference
                .merges
                .extend((0..near).filter(|index| Some(*index) != nearest).map(|index| rest[index]));
            rest = &rest[near..];
        }
        difference.merges.extend_from_slice(rest);
        difference
    }

    /// How many splits and merges it takes.
    #[must_use]
    pub fn operations(&self) -> u32 {
        u32::try_from(self.splits.len() + self.merges.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(keys: &[u128]) -> Vec<HashKey> {
        keys.iter().map(|key| HashKey(*key)).collect()
    }

    fn uniform(shards: u32) -> Layout {
        Layout::uniform(NonZeroU32::new(shards).unwrap())
    }

    #[test]
    fn doubling_is_splits_alone_and_halving_merges_alone() {
        for shards in [1, 2, 3, 7, 50] {
            let up = Difference::between(uniform(shards).cuts(), &uniform(shards * 2));
            assert_eq!((up.splits.len(), up.merges.len()), (shards as usize, 0), "{shards}");
            let down = Difference::between(uniform(shards * 2).cuts(), &uniform(shards));
            assert_eq!((down.splits.len(), down.merges.len()), (0, shards as usize), "{shards}");
        }
    }

    #[test]
    fn of_two_boundaries_near_a_wanted_one_the_nearer_stays() {
        let want = 1 << 100;
        let layout = Layout::new(keys(&[want])).unwrap();
        let difference = Difference::between(&keys(&[want - CLOSE, want - 1, want + 2]), &layout);
        assert_eq!(difference, Difference { splits: vec![], merges: keys(&[want - CLOSE, want + 2]) });
    }

    #[test]
    fn shards_too_narrow_to_be_told_from_a_boundary_are_refused() {
        for cuts in [keys(&[CLOSE]), keys(&[1 << 100, (1 << 100) + CLOSE]), keys(&[u128::MAX - 1])] {
            assert!(matches!(Layout::new(cuts), Err(LayoutError::TooNarrow(_))));
        }
    }

    #[test]
    fn a_layout_is_read_as_it_is_written() {
        let layout = uniform(7);
        let text = serde_json::to_string(&layout).unwrap();
        assert_eq!(serde_json::from_str::<Layout>(&text).unwrap(), layout);
        assert!(serde_json::from_str::<Layout>(r#"["1","x"]"#).is_err());
    }

    #[test]
    fn a_list_with_a_gap_is_no_map() {
        let ranges = HashKeyRange::uniform(NonZeroU32::new(3).unwrap());
        let shard =
            |(range, number): (&HashKeyRange, u64)| OpenShard { id: ShardId::new(number), range: *range };
        let all: Vec<_> = ranges.iter().zip(0..).map(shard).collect();
        assert!(ShardMap::new(all[1..].to_vec()).is_err());
        assert!(ShardMap::new(Vec::new()).is_err());
        let map = ShardMap::new(all.into_iter().rev().collect()).unwrap();
        assert_eq!(map.owner(HashKey::MAX).unwrap().id, ShardId::new(2));
        assert_eq!(map.owner(HashKey::MIN).unwrap().id, ShardId::new(0));
        assert!(map.is_even());
    }
}
