//! Reads all the shards of a stream and gives out their records through one bounded channel.

use std::sync::Arc;
use std::time::Duration;

use pipectl_shards::ShardId;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::{JoinError, JoinHandle, JoinSet};

use crate::read::Start;
use crate::read::frontier::Frontier;
use crate::read::shard::{self, End, Shared, Tries};
use crate::read::source::{ReadRecord, ShardDescription, ShardSource, SourceError};

/// Pages that wait for the caller.
const PAGES_WAITING: usize = 4;

/// Pages that are being fetched or wait for the channel. With the ones above this bounds the memory: a page
/// is 10 MiB at most.
const CALLS: usize = 8;

/// How often a listing is asked for the children of a shard that has ended before that is an error.
const CHILDREN_ASKED: u32 = 30;

/// How a reader behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to start.
    pub start: Start,
    /// Whether to stay for more at the tip of the stream, or to end there.
    pub follow: bool,
    /// How often a failing call is tried again before the failure ends the reading; throttles do not count.
    pub patience: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { start: Start::Latest, follow: true, patience: 8 }
    }
}

/// Why reading ended before its time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The shards of the stream could not be listed.
    #[error("cannot list the shards of the stream: {0}")]
    ListShards(SourceError),
    /// A shard could not be read.
    #[error("cannot read {shard}: {error}")]
    ReadShard {
        /// The shard.
        shard: ShardId,
        /// What happened.
        error: SourceError,
    },
    /// A shard ended, and the stream lists no shard that follows it.
    #[error("{0} has ended, and the stream lists no shard that follows it")]
    NoChildren(ShardId),
    /// A task failed, which is a defect of this program.
    #[error("a reading task failed: {0}")]
    Task(String),
}

/// Gives out the records of a stream. Dropping it ends the reading.
#[derive(Debug)]
pub struct Reader {
    pages: mpsc::Receiver<Vec<ReadRecord>>,
    page: std::vec::IntoIter<ReadRecord>,
    task: Option<JoinHandle<Result<(), ReadError>>>,
}

impl Reader {
    /// Starts reading on the current tokio runtime.
    #[must_use]
    pub fn start(source: Arc<dyn ShardSource>, settings: Settings) -> Self {
        let (pages, waiting) = mpsc::channel(PAGES_WAITING);
        let shared = Arc::new(Shared {
            source,
            pages,
            calls: Semaphore::new(CALLS),
            follow: settings.follow,
            patience: settings.patience,
        });
        let supervisor =
            Supervisor { shared, frontier: Frontier::new(settings.start), readers: JoinSet::new() };
        Self { pages: waiting, page: Vec::new().into_iter(), task: Some(tokio::spawn(supervisor.run())) }
    }

    /// The next record; `None` when the reading has ended, which it does by itself only without
    /// [`Settings::follow`]. The records of a shard come in order, those of a child after its parents'.
    /// Safe to drop and call again.
    ///
    /// # Errors
    /// What ended the reading, once; every record read before it was given out by then.
    pub async fn next(&mut self) -> Result<Option<ReadRecord>, ReadError> {
        loop {
            if let Some(record) = self.page.next() {
                return Ok(Some(record));
            }
            match self.pages.recv().await {
                Some(page) => self.page = page.into_iter(),
                None => break,
            }
        }
        let Some(task) = &mut self.task else { return Ok(None) };
        let ended = task.await;
        self.task = None;
        ended.unwrap_or_else(|error| Err(died(&error))).map(|()| None)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

struct Supervisor {
    shared: Arc<Shared>,
    frontier: Frontier,
    readers: JoinSet<(ShardId, Result<End, SourceError>)>,
}

impl Supervisor {
    async fn run(mut self) -> Result<(), ReadError> {
        let shards = self.list().await?;
        self.frontier.list(&shards);
        self.start_ready();
        while let Some(ended) = self.readers.join_next().await {
            let (shard, end) = ended.map_err(|error| died(&error))?;
            match end.map_err(|error| ReadError::ReadShard { shard, error })? {
                End::Shard => {
                    self.frontier.ended(shard);
                    self.list_children(shard).await?;
                    self.start_ready();
                }
                End::Tip => {}
                End::Abandoned => return Ok(()),
            }
        }
        Ok(())
    }

    fn start_ready(&mut self) {
        for (shard, position) in self.frontier.ready() {
            let shared = Arc::clone(&self.shared);
            self.readers.spawn(async move { (shard, shard::read(shared, shard, position).await) });
        }
    }

    /// Lists until a child of the ended shard shows up: listings lag behind.
    async fn list_children(&mut self, shard: ShardId) -> Result<(), ReadError> {
        for asked in 0..CHILDREN_ASKED {
            let shards = self.list().await?;
            self.frontier.list(&shards);
            if self.frontier.has_child_of(shard, &shards) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100) * (asked + 1)).await;
        }
        Err(ReadError::NoChildren(shard))
    }

    async fn list(&self) -> Result<Vec<ShardDescription>, ReadError> {
        let mut tries = Tries::default();
        loop {
            match self.shared.source.shards().await {
                Ok(shards) => return Ok(shards),
                Err(error) => {
                    tries.wait_after(error, self.shared.patience).await.map_err(ReadError::ListShards)?;
                }
            }
        }
    }
}

fn died(error: &JoinError) -> ReadError {
    ReadError::Task(error.to_string())
}
