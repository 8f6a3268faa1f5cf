//! What the readers of all shards share: the channel that bounds them, and how far behind each of them is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pipectl_shards::{HashKeyRange, ShardId};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::sleep;

use crate::outcome::SequenceNumber;
use crate::read::source::{Arrived, ShardDescription, SourceError, SourceErrorKind};
use crate::read::unfold::Batch;
use crate::retry::RetrySchedule;

/// Waits after throttles and failures.
pub(crate) const RETRY: RetrySchedule =
    RetrySchedule { base: Duration::from_millis(500), max: Duration::from_secs(8) };

/// What goes to the caller's side of the reader.
#[derive(Debug)]
pub(crate) enum Message {
    /// Part of a shard.
    Batch(Batch),
    /// A shard that an earlier reading began is there no more.
    Lost(ShardId),
    /// A shard that was read to its end is there no more.
    Forgotten(ShardId),
}

/// What the readers of all shards share.
pub(crate) struct Shared {
    /// Where pages go; bounded, so a slow taker slows the reading.
    pub(crate) messages: mpsc::Sender<Message>,
    /// Bounds the pages that are held at a time, whatever the number of shards.
    pub(crate) calls: Semaphore,
    /// Whether to stay at the tip of a shard for more.
    pub(crate) follow: bool,
    /// How often a call is tried before its failure is told; throttles do not count.
    pub(crate) patience: u32,
    pub(crate) lag: Arc<Lag>,
}

/// How the reading of a shard ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The shard is closed, all of it was read, and these shards go on from it, as far as its last page told.
    Shard(Vec<ShardDescription>),
    /// Its tip was reached, and nobody wants to follow it.
    Tip,
    /// Nobody takes the records any more.
    Abandoned,
}

/// The channel is closed: nobody takes the records any more.
#[derive(Debug)]
pub(crate) struct Abandoned;

impl Shared {
    /// Hands on what was read of a shard; waits while the caller is busy.
    pub(crate) async fn give(
        &self,
        (shard, range): (ShardId, HashKeyRange),
        records: Vec<Arrived>,
        passed: Option<SequenceNumber>,
        ended: bool,
    ) -> Result<(), Abandoned> {
        if records.is_empty() && passed.is_none() && !ended {
            return Ok(());
        }
        self.tell(Message::Batch(Batch { shard, range, records, passed, ended })).await
    }

    pub(crate) async fn tell(&self, message: Message) -> Result<(), Abandoned> {
        self.messages.send(message).await.map_err(|_| Abandoned)
    }
}

/// How far each shard that is being read is behind its tip; the longest time for one that has not been asked yet.
#[derive(Debug, Default)]
pub(crate) struct Lag(Mutex<Option<BTreeMap<ShardId, Duration>>>);

impl Lag {
    pub(crate) fn set(&self, shard: ShardId, behind: Duration) {
        self.with(|shards| shards.get_or_insert_default().insert(shard, behind));
    }

    pub(crate) fn remove(&self, shard: ShardId) {
        self.with(|shards| shards.as_mut().and_then(|shards| shards.remove(&shard)));
    }

    /// How far the one furthest behind is.
    pub(crate) fn longest(&self) -> Duration {
        self.with(|shards| match shards {
            None => Duration::MAX,
            Some(shards) => shards.values().max().copied().unwrap_or_default(),
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut Option<BTreeMap<ShardId, Duration>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The failures of a call in a row.
#[derive(Debug, Default)]
pub(crate) struct Tries {
    waits: u32,
    failures: u32,
}

impl Tries {
    /// How long to wait before the next try; the error where there shall be none. Pure: `random` is drawn from
    /// `0.0 .. 1.0`.
    pub(crate) fn failed(
        &mut self,
        error: SourceError,
        patience: u32,
        random: f64,
    ) -> Result<Duration, SourceError> {
        match error.kind {
            SourceErrorKind::Throttled => {}
            SourceErrorKind::Transient if self.failures < patience => self.failures += 1,
            _ => return Err(error),
        }
        self.waits = self.waits.saturating_add(1);
        tracing::debug!(%error, waits = self.waits, "reading again after a failure");
        Ok(RETRY.delay(self.waits, random))
    }

    /// Waits before the next try, or gives the error back when there shall be none.
    pub(crate) async fn wait_after(&mut self, error: SourceError, patience: u32) -> Result<(), SourceError> {
        sleep(self.failed(error, patience, fastrand::f64())?).await;
        Ok(())
    }
}
