//! Calls as AWS takes them, by the shards they name.

use std::fmt;
use std::num::NonZeroU32;

use pipectl_shards::{HashKey, ShardId};

use super::layout::ShardMap;
use super::route::Move;

/// A call that reshards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// To so many shards of equal width.
    UpdateShardCount(NonZeroU32),
    /// Cuts an open shard in two.
    Split {
        /// The shard.
        shard: ShardId,
        /// Where the second part begins (`NewStartingHashKey`).
        at: HashKey,
    },
    /// Joins two open neighbours.
    Merge {
        /// The one with the lower hash keys.
        left: ShardId,
        /// The other.
        right: ShardId,
    },
}

impl Call {
    /// The call that makes a move on these shards; nothing where they do not allow it.
    #[must_use]
    pub fn of(step: Move, map: &ShardMap) -> Option<Self> {
        match step {
            Move::Update(count) => NonZeroU32::new(count).map(Self::UpdateShardCount),
            Move::Split(at) => {
                let shard = map.owner(at)?;
                // "Greater than one plus the starting hash key and less than the ending hash key" (API reference).
                let legal = at.0 > shard.range.start().0.saturating_add(1) && at < shard.range.end();
                legal.then_some(Self::Split { shard: shard.id, at })
            }
            Move::Merge(at) => {
                let (left, right) = (map.owner(at.previous()?)?, map.owner(at)?);
                (right.range.start() == at).then_some(Self::Merge { left: left.id, right: right.id })
            }
        }
    }

    /// The action that IAM has to allow.
    #[must_use]
    pub fn action(&self) -> &'static str {
        match self {
            Self::UpdateShardCount(_) => "kinesis:UpdateShardCount",
            Self::Split { .. } => "kinesis:SplitShard",
            Self::Merge { .. } => "kinesis:MergeShards",
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UpdateShardCount(count) => write!(f, "update-shard-count {count}"),
            Self::Split { shard, at } => write!(f, "split {shard} at {at}"),
            Self::Merge { left, right } => write!(f, "merge {left} and {right}"),
        }
    }
}
