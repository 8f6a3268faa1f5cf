//! How far a mapping has come: what the next run of the endpoint goes on from.

use std::collections::BTreeMap;
use std::sync::Arc;

use pipectl_shards::ShardId;

use super::window::Window;
use crate::kinesis::Position;
use crate::lock::Lock;

/// Where the driver of a mapping notes how far it has come, and finds how far an earlier run had. Nothing when there is
/// nothing to go on from.
pub(super) type Notebook = Arc<Lock<Option<Checkpoint>>>;

/// How far a mapping has come in its stream.
///
/// Everything before is done. Of what is after, records may be done as well, where other keys of their shard were
/// faster or the process was killed before it noted them: they are given again. Attempts are counted afresh.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checkpoint {
    /// When the stream was created, in milliseconds since the epoch: one of the same name is another.
    pub(super) born: i64,
    /// The shards that are being read.
    pub(super) shards: Vec<Place>,
    /// Those that are done.
    pub(super) ended: Vec<ShardId>,
}

/// A place in a shard.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) shard: ShardId,
    /// Where the first record is that is not done.
    pub(super) next: Position,
    /// The window that is open, with the state that the records before that one came to.
    pub(super) window: Option<Window>,
}

/// A stream as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// When it was created.
    pub(super) born: i64,
    /// Where the next record will be.
    pub(super) latest: Position,
    /// Its shards, and whether each takes records.
    pub(super) shards: BTreeMap<ShardId, bool>,
}

impl Checkpoint {
    /// The checkpoint, if it is one of this stream. A stream that lost its newest records with the power is read from
    /// what comes now; where it lost a reshard, the shards that came of it are forgotten, and those that take records
    /// again are read again.
    pub(super) fn of(self, stream: &Opened) -> Option<Self> {
        if self.born != stream.born {
            return None;
        }
        let latest = stream.latest;
        let is_there = |shard: &ShardId| stream.shards.contains_key(shard);
        let is_open = |shard: &ShardId| stream.shards.get(shard) == Some(&true);
        let reached = |place: Place| Place { next: place.next.min(latest), ..place };
        let (reopened, ended) = self.ended.into_iter().filter(is_there).partition::<Vec<_>, _>(is_open);
        let left = self.shards.into_iter().filter(|place| is_there(&place.shard)).map(reached);
        let again = reopened.into_iter().map(|shard| Place { shard, next: latest, window: None });
        Some(Self { born: self.born, shards: left.chain(again).collect(), ended })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(shard: u64, next: u64) -> Place {
        Place { shard: ShardId::new(shard), next: Position(next), window: None }
    }

    fn checkpoint() -> Checkpoint {
        // Shard 1 became 2 and 3, and 2 became 4 and 5.
        let ended = vec![ShardId::new(1), ShardId::new(2)];
        Checkpoint { born: 7, shards: vec![place(0, 10), place(3, 30), place(4, 40), place(5, 50)], ended }
    }

    fn stream(latest: u64, shards: &[(u64, bool)]) -> Opened {
        let shards = shards.iter().map(|(shard, is_open)| (ShardId::new(*shard), *is_open)).collect();
        Opened { born: 7, latest: Position(latest), shards }
    }

    #[test]
    fn a_checkpoint_holds_for_the_stream_as_it_was() {
        let shards = [(0, true), (1, false), (2, false), (3, true), (4, true), (5, true)];
        assert_eq!(checkpoint().of(&stream(60, &shards)), Some(checkpoint()));
        assert_eq!(checkpoint().of(&Opened { born: 8, ..stream(60, &shards) }), None);
    }

    #[test]
    fn what_the_stream_lost_with_the_power_is_forgotten() {
        let found = checkpoint().of(&stream(25, &[(0, true), (1, false), (2, true), (3, true)])).unwrap();
        assert_eq!(found.shards, [place(0, 10), place(3, 25), place(2, 25)]);
        assert_eq!(found.ended, [ShardId::new(1)]);
        let found = checkpoint().of(&stream(15, &[(0, true), (1, true)])).unwrap();
        assert_eq!(found.shards, [place(0, 10), place(1, 15)]);
        assert_eq!(found.ended, [], "shards 2 to 5 will be others");
    }
}
