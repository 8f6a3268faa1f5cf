//! Reads all the shards of a stream and gives out their records through one bounded channel.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use crate::read::Start;
use crate::read::checkpoint::{Checkpoint, Origin};
use crate::read::frontier::Frontier;
use crate::read::shared::{Lag, Message, Shared};
use crate::read::source::{ReadRecord, ShardSource, SourceError};
use crate::read::subscription::FanOut;
use crate::read::supervisor::{Supervisor, died};
use crate::read::unfold::{Event, Unfolder};

/// Pages that wait for the caller.
const PAGES_WAITING: usize = 4;

/// Pages that are being fetched or wait for the channel. With the ones above this bounds the memory: a page
/// is 10 MiB at most. A subscription holds one event besides, of which Kinesis makes no more than 2 MiB a second.
const CALLS: usize = 8;

/// How a reader behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where to start.
    pub start: Start,
    /// Whether to stay for more at the tip of the stream, or to end there.
    pub follow: bool,
    /// How often a failing call is tried again before the failure ends the reading; throttles do not count.
    pub patience: u32,
    /// Whether an aggregate that is damaged, or has a record of another shard, is told as [`Event::Damaged`]. KCL
    /// passes the one through as it is and drops the other, and so does a reader that is not strict.
    pub strict: bool,
    /// The only shards to read; their children are not read unless they are named, too.
    pub only: Option<BTreeSet<ShardId>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { start: Start::Latest, follow: true, patience: 8, strict: false, only: None }
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
    /// A shard that was asked for is not in the stream.
    #[error("the stream has no {shard}")]
    NoSuchShard {
        /// The shard.
        shard: ShardId,
        /// The shards that it has.
        there: BTreeSet<ShardId>,
    },
    /// A shard ended, and the stream lists no shard that follows it.
    #[error("{0} has ended, and the stream lists no shard that follows it")]
    NoChildren(ShardId),
    /// A task failed, which is a defect of this program.
    #[error("a reading task failed: {0}")]
    Task(String),
}

/// Gives out the records of a stream. Dropping it ends the reading.
///
/// Nothing is read ahead beyond a few pages: a caller that does not ask for records stops the calls to Kinesis.
pub struct Reader {
    messages: mpsc::Receiver<Message>,
    unfolder: Unfolder,
    lag: Arc<Lag>,
    task: Option<JoinHandle<Result<(), ReadError>>>,
}

impl Reader {
    /// Starts reading on the current tokio runtime, with `GetRecords`.
    #[must_use]
    pub fn start(source: Arc<dyn ShardSource>, settings: Settings) -> Self {
        Self::begin(source, None, settings)
    }

    /// Starts reading on the current tokio runtime, through subscriptions of a consumer. `source` lists the shards.
    #[must_use]
    pub fn subscribe(source: Arc<dyn ShardSource>, consumer: Arc<dyn FanOut>, settings: Settings) -> Self {
        Self::begin(source, Some(consumer), settings)
    }

    fn begin(source: Arc<dyn ShardSource>, fan_out: Option<Arc<dyn FanOut>>, settings: Settings) -> Self {
        let frontier = Frontier::new(&settings.start, settings.only);
        let checkpoint = match settings.start {
            Start::Latest => Checkpoint::new(Origin::At(Timestamp::now())),
            Start::TrimHorizon => Checkpoint::new(Origin::TrimHorizon),
            Start::At(time) => Checkpoint::new(Origin::At(time)),
            Start::Checkpoint(checkpoint) => checkpoint,
        };
        let (messages, waiting) = mpsc::channel(PAGES_WAITING);
        let lag = Arc::new(Lag::default());
        let shared = Arc::new(Shared {
            messages,
            calls: Semaphore::new(CALLS),
            follow: settings.follow,
            patience: settings.patience,
            lag: Arc::clone(&lag),
        });
        let supervisor = Supervisor::new(source, fan_out, shared, frontier);
        Self {
            messages: waiting,
            unfolder: Unfolder::new(checkpoint, settings.strict),
            lag,
            task: Some(tokio::spawn(supervisor.run())),
        }
    }

    /// The next record; `None` when the reading has ended, which it does by itself only without
    /// [`Settings::follow`] and at the end of the shards of [`Settings::only`]. The records of a shard come in
    /// order, those of a child after its parents'. Other events are logged and passed over. Safe to drop and call
    /// again.
    ///
    /// # Errors
    /// What ended the reading, once; every record read before it was given out by then.
    pub async fn next(&mut self) -> Result<Option<ReadRecord>, ReadError> {
        loop {
            match self.next_event().await? {
                Some(Event::Record(record)) => return Ok(Some(record)),
                Some(Event::Damaged(damaged)) => {
                    tracing::warn!(shard = %damaged.shard, sequence = %damaged.record.sequence, "{}", damaged.problem);
                }
                Some(Event::Gap(gap)) => {
                    tracing::warn!(shard = %gap.shard, after = %gap.after, "records have expired unread");
                }
                None => return Ok(None),
            }
        }
    }

    /// The next event, a record mostly; as [`next`](Self::next) otherwise.
    ///
    /// # Errors
    /// As [`next`](Self::next).
    pub async fn next_event(&mut self) -> Result<Option<Event>, ReadError> {
        loop {
            if let Some(event) = self.unfolder.next() {
                return Ok(Some(event));
            }
            match self.messages.recv().await {
                Some(message) => self.take(message),
                None => break,
            }
        }
        let Some(task) = &mut self.task else { return Ok(None) };
        let ended = task.await;
        self.task = None;
        ended.unwrap_or_else(|error| Err(died(&error))).map(|()| None)
    }

    /// The next event, if there is one at hand.
    pub fn try_next_event(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.unfolder.next() {
                return Some(event);
            }
            let message = self.messages.try_recv().ok()?;
            self.take(message);
        }
    }

    /// How far the reading is, as far as its caller has been given records: whoever has dealt with all of them may
    /// keep it, and go on after them with [`Start::Checkpoint`]. One of a reading from the latest begins shards
    /// that it has had nothing of at the time, by this machine's clock, when the reading began.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        self.unfolder.checkpoint()
    }

    /// How far the reading was behind the tip of the stream when it last looked, in the shard that is furthest
    /// behind; the longest time where a shard has not been looked at yet.
    #[must_use]
    pub fn behind(&self) -> Duration {
        self.lag.longest()
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Batch(batch) => self.unfolder.take(batch),
            Message::Lost(shard) => self.unfolder.lost(shard),
            Message::Forgotten(shard) => self.unfolder.forget(shard),
        }
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Reader").field("checkpoint", self.checkpoint()).finish_non_exhaustive()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
