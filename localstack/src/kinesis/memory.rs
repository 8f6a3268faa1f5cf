//! The bound on what streams hold: the last resort, after retention.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use jiff::Timestamp;

use super::stream::Stream;

/// How often the log says that records are dropped, while they are.
const LOG_MILLIS: i64 = 10_000;

/// What all streams hold, and may hold.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: u64,
    held: Arc<AtomicU64>,
    logged: AtomicI64,
}

impl Memory {
    /// Nothing held so far; `held` is kept by the streams.
    pub(crate) fn new(limit: u64, held: Arc<AtomicU64>) -> Self {
        Self { limit, held, logged: AtomicI64::new(i64::MIN) }
    }

    /// Whether more is held than may be. Every put asks.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.held.load(Ordering::Relaxed) > self.limit
    }

    /// Drops the oldest records of the fullest streams until all fit, and says so.
    pub(crate) fn bound(&self, streams: &[Arc<Stream>], now: Timestamp) {
        while let Some(excess) = self.held.load(Ordering::Relaxed).checked_sub(self.limit)
            && let Some(fullest) = streams.iter().max_by_key(|stream| stream.held_bytes())
        {
            // A little more than needed, so that not every put has to come here again.
            let dropped = fullest.drop_oldest(excess + self.limit / 64);
            self.log(fullest, dropped, now);
            if dropped == 0 {
                return;
            }
        }
    }

    fn log(&self, stream: &Stream, dropped: u64, now: Timestamp) {
        let now = now.as_millisecond();
        let last = self.logged.load(Ordering::Relaxed);
        if now < last.saturating_add(LOG_MILLIS) {
            return;
        }
        self.logged.store(now, Ordering::Relaxed);
        tracing::warn!(
            stream = stream.arn().name(),
            dropped,
            limit = self.limit,
            "the endpoint's memory limit is reached: the oldest records are dropped before their retention ends"
        );
    }
}
