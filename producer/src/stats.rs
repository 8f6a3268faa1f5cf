//! A producer in numbers, as it is at this moment: the [`Account`], what is under way, and what went wrong by code.
//!
//! `Tally` is the one place that everything countable passes: a record that is put, a request that goes out, its
//! answer, what became of each Kinesis record in it, each attempt on a user record, and each end. Whoever wants more
//! numbers of the producer adds them there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pipectl_shards::ShardId;
use serde::{Serialize, Serializer};

use crate::account::Account;
use crate::batch::{Batch, Track};
use crate::metrics::{self, Meters};
use crate::outcome::{Attempts, Failure, Outcome};
use crate::record::Record;
use crate::sink::{Capacity, Distribution, SinkError, SinkErrorKind, is_throttle};

/// Error codes that are counted apart; any further one counts as [`ErrorCounts::OTHER`].
const CODES: usize = 32;

/// What a producer has done and is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// What became of the records; adds up at every moment.
    pub account: Account,
    /// Data and partition keys of the records that have not ended, in bytes.
    pub outstanding_bytes: u64,
    /// User records in requests that are under way.
    pub records_in_flight: u64,
    /// Bytes of the Kinesis records in requests that are under way.
    pub bytes_in_flight: u64,
    /// Requests that are under way.
    pub requests_in_flight: usize,
    /// Kinesis records that arrived: fewer than the user records where they are aggregated.
    pub kinesis_records: u64,
    /// Bytes of those, partition keys included.
    pub kinesis_bytes: u64,
    /// What went wrong, by code, per Kinesis record.
    pub errors: ErrorCounts,
    /// How the stream's capacity is set, as far as is known.
    pub capacity: Option<Capacity>,
    /// How the stream distributes records, as far as is known.
    pub distribution: Distribution,
    /// Open shards, as far as is known.
    pub open_shards: usize,
    /// Whether records are aggregated at present: not where the stream distributes them itself, and not while its
    /// shards are in doubt.
    pub aggregates: bool,
}

impl Stats {
    /// Records that ended otherwise than delivered.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.account.expired + self.account.refused + self.account.cancelled
    }
}

/// How often each error code was seen, of a bounded number of codes. Cheap to copy: it is shared until it changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorCounts(Arc<BTreeMap<Arc<str>, u64>>);

impl ErrorCounts {
    /// What codes beyond the first thirty-two are counted as.
    pub const OTHER: &str = "Other";

    /// The codes in alphabetical order, and how often each was seen.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(code, count)| (&**code, *count))
    }

    /// How often this code was seen.
    #[must_use]
    pub fn of(&self, code: &str) -> u64 {
        self.0.get(code).copied().unwrap_or(0)
    }

    /// How many errors there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    pub(crate) fn add(&mut self, code: &Arc<str>, count: u64) {
        let counts = Arc::make_mut(&mut self.0);
        if let Some(seen) = counts.get_mut(code) {
            *seen += count;
        } else if counts.len() < CODES {
            counts.insert(Arc::clone(code), count);
        } else {
            *counts.entry(Self::OTHER.into()).or_default() += count;
        }
    }
}

impl Serialize for ErrorCounts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Counts what passes.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    stats: Stats,
    meters: Meters,
}

impl Tally {
    pub(crate) fn new(metrics: metrics::Settings) -> Self {
        Self { stats: Stats::default(), meters: Meters::new(metrics) }
    }

    pub(crate) fn meters(&self) -> &Meters {
        &self.meters
    }

    /// Tells the recorder that is installed what passed since it was told.
    pub(crate) fn tell(&mut self, now: Duration) {
        self.meters.tell(self.stats.account.outstanding(), now);
    }

    pub(crate) fn stats(&self) -> &Stats {
        &self.stats
    }

    pub(crate) fn account(&self) -> &Account {
        &self.stats.account
    }

    /// A record was taken from the caller.
    pub(crate) fn put(&mut self, record: &Record) {
        self.stats.account.put += 1;
        self.meters.received(1);
        self.stats.outstanding_bytes += record.size() as u64;
    }

    /// A request goes out.
    pub(crate) fn sent(&mut self, batch: &Batch) {
        self.stats.requests_in_flight += 1;
        self.stats.records_in_flight += batch.user_records();
        self.stats.bytes_in_flight += batch.size();
    }

    /// A request is no longer under way, whatever became of it.
    pub(crate) fn returned(&mut self, batch: &Batch) {
        self.stats.requests_in_flight -= 1;
        self.stats.records_in_flight -= batch.user_records();
        self.stats.bytes_in_flight -= batch.size();
    }

    /// A request was answered after this time, or failed as a whole with all of its records.
    pub(crate) fn answered(&mut self, batch: &Batch, took: Duration, error: Option<&SinkError>) {
        self.stats.account.requests += 1;
        self.meters.requested(took, batch.records.len(), batch.user_records());
        if let Some(error) = error {
            self.meters.missed(None, &error.code, batch.records.len() as u64);
            self.stats.account.failed_requests += 1;
            self.stats.errors.add(&error.code, batch.records.len() as u64);
            if error.kind == SinkErrorKind::Throttled {
                self.stats.account.throttles += batch.user_records();
            }
        }
    }

    /// A Kinesis record with so many user records arrived on a shard.
    pub(crate) fn arrived(&mut self, record: &Record, shard: ShardId, user_records: u64) {
        self.meters.arrived(shard, record.size(), user_records);
        self.stats.kinesis_records += 1;
        self.stats.kinesis_bytes += record.size() as u64;
    }

    /// A Kinesis record did not arrive, though its request was answered; `shard` is where it was to.
    pub(crate) fn missed(&mut self, failure: &Failure, shard: Option<ShardId>, user_records: u64) {
        self.meters.missed(shard, &failure.code, 1);
        self.stats.errors.add(&failure.code, 1);
        if is_throttle(&failure.code) {
            self.stats.account.throttles += user_records;
        }
    }

    /// A user record was tried.
    pub(crate) fn attempted(&mut self, track: &Track) {
        self.stats.account.retries += u64::from(track.tried.count() > 0);
    }

    /// A user record ended.
    pub(crate) fn ended(&mut self, record: &Record, outcome: &Outcome) {
        self.stats.account.ended(outcome, record.size());
        match outcome {
            Outcome::Delivered { shard, attempts, .. } => {
                self.meters.delivered(*shard, record.size(), attempts);
            }
            Outcome::Expired { attempts } => self.meters.given_up(attempts, true),
            Outcome::Cancelled { attempts, .. } => self.meters.given_up(attempts, false),
            Outcome::Refused { .. } => self.meters.given_up(&Attempts::default(), false),
        }
        self.stats.outstanding_bytes -= record.size() as u64;
    }

    /// The numbers, at this time since the producer started.
    pub(crate) fn snapshot(&self, elapsed: Duration) -> Stats {
        let mut stats = self.stats.clone();
        stats.account.elapsed = elapsed;
        stats
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_the_bound_are_counted_together() {
        let mut errors = ErrorCounts::default();
        for n in 0..100 {
            errors.add(&format!("Code{n:02}").into(), 2);
        }
        let copy = errors.clone();
        errors.add(&"Code07".into(), 1);
        assert_eq!((errors.of("Code07"), copy.of("Code07")), (3, 2), "a copy stays as it was");
        assert_eq!(errors.of(ErrorCounts::OTHER), 2 * 68);
        assert_eq!((errors.iter().count(), errors.total()), (CODES + 1, 201));
    }
}
