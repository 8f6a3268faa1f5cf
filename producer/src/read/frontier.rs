//! Which shards may be read: those whose parents have been read to their end, or are gone.
//!
//! The records of a partition key are in order across a split or a merge only if a child is read after all
//! its parents. Pure: shards come in as they are listed and as they end, and go out when their turn comes.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::ShardId;

use crate::read::source::ShardDescription;
use crate::read::{Position, Start};

/// What is known of the shards of a stream while it is read.
#[derive(Debug)]
pub struct Frontier {
    start: Start,
    /// Shards that wait for their parents.
    waiting: BTreeMap<ShardId, Vec<ShardId>>,
    /// Shards that were given out and have not ended.
    reading: BTreeSet<ShardId>,
    /// Shards that are read to their end, or lie before the start.
    done: BTreeSet<ShardId>,
    listed: bool,
}

impl Frontier {
    /// A frontier that knows no shards yet.
    #[must_use]
    pub fn new(start: Start) -> Self {
        Self {
            start,
            waiting: BTreeMap::new(),
            reading: BTreeSet::new(),
            done: BTreeSet::new(),
            listed: false,
        }
    }

    /// Takes in a listing of the stream. Reading from the latest begins with the shards that are open in the
    /// first one; what is closed by then lies before the start.
    pub fn list(&mut self, shards: &[ShardDescription]) {
        for shard in shards {
            if self.is_known(shard.id) {
                continue;
            }
            if !self.listed && self.start == Start::Latest && shard.closed {
                self.done.insert(shard.id);
            } else {
                self.waiting.insert(shard.id, shard.parents.clone());
            }
        }
        // A parent that is not listed has been trimmed: nothing of it can be waited for.
        let listed: BTreeSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        for parents in self.waiting.values_mut() {
            parents.retain(|parent| listed.contains(parent) && !self.done.contains(parent));
        }
    }

    /// The shards whose turn has come, and where to start in each. They count as being read from here on.
    pub fn ready(&mut self) -> Vec<(ShardId, Position)> {
        let first = !std::mem::replace(&mut self.listed, true);
        let turn: Vec<ShardId> = self
            .waiting
            .iter()
            .filter(|(_, parents)| parents.iter().all(|parent| self.done.contains(parent)))
            .map(|(id, _)| *id)
            .collect();
        for id in &turn {
            self.waiting.remove(id);
            self.reading.insert(*id);
        }
        let position = match self.start {
            Start::Latest if first => Position::Latest,
            // A shard that appears later holds only what was put after the start.
            Start::Latest | Start::TrimHorizon => Position::TrimHorizon,
            Start::At(time) => Position::At(time),
        };
        turn.into_iter().map(|id| (id, position.clone())).collect()
    }

    /// A shard has been read to its end. Its children are to be listed next.
    pub fn ended(&mut self, shard: ShardId) {
        self.reading.remove(&shard);
        self.done.insert(shard);
    }

    /// Whether a child of this shard is known, as one must be once it has ended.
    #[must_use]
    pub fn has_child_of(&self, shard: ShardId, shards: &[ShardDescription]) -> bool {
        shards.iter().any(|child| child.parents.contains(&shard) && self.is_known(child.id))
    }

    fn is_known(&self, id: ShardId) -> bool {
        self.waiting.contains_key(&id) || self.reading.contains(&id) || self.done.contains(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shard(id: u64, parents: &[u64], closed: bool) -> ShardDescription {
        ShardDescription {
            id: ShardId::new(id),
            parents: parents.iter().map(|id| ShardId::new(*id)).collect(),
            closed,
        }
    }

    fn ids(ready: &[(ShardId, Position)]) -> Vec<u64> {
        ready.iter().map(|(id, _)| id.number()).collect()
    }

    #[test]
    fn from_the_trim_horizon_children_wait_for_all_their_parents() {
        // 0 was split into 2 and 3; 1 and 3 were merged into 4.
        let shards = [
            shard(0, &[], true),
            shard(1, &[], true),
            shard(2, &[0], false),
            shard(3, &[0], true),
            shard(4, &[1, 3], false),
        ];
        let mut frontier = Frontier::new(Start::TrimHorizon);
        frontier.list(&shards);
        assert_eq!(ids(&frontier.ready()), [0, 1]);
        frontier.ended(ShardId::new(1));
        assert!(frontier.ready().is_empty());
        frontier.ended(ShardId::new(0));
        assert_eq!(ids(&frontier.ready()), [2, 3]);
        frontier.ended(ShardId::new(3));
        assert_eq!(frontier.ready(), [(ShardId::new(4), Position::TrimHorizon)]);
    }

    #[test]
    fn from_the_latest_only_open_shards_are_read_and_their_children_from_the_start() {
        let before = [shard(0, &[], true), shard(1, &[0], false), shard(2, &[0], false)];
        let mut frontier = Frontier::new(Start::Latest);
        frontier.list(&before);
        assert_eq!(
            frontier.ready(),
            [(ShardId::new(1), Position::Latest), (ShardId::new(2), Position::Latest)]
        );
        frontier.ended(ShardId::new(1));
        // The child may be closed itself by the time that it is seen.
        frontier.list(&[
            shard(1, &[0], true),
            shard(2, &[0], false),
            shard(3, &[1], true),
            shard(4, &[3], false),
        ]);
        assert_eq!(frontier.ready(), [(ShardId::new(3), Position::TrimHorizon)]);
        frontier.ended(ShardId::new(3));
        assert_eq!(frontier.ready(), [(ShardId::new(4), Position::TrimHorizon)]);
    }

    #[test]
    fn a_parent_that_was_trimmed_is_not_waited_for() {
        let mut frontier = Frontier::new(Start::TrimHorizon);
        frontier.list(&[shard(5, &[2], false)]);
        assert_eq!(ids(&frontier.ready()), [5]);
    }

    proptest! {
        /// Over random lineages: every shard is given out once, and never before its parents have ended.
        #[test]
        fn every_shard_is_read_once_and_after_its_parents(
            splits in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..30)
        ) {
            let mut shards = vec![shard(0, &[], false), shard(1, &[], false)];
            for (at, merge) in splits {
                let open: Vec<usize> = (0..shards.len()).filter(|n| !shards[*n].closed).collect();
                let first = open[at.index(open.len())];
                let next = shards.len() as u64;
                shards[first].closed = true;
                if merge && open.len() > 1 {
                    let second = *open.iter().find(|n| **n != first).expect("another");
                    shards[second].closed = true;
                    shards.push(shard(next, &[first as u64, second as u64], false));
                } else {
                    shards.push(shard(next, &[first as u64], false));
                    shards.push(shard(next + 1, &[first as u64], false));
                }
            }
            let mut frontier = Frontier::new(Start::TrimHorizon);
            frontier.list(&shards);
            let (mut ended, mut open) = (BTreeSet::new(), 0);
            loop {
                let ready = frontier.ready();
                if ready.is_empty() {
                    break;
                }
                for (id, _) in ready {
                    let described = shards.iter().find(|shard| shard.id == id).expect("known");
                    prop_assert!(described.parents.iter().all(|parent| ended.contains(parent)));
                    if described.closed {
                        prop_assert!(ended.insert(id));
                        frontier.ended(id);
                    } else {
                        open += 1;
                    }
                }
            }
            prop_assert_eq!(ended.len() + open, shards.len());
        }
    }
}
