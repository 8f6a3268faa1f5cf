//! Which shards may be read: those whose parents have been read to their end, or are gone.
//!
//! The records of a partition key are in order across a split or a merge only if a child is read after all
//! its parents. Pure: shards come in as they are listed and as they end, and go out when their turn comes.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::{HashKeyRange, ShardId};

use crate::read::checkpoint::{Origin, Progress};
use crate::read::source::ShardDescription;
use crate::read::{Position, Start};

/// What is known of the shards of a stream while it is read.
#[derive(Debug)]
pub struct Frontier {
    start: Begin,
    /// The only shards that are wanted; all of them without it.
    only: Option<BTreeSet<ShardId>>,
    /// How far an earlier reading got in shards that have not had their turn in this one.
    progress: BTreeMap<ShardId, Progress>,
    known: BTreeMap<ShardId, Known>,
    listed: bool,
}

/// Where a shard is begun that no earlier reading has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    Latest,
    Origin(Origin),
}

#[derive(Debug)]
struct Known {
    parents: Vec<ShardId>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// It waits for those of these parents that are not done.
    Waiting { after: Vec<ShardId>, range: HashKeyRange },
    /// It was given out and has not ended.
    Reading,
    /// It is read to its end, or lies before the start.
    Done,
}

/// A shard whose turn has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// The shard.
    pub shard: ShardId,
    /// The hash keys that it owns.
    pub range: HashKeyRange,
    /// Where to start in it.
    pub position: Position,
}

/// Shards that a listing has no more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gone {
    /// Those that were read to their end: nobody will ask for them again.
    pub done: Vec<ShardId>,
    /// Those that an earlier reading began and did not end: the rest of them has expired unread.
    pub unread: Vec<ShardId>,
}

impl Frontier {
    /// A frontier that knows no shards yet. With `only`, no other shards are read, and none is waited for.
    #[must_use]
    pub fn new(start: &Start, only: Option<BTreeSet<ShardId>>) -> Self {
        let mut known = BTreeMap::new();
        let mut progress = BTreeMap::new();
        let start = match start {
            Start::Latest => Begin::Latest,
            Start::TrimHorizon => Begin::Origin(Origin::TrimHorizon),
            Start::At(time) => Begin::Origin(Origin::At(*time)),
            Start::Checkpoint(checkpoint) => {
                for (shard, reached) in checkpoint.shards() {
                    match reached {
                        Progress::Ended => {
                            known.insert(shard, Known { parents: Vec::new(), state: State::Done });
                        }
                        reached => drop(progress.insert(shard, reached.clone())),
                    }
                }
                Begin::Origin(checkpoint.origin())
            }
        };
        Self { start, only, progress, known, listed: false }
    }

    /// Whether a listing lags so far behind that a shard which was read earlier is not in it yet.
    #[must_use]
    pub fn is_ahead_of(&self, shards: &[ShardDescription]) -> bool {
        let youngest = shards.iter().map(|shard| shard.id).max();
        self.progress.keys().any(|shard| self.wants(*shard) && Some(*shard) > youngest)
    }

    /// The shards that are wanted and that a listing does not have.
    #[must_use]
    pub fn missing(&self, shards: &[ShardDescription]) -> Vec<ShardId> {
        let listed: BTreeSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        self.only.iter().flatten().filter(|shard| !listed.contains(shard)).copied().collect()
    }

    /// Takes in a listing of the stream, and tells what it has no more. Reading from the latest begins with the
    /// shards that are open in the first one; what is closed by then lies before the start.
    pub fn list(&mut self, shards: &[ShardDescription]) -> Gone {
        for shard in shards {
            self.take_in(shard);
        }
        let listed: BTreeSet<ShardId> = shards.iter().map(|shard| shard.id).collect();
        for shard in shards {
            // A parent that this same listing does not have has been trimmed: nothing of it can be waited for.
            if let Some(Known { state: State::Waiting { after, .. }, .. }) = self.known.get_mut(&shard.id) {
                after.retain(|parent| listed.contains(parent));
            }
        }
        let gone = self.gone(&listed);
        for shard in &gone.done {
            self.known.remove(shard);
        }
        for shard in &gone.unread {
            self.progress.remove(shard);
        }
        gone
    }

    /// Takes in the shards that go on from one that has ended, as its last page tells them.
    pub fn children(&mut self, shards: &[ShardDescription]) {
        for shard in shards {
            self.take_in(shard);
        }
    }

    /// Whether a listing is needed to go on after a shard that has ended: none of its children is known, or one of
    /// them has a parent that is not.
    #[must_use]
    pub fn lacks(&self, ended: ShardId) -> bool {
        if self.only.is_some() {
            return false;
        }
        let mut children = self.known.values().filter(|known| known.parents.contains(&ended)).peekable();
        children.peek().is_none()
            || children.any(|child| match &child.state {
                State::Waiting { after, .. } => after.iter().any(|parent| !self.known.contains_key(parent)),
                _ => false,
            })
    }

    /// The shards whose turn has come, and where to start in each. They count as being read from here on.
    pub fn ready(&mut self) -> Vec<Turn> {
        let first = !std::mem::replace(&mut self.listed, true);
        let is_done = |parent: &ShardId| {
            !self.wants(*parent) || self.known.get(parent).is_some_and(|known| known.state == State::Done)
        };
        let ready: Vec<(ShardId, HashKeyRange)> = self
            .known
            .iter()
            .filter_map(|(id, known)| match &known.state {
                State::Waiting { after, range } if after.iter().all(is_done) => Some((*id, *range)),
                _ => None,
            })
            .collect();
        ready
            .into_iter()
            .map(|(shard, range)| {
                if let Some(known) = self.known.get_mut(&shard) {
                    known.state = State::Reading;
                }
                Turn { shard, range, position: self.position(shard, first) }
            })
            .collect()
    }

    /// A shard has been read to its end. Its children are next.
    pub fn ended(&mut self, shard: ShardId) {
        if let Some(known) = self.known.get_mut(&shard) {
            known.state = State::Done;
        }
    }

    fn position(&mut self, shard: ShardId, first: bool) -> Position {
        match (self.progress.remove(&shard), self.start) {
            (Some(Progress::At(place)), _) => Position::AtSequence(place.sequence),
            (Some(Progress::Passed(number)), _) => Position::After(number),
            (_, Begin::Latest) if first => Position::Latest,
            // A shard that appears later holds only what was put after the start.
            (_, Begin::Latest | Begin::Origin(Origin::TrimHorizon)) => Position::TrimHorizon,
            (_, Begin::Origin(Origin::At(time))) => Position::At(time),
        }
    }

    fn wants(&self, shard: ShardId) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&shard))
    }

    fn take_in(&mut self, shard: &ShardDescription) {
        if !self.wants(shard.id) {
            return;
        }
        let before = !self.listed && self.start == Begin::Latest && shard.closed;
        let state = if before {
            State::Done
        } else {
            State::Waiting { after: shard.parents.clone(), range: shard.range }
        };
        let parents = shard.parents.clone();
        let known = self.known.entry(shard.id).or_insert(Known { parents, state });
        if known.parents.is_empty() {
            // One that an earlier reading ended: its parents were not kept.
            known.parents.clone_from(&shard.parents);
        }
    }

    /// What a listing has no more. A lagging one lacks only the youngest shards, so what is older than all that it
    /// has, or the ancestor of one that it has, is gone for good.
    fn gone(&self, listed: &BTreeSet<ShardId>) -> Gone {
        let (Some(oldest), Some(youngest)) = (listed.first(), listed.last()) else { return Gone::default() };
        let mut ancestors = BTreeSet::new();
        let mut look: Vec<ShardId> = listed.iter().copied().collect();
        while let Some(shard) = look.pop() {
            let parents = self.known.get(&shard).map(|known| known.parents.as_slice()).unwrap_or_default();
            look.extend(parents.iter().filter(|parent| ancestors.insert(**parent)));
        }
        let is_gone =
            |shard: &ShardId| !listed.contains(shard) && (shard < oldest || ancestors.contains(shard));
        let done = self.known.iter().filter(|(id, known)| known.state == State::Done && is_gone(id));
        let unread =
            self.progress.keys().filter(|id| self.wants(**id) && !listed.contains(id) && *id <= youngest);
        Gone { done: done.map(|(id, _)| *id).collect(), unread: unread.copied().collect() }
    }
}

#[cfg(test)]
mod tests;
