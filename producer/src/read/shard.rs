//! Pages through one shard at the pace that Kinesis allows.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::ShardId;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::{Instant, sleep, sleep_until};

use crate::outcome::SequenceNumber;
use crate::read::source::{
    Page, Position, ReadRecord, ShardIterator, ShardSource, SourceError, SourceErrorKind,
};
use crate::retry::RetrySchedule;

/// Kinesis answers five `GetRecords` a second and shard, for all readers together.
const PACE: Duration = Duration::from_millis(250);

/// Records asked for in a page; Kinesis gives up to 10 MiB of them.
const PAGE: i32 = 2_000;

/// Waits after throttles and failures.
const RETRY: RetrySchedule = RetrySchedule { base: Duration::from_millis(500), max: Duration::from_secs(8) };

/// What the readers of all shards share.
pub(crate) struct Shared {
    pub(crate) source: Arc<dyn ShardSource>,
    /// Where pages go; bounded, so a slow taker slows the reading.
    pub(crate) pages: mpsc::Sender<Vec<ReadRecord>>,
    /// Bounds the pages that are held at a time, whatever the number of shards.
    pub(crate) calls: Semaphore,
    /// Whether to stay at the tip of a shard for more.
    pub(crate) follow: bool,
    /// How often a call is tried before its failure is told; throttles do not count.
    pub(crate) patience: u32,
}

/// How the reading of a shard ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The shard is closed, and all of it was read.
    Shard,
    /// Its tip was reached, and nobody wants to follow it.
    Tip,
    /// Nobody takes the records any more.
    Abandoned,
}

/// Reads a shard from `position` to its end.
pub(crate) async fn read(
    shared: Arc<Shared>,
    shard: ShardId,
    position: Position,
) -> Result<End, SourceError> {
    let mut place = Place { started: Timestamp::now(), shard, position, after: None };
    let mut iterator = place.iterator(&shared, &place.position).await?;
    loop {
        let called = Instant::now();
        // Held until the page is handed on.
        let Ok(call) = shared.calls.acquire().await else { return Ok(End::Abandoned) };
        let page = place.page(&shared, &mut iterator).await?;
        if let Some(last) = page.records.last() {
            place.after = Some(last.sequence.clone());
        }
        let empty = page.records.is_empty();
        if !empty {
            let records = page.records.into_iter().map(|record| ReadRecord { shard, record }).collect();
            if shared.pages.send(records).await.is_err() {
                return Ok(End::Abandoned);
            }
        }
        match page.next {
            None => return Ok(End::Shard),
            Some(_) if page.behind.is_zero() && empty && !shared.follow => return Ok(End::Tip),
            Some(next) => iterator = next,
        }
        drop(call);
        sleep_until(called + PACE).await;
    }
}

/// Where the reading of a shard is, in a form that outlives an iterator.
struct Place {
    shard: ShardId,
    position: Position,
    after: Option<SequenceNumber>,
    started: Timestamp,
}

impl Place {
    async fn page(&self, shared: &Shared, iterator: &mut ShardIterator) -> Result<Page, SourceError> {
        let mut tries = Tries::default();
        loop {
            match shared.source.records(iterator, PAGE).await {
                Ok(page) => return Ok(page),
                Err(error) if error.kind == SourceErrorKind::ExpiredIterator => {
                    *iterator = self.iterator(shared, &self.resume()).await?;
                }
                Err(error) => tries.wait_after(error, shared.patience).await?,
            }
        }
    }

    /// Where to go on without an iterator: what came since the start of a reader that has seen nothing yet is
    /// not the latest any more.
    fn resume(&self) -> Position {
        match (&self.after, &self.position) {
            (Some(sequence), _) => Position::After(sequence.clone()),
            (None, Position::Latest) => Position::At(self.started),
            (None, position) => position.clone(),
        }
    }

    async fn iterator(&self, shared: &Shared, position: &Position) -> Result<ShardIterator, SourceError> {
        let mut tries = Tries::default();
        loop {
            match shared.source.iterator(self.shard, position).await {
                Ok(iterator) => return Ok(iterator),
                Err(error) => tries.wait_after(error, shared.patience).await?,
            }
        }
    }
}

/// The failures of a call in a row.
#[derive(Default)]
pub(crate) struct Tries {
    waits: u32,
    failures: u32,
}

impl Tries {
    /// Waits before the next try, or gives the error back when there shall be none.
    pub(crate) async fn wait_after(&mut self, error: SourceError, patience: u32) -> Result<(), SourceError> {
        match error.kind {
            SourceErrorKind::Throttled => {}
            SourceErrorKind::Transient if self.failures < patience => self.failures += 1,
            _ => return Err(error),
        }
        self.waits = self.waits.saturating_add(1);
        tracing::debug!(%error, waits = self.waits, "reading again after a failure");
        sleep(RETRY.delay(self.waits, fastrand::f64())).await;
        Ok(())
    }
}
