//! Pages through one shard with `GetRecords`, at the pace that Kinesis allows.
//!
//! [`Cursor`] is the pure part: where the reading is, and what an answer means for it.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pipectl_shards::{HashKeyRange, ShardId};
use tokio::sync::SemaphorePermit;
use tokio::time::{Instant, sleep_until};

use crate::outcome::SequenceNumber;
use crate::read::frontier::Turn;
use crate::read::shared::{End, Shared, Tries};
use crate::read::source::{Page, Position, ShardIterator, ShardSource, SourceError, SourceErrorKind};

/// Kinesis answers five `GetRecords` a second and shard, for all readers together.
const PACE: Duration = Duration::from_millis(250);

/// Records asked for in a page, the most there are; Kinesis gives up to 10 MiB of them.
const PAGE: i32 = 10_000;

/// Empty pages in a row after which a resumed reading that has seen nothing, and is not at the tip, begins at the
/// horizon. Where the record it went on from has expired, Kinesis has been seen to answer with empty pages for good
/// (harlow/kinesis-consumer 125).
const STUCK: u32 = 20;

/// Pages in a row that end at the tip, before a reading that does not follow ends there.
const TIPS: u32 = 2;

/// Reads a shard from its turn's position to its end.
pub(crate) async fn read(
    source: Arc<dyn ShardSource>,
    shared: Arc<Shared>,
    turn: Turn,
) -> Result<End, SourceError> {
    let mut cursor = Cursor::new(turn.position, Timestamp::now());
    let caller = Caller { source, shared, shard: turn.shard, range: turn.range };
    caller.read(&mut cursor).await
}

struct Caller {
    source: Arc<dyn ShardSource>,
    shared: Arc<Shared>,
    shard: ShardId,
    range: HashKeyRange,
}

impl Caller {
    async fn read(&self, cursor: &mut Cursor) -> Result<End, SourceError> {
        let shared = &self.shared;
        let mut iterator = self.iterator(&cursor.position).await?;
        loop {
            let called = Instant::now();
            let (page, call) = self.page(cursor, &mut iterator).await?;
            let next = cursor.took(&page, shared.follow);
            shared.lag.set(self.shard, page.behind);
            let ended = matches!(next, Next::Ended);
            let shard = (self.shard, self.range);
            if shared.give(shard, page.records, None, ended).await.is_err() {
                return Ok(End::Abandoned);
            }
            match (next, page.next) {
                (Next::Page, Some(next)) => iterator = next,
                (Next::Horizon, _) => iterator = self.iterator(&Position::TrimHorizon).await?,
                (Next::Tip, _) => return Ok(End::Tip),
                (Next::Ended, _) | (Next::Page, None) => return Ok(End::Shard(page.children)),
            }
            drop(call);
            sleep_until(called + PACE).await;
        }
    }

    /// The next page, and the right to hold it, which ends when it has been handed on. Nobody waits for another try
    /// with that right.
    async fn page(
        &self,
        cursor: &Cursor,
        iterator: &mut ShardIterator,
    ) -> Result<(Page, Option<SemaphorePermit<'_>>), SourceError> {
        let mut tries = Tries::default();
        loop {
            // It is never closed.
            let call = self.shared.calls.acquire().await.ok();
            let error = match self.source.records(iterator, PAGE).await {
                Ok(page) => return Ok((page, call)),
                Err(error) => error,
            };
            drop(call);
            if error.kind == SourceErrorKind::ExpiredIterator {
                *iterator = self.iterator(&cursor.resume()).await?;
            } else {
                tries.wait_after(error, self.shared.patience).await?;
            }
        }
    }

    async fn iterator(&self, position: &Position) -> Result<ShardIterator, SourceError> {
        let mut tries = Tries::default();
        loop {
            match self.source.iterator(self.shard, position).await {
                Ok(iterator) => return Ok(iterator),
                Err(error) => tries.wait_after(error, self.shared.patience).await?,
            }
        }
    }
}

/// Where the reading of a shard is, in a form that outlives an iterator.
#[derive(Debug)]
struct Cursor {
    position: Position,
    started: Timestamp,
    after: Option<SequenceNumber>,
    /// Pages in a row without a record, and pages in a row that end at the tip.
    empty: u32,
    tips: u32,
}

/// What to do after a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Ask for the next one.
    Page,
    /// Begin at the oldest record: whoever takes the records knows which ones were read before.
    Horizon,
    /// The tip is reached, and nobody wants to follow it.
    Tip,
    /// The shard has ended.
    Ended,
}

impl Cursor {
    fn new(position: Position, started: Timestamp) -> Self {
        Self { position, started, after: None, empty: 0, tips: 0 }
    }

    fn took(&mut self, page: &Page, follow: bool) -> Next {
        if let Some(last) = page.records.last() {
            self.after = Some(last.sequence.clone());
        }
        self.empty = if page.records.is_empty() { self.empty + 1 } else { 0 };
        self.tips = if page.behind.is_zero() { self.tips + 1 } else { 0 };
        let resumed = matches!(self.position, Position::AtSequence(_) | Position::After(_));
        if page.next.is_none() {
            Next::Ended
        } else if !follow && self.tips > 0 && (self.tips >= TIPS || self.empty > 0) {
            Next::Tip
        } else if resumed && self.after.is_none() && self.tips == 0 && self.empty >= STUCK {
            self.position = Position::TrimHorizon;
            self.empty = 0;
            Next::Horizon
        } else {
            Next::Page
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::Arrived;
    use bytes::Bytes;

    fn page(numbers: &[&str], behind: u64) -> Page {
        let record = |number: &&str| Arrived {
            sequence: SequenceNumber::new(number),
            time: None,
            partition_key: None,
            data: Bytes::new(),
        };
        Page {
            records: numbers.iter().map(record).collect(),
            next: Some(ShardIterator("next".to_owned())),
            behind: Duration::from_millis(behind),
            children: Vec::new(),
        }
    }

    fn cursor(position: Position) -> Cursor {
        Cursor::new(position, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn without_an_iterator_reading_goes_on_after_the_last_record_or_at_the_start() {
        let mut latest = cursor(Position::Latest);
        assert_eq!(latest.resume(), Position::At(Timestamp::UNIX_EPOCH));
        latest.took(&page(&["5", "6"], 0), true);
        latest.took(&page(&[], 0), true);
        assert_eq!(latest.resume(), Position::After(SequenceNumber::new("6")));
        assert_eq!(cursor(Position::TrimHorizon).resume(), Position::TrimHorizon);
    }

    #[test]
    fn a_reading_that_does_not_follow_ends_at_the_tip_of_a_busy_shard_too() {
        let mut idle = cursor(Position::TrimHorizon);
        assert_eq!(idle.took(&page(&[], 7), false), Next::Page, "an empty page is not the tip");
        assert_eq!(idle.took(&page(&[], 0), false), Next::Tip);
        let mut busy = cursor(Position::TrimHorizon);
        assert_eq!(busy.took(&page(&["1"], 0), false), Next::Page);
        assert_eq!(busy.took(&page(&["2"], 0), false), Next::Tip);
        let mut following = cursor(Position::TrimHorizon);
        assert!((0..100).all(|_| following.took(&page(&[], 0), true) == Next::Page));
    }

    #[test]
    fn a_resumed_reading_that_gets_nothing_but_empty_pages_begins_at_the_horizon_once() {
        let mut stuck = cursor(Position::AtSequence(SequenceNumber::new("5")));
        let steps: Vec<Next> = (0..60).map(|_| stuck.took(&page(&[], 86_400_000), true)).collect();
        assert_eq!(steps.iter().filter(|step| **step == Next::Horizon).count(), 1);
        assert_eq!(steps[19], Next::Horizon);
        let mut fresh = cursor(Position::TrimHorizon);
        assert!((0..60).all(|_| fresh.took(&page(&[], 86_400_000), true) == Next::Page));
    }
}
