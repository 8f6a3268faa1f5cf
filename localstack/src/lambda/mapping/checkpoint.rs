//! How far a mapping has come: what the next run of the endpoint goes on from.

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Opened {
    /// When it was created.
    pub(super) born: i64,
    /// Where the next record will be.
    pub(super) latest: Position,
}

impl Checkpoint {
    /// The checkpoint, if it is one of this stream. A stream that lost its newest records with the power is read from
    /// what comes now.
    pub(super) fn of(self, stream: Opened) -> Option<Self> {
        let reached = |place: Place| Place { next: place.next.min(stream.latest), ..place };
        let shards = self.shards.into_iter().map(reached).collect();
        (self.born == stream.born).then_some(Self { shards, ..self })
    }
}
