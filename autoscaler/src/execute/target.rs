//! Where a stream is to go.

use std::num::NonZeroU32;

use pipectl_shards::HashKey;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::layout::{Difference, Layout, ShardMap};
use super::route::{Move, Situation};

/// Where a stream is to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Target {
    /// So many shards of equal width.
    Shards(NonZeroU32),
    /// So many shards of equal width, by `UpdateShardCount` as long as the day has calls left, whatever else is faster:
    /// whoever decided that has weighed what is between.
    Update(NonZeroU32),
    /// Shards that begin at these keys.
    Layout(Layout),
    /// These boundaries made or taken away, in this order; the others as they are.
    Changes(Vec<Change>),
}

/// A boundary between two shards that is to be made or taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// A shard is to begin here.
    Split(#[serde(with = "decimal")] HashKey),
    /// No shard is to begin here.
    Merge(#[serde(with = "decimal")] HashKey),
}

impl Change {
    /// Where.
    #[must_use]
    pub fn at(self) -> HashKey {
        match self {
            Self::Split(at) | Self::Merge(at) => at,
        }
    }

    /// The call for it; nothing where it is made, or cannot be.
    fn pending(self, map: &ShardMap) -> Option<Move> {
        let step = match self {
            Self::Split(at) => Move::Split(at),
            Self::Merge(at) => Move::Merge(at),
        };
        Call::of(step, map).map(|_| step)
    }
}

impl Target {
    /// These changes; where two contradict each other, the later one.
    #[must_use]
    pub fn changes(changes: &[Change]) -> Self {
        let later = |place: usize, change: &Change| {
            changes[place + 1..].iter().any(|other| other.at() == change.at())
        };
        let kept = changes.iter().enumerate().filter(|(place, change)| !later(*place, change));
        Self::Changes(kept.map(|(_, change)| *change).collect())
    }

    /// How many shards a stream with this map has when it is there.
    #[must_use]
    pub fn count(&self, map: &ShardMap) -> u32 {
        match self {
            Self::Shards(count) | Self::Update(count) => count.get(),
            Self::Layout(layout) => layout.count(),
            Self::Changes(_) => self.pending(map).iter().fold(map.count(), |count, step| match step {
                Move::Split(_) => count.saturating_add(1),
                _ => count.saturating_sub(1),
            }),
        }
    }

    /// Where all its shards are to begin, if that is said.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        match self {
            Self::Shards(count) | Self::Update(count) => Some(Layout::uniform(*count)),
            Self::Layout(layout) => Some(layout.clone()),
            Self::Changes(_) => None,
        }
    }

    /// The changes that are left to be made, of a target that is changes.
    pub(super) fn pending(&self, map: &ShardMap) -> Vec<Move> {
        match self {
            Self::Changes(changes) => changes.iter().filter_map(|change| change.pending(map)).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a stream is there. So many shards are equal enough after an `UpdateShardCount` to that number, whatever
    /// AWS made of them.
    #[must_use]
    pub fn is_reached(&self, situation: &Situation<'_>) -> bool {
        let map = situation.map;
        match self {
            Self::Shards(count) | Self::Update(count) => {
                map.count() == count.get() && (map.is_even() || situation.updated_to == Some(count.get()))
            }
            Self::Layout(layout) => {
                let cuts: Vec<HashKey> = map.cuts().collect();
                Difference::between(&cuts, layout).operations() == 0
            }
            Self::Changes(_) => self.pending(map).is_empty(),
        }
    }
}

/// Hash keys as AWS writes them: 128 bits are more than a number in JSON holds.
mod decimal {
    use pipectl_shards::HashKey;
    use serde::{Deserialize as _, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(key: &HashKey, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(key)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HashKey, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
