//! Runs the readers of the shards whose turn has come.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use pipectl_shards::ShardId;
use tokio::task::{JoinError, JoinSet};

use crate::read::frontier::{Frontier, Gone};
use crate::read::reader::ReadError;
use crate::read::shared::{Abandoned, End, Message, Shared, Tries};
use crate::read::source::{ShardDescription, ShardSource, SourceError};
use crate::read::subscription::FanOut;
use crate::read::{polling, pushing};

/// How often a listing is asked for what must be in it, before it counts as missing.
const ASKED: u32 = 30;

/// The wait after the first listing that lacked something; each later one is longer by as much.
const ASKED_APART: Duration = Duration::from_millis(100);

pub(crate) struct Supervisor {
    source: Arc<dyn ShardSource>,
    fan_out: Option<Arc<dyn FanOut>>,
    shared: Arc<Shared>,
    frontier: Frontier,
    readers: JoinSet<(ShardId, Result<End, SourceError>)>,
}

/// Why the supervisor stops.
enum Stop {
    Abandoned,
    Failed(ReadError),
}

impl From<Abandoned> for Stop {
    fn from(_: Abandoned) -> Self {
        Self::Abandoned
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Failed(error)
    }
}

impl Supervisor {
    pub(crate) fn new(
        source: Arc<dyn ShardSource>,
        fan_out: Option<Arc<dyn FanOut>>,
        shared: Arc<Shared>,
        frontier: Frontier,
    ) -> Self {
        Self { source, fan_out, shared, frontier, readers: JoinSet::new() }
    }

    pub(crate) async fn run(mut self) -> Result<(), ReadError> {
        match self.supervise().await {
            Ok(()) | Err(Stop::Abandoned) => Ok(()),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    async fn supervise(&mut self) -> Result<(), Stop> {
        self.begin().await?;
        while let Some(ended) = self.readers.join_next().await {
            let (shard, end) = ended.map_err(|error| died(&error))?;
            match end.map_err(|error| ReadError::ReadShard { shard, error })? {
                End::Shard(children) => {
                    self.frontier.ended(shard);
                    self.frontier.children(&children);
                    self.list_what_lacks_after(shard).await?;
                    self.start_ready();
                    self.shared.lag.remove(shard);
                }
                End::Tip => self.shared.lag.remove(shard),
                End::Abandoned => return Ok(()),
            }
        }
        Ok(())
    }

    async fn begin(&mut self) -> Result<(), Stop> {
        let mut shards = self.shards().await?;
        for asked in 0..ASKED {
            if !self.frontier.is_ahead_of(&shards) {
                break;
            }
            tokio::time::sleep(ASKED_APART * (asked + 1)).await;
            shards = self.shards().await?;
        }
        if let Some(missing) = self.frontier.missing(&shards).first() {
            let there = shards.iter().map(|shard| shard.id).collect::<BTreeSet<_>>();
            return Err(ReadError::NoSuchShard { shard: *missing, there }.into());
        }
        self.list(&shards).await?;
        self.start_ready();
        Ok(())
    }

    fn start_ready(&mut self) {
        for turn in self.frontier.ready() {
            let (shard, shared) = (turn.shard, Arc::clone(&self.shared));
            shared.lag.set(shard, Duration::MAX);
            match &self.fan_out {
                Some(fan_out) => {
                    let fan_out = Arc::clone(fan_out);
                    self.readers.spawn(async move { (shard, pushing::read(fan_out, shared, turn).await) });
                }
                None => {
                    let source = Arc::clone(&self.source);
                    self.readers.spawn(async move { (shard, polling::read(source, shared, turn).await) });
                }
            }
        }
    }

    /// Lists until all that is needed to go on after the ended shard shows up: listings lag behind.
    async fn list_what_lacks_after(&mut self, shard: ShardId) -> Result<(), Stop> {
        for asked in 0..ASKED {
            if !self.frontier.lacks(shard) {
                return Ok(());
            }
            if asked > 0 {
                tokio::time::sleep(ASKED_APART * asked).await;
            }
            let shards = self.shards().await?;
            self.list(&shards).await?;
        }
        if self.frontier.lacks(shard) { Err(ReadError::NoChildren(shard).into()) } else { Ok(()) }
    }

    async fn list(&mut self, shards: &[ShardDescription]) -> Result<(), Abandoned> {
        let Gone { done, unread } = self.frontier.list(shards);
        for shard in unread {
            self.shared.tell(Message::Lost(shard)).await?;
        }
        for shard in done {
            self.shared.tell(Message::Forgotten(shard)).await?;
        }
        Ok(())
    }

    async fn shards(&self) -> Result<Vec<ShardDescription>, ReadError> {
        let mut tries = Tries::default();
        loop {
            match self.source.shards().await {
                Ok(shards) => return Ok(shards),
                Err(error) => {
                    tries.wait_after(error, self.shared.patience).await.map_err(ReadError::ListShards)?;
                }
            }
        }
    }
}

pub(crate) fn died(error: &JoinError) -> ReadError {
    ReadError::Task(error.to_string())
}
