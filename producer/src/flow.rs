//! The producer's decisions: what is sent when, what is tried again, and how each record ends.
//!
//! Pure: time comes in as `now`, counted from the start of the producer, and randomness as a number; what to
//! do comes out as data. [`crate::Producer`] drives it.
//!
//! - A record that cannot be delivered as it is is refused when it is put.
//! - A request goes out when it is full, when its first record has waited for `linger`, or at once while
//!   someone flushes; never more than `max_in_flight` at a time.
//! - After an answer only the records that failed are tried again, each after the delay of [`RetrySchedule`].
//! - After a request that failed as a whole nothing is sent for such a delay: a service that is down is not
//!   called by every record that waits.
//! - A fatal error ends everything: what has not ended is cancelled with that reason, and so is what comes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use pipectl_shards::limits::{PARTITION_KEY_MAX_CHARS, RECORD_MAX_BYTES};

use crate::account::Account;
use crate::batch::{Batch, Collector, Pending, Track};
use crate::outcome::{Attempt, Cancellation, Failure, Outcome, Refusal};
use crate::record::Record;
use crate::retry::RetrySchedule;
use crate::sink::{PutResult, SinkError, SinkErrorKind, is_throttle};

/// What a [`Flow`] goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of one record with its key; 1 MiB unless the stream takes more.
    pub max_record_bytes: usize,
    /// How long a record may wait for others to share its request.
    pub linger: Duration,
    /// How long a record is tried; `None` for as long as it takes.
    pub ttl: Option<Duration>,
    /// How many requests may be under way at a time.
    pub max_in_flight: usize,
    /// How long to wait before trying again.
    pub retry: RetrySchedule,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_record_bytes: RECORD_MAX_BYTES,
            linger: Duration::from_millis(100),
            ttl: Some(Duration::from_secs(30)),
            max_in_flight: 16,
            retry: RetrySchedule::default(),
        }
    }
}

/// A record that ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The record.
    pub record: Record,
    /// How it ended.
    pub outcome: Outcome,
}

/// When a request began and ended, and the number drawn for its retries.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// When the request began.
    pub began: Duration,
    /// When it was answered, or failed.
    pub now: Duration,
    /// Drawn from `0.0 .. 1.0`.
    pub random: f64,
}

/// The state of a producer between events.
#[derive(Debug)]
pub struct Flow {
    limits: Limits,
    collector: Collector,
    delayed: BinaryHeap<Reverse<Delayed>>,
    delayed_count: u64,
    in_flight: usize,
    hold: Hold,
    fatal: Option<SinkError>,
    epochs: Epochs,
    draining: bool,
    account: Account,
    ended: Vec<Ended>,
}

/// Nothing is sent before `until`, since `failures` requests in a row failed as a whole.
#[derive(Debug, Default)]
struct Hold {
    until: Duration,
    failures: u32,
    last_failure: Option<Duration>,
}

impl Flow {
    /// A flow with nothing in it.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            collector: Collector::default(),
            delayed: BinaryHeap::new(),
            delayed_count: 0,
            in_flight: 0,
            hold: Hold::default(),
            fatal: None,
            epochs: Epochs::default(),
            draining: false,
            account: Account::default(),
            ended: Vec::new(),
        }
    }

    /// Takes a record from the caller.
    pub fn put(&mut self, record: Record, now: Duration) {
        match self.refusal(&record) {
            Some(reason) => self.refuse(record, reason),
            None => {
                let epoch = self.take_in();
                let pending = Pending { record, track: Track { put_at: now, epoch, ..Track::default() } };
                match self.fatal_reason() {
                    Some(reason) => self.cancelled(pending, reason, false),
                    None => self.collector.push(pending, now),
                }
            }
        }
    }

    /// Accounts for a record that the caller knows cannot be delivered.
    pub fn refuse(&mut self, record: Record, reason: Refusal) {
        let epoch = self.take_in();
        let pending = Pending { record, track: Track { epoch, ..Track::default() } };
        self.end(pending, |_| Outcome::Refused { reason });
    }

    /// The next request to send, if one is due at `now`. It must come back through [`Self::answered`] or
    /// [`Self::abandoned`].
    pub fn next_batch(&mut self, now: Duration) -> Option<Batch> {
        self.promote(now);
        while self.in_flight < self.limits.max_in_flight && now >= self.hold.until && self.is_due(now) {
            let ttl = self.limits.ttl;
            let mut gone = Vec::new();
            let batch = self.collector.take_batch(|track| has_expired(track, ttl, now), &mut gone);
            gone.into_iter().for_each(|pending| self.expired(pending));
            if !batch.records.is_empty() {
                self.in_flight += 1;
                return Some(batch);
            }
        }
        None
    }

    /// Takes in how a request ended.
    pub fn answered(&mut self, batch: Batch, result: Result<Vec<PutResult>, SinkError>, answer: Answer) {
        self.in_flight -= 1;
        self.account.requests += 1;
        match result {
            Ok(results) if results.len() == batch.records.len() => {
                self.hold = Hold::default();
                batch
                    .into_pending()
                    .zip(results)
                    .for_each(|(pending, result)| self.one(pending, result, answer));
            }
            Ok(results) => {
                let message = format!("{} answers for {} records", results.len(), batch.records.len());
                self.failed(
                    batch,
                    &SinkError {
                        kind: SinkErrorKind::Transient,
                        code: "MalformedAnswer".into(),
                        message: message.into(),
                    },
                    answer,
                );
            }
            Err(error) => self.failed(batch, &error, answer),
        }
    }

    /// Takes back a request whose answer nobody waits for any more.
    pub fn abandoned(&mut self, batch: Batch, reason: &Cancellation) {
        self.in_flight -= 1;
        batch.into_pending().for_each(|pending| self.cancelled(pending, reason.clone(), true));
    }

    /// Gives up everything that is not under way.
    pub fn cancel(&mut self, reason: &Cancellation) {
        while let Some(pending) = self.collector.pop() {
            self.cancelled(pending, reason.clone(), false);
        }
        for Reverse(delayed) in std::mem::take(&mut self.delayed) {
            self.cancelled(delayed.pending, reason.clone(), false);
        }
    }

    /// Sends what is there without waiting for more, from now on.
    pub fn drain(&mut self) {
        self.draining = true;
    }

    /// Begins a flush of everything put so far; [`Self::is_flushed`] takes the answer.
    pub fn flush(&mut self) -> u64 {
        self.epochs.next()
    }

    /// Whether everything put before the flush has ended.
    #[must_use]
    pub fn is_flushed(&self, flush: u64) -> bool {
        self.epochs.oldest().is_none_or(|oldest| oldest > flush)
    }

    /// Whether every record has ended.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.account.outstanding() == 0
    }

    /// When [`Self::next_batch`] is worth asking again if nothing else happens; `None` for not before
    /// something else does.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let retry = self.delayed.peek().map(|Reverse(delayed)| delayed.due);
        let send =
            self.collector.oldest().filter(|_| self.in_flight < self.limits.max_in_flight).map(|since| {
                let linger = if self.hurries() { Duration::ZERO } else { self.limits.linger };
                (since + linger).max(self.hold.until)
            });
        retry.into_iter().chain(send).min()
    }

    /// The error that ended everything, if one did.
    #[must_use]
    pub fn fatal(&self) -> Option<&SinkError> {
        self.fatal.as_ref()
    }

    /// The account so far.
    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// The records that ended since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    fn refusal(&self, record: &Record) -> Option<Refusal> {
        let limit = self.limits.max_record_bytes;
        if record.size() > limit {
            return Some(Refusal::TooLarge { size: record.size(), limit });
        }
        let characters = record.partition_key.chars().count();
        (!(1..=PARTITION_KEY_MAX_CHARS).contains(&characters)).then_some(Refusal::PartitionKey { characters })
    }

    fn take_in(&mut self) -> u64 {
        self.account.put += 1;
        self.epochs.enter()
    }

    fn hurries(&self) -> bool {
        self.draining || self.epochs.is_flushing()
    }

    fn is_due(&self, now: Duration) -> bool {
        self.collector.is_full()
            || self
                .collector
                .oldest()
                .is_some_and(|since| self.hurries() || since + self.limits.linger <= now)
    }

    /// Moves what has waited for its retry to the collector, as if it had lingered there already.
    fn promote(&mut self, now: Duration) {
        while self.delayed.peek().is_some_and(|Reverse(delayed)| delayed.due <= now) {
            let Some(Reverse(Delayed { pending, .. })) = self.delayed.pop() else { return };
            if has_expired(&pending.track, self.limits.ttl, now) {
                self.expired(pending);
            } else {
                self.collector.push(pending, now.saturating_sub(self.limits.linger));
            }
        }
    }

    fn one(&mut self, mut pending: Pending, result: PutResult, answer: Answer) {
        match result {
            PutResult::Put { shard, sequence } => {
                self.attempted(&mut pending.track, None, answer);
                self.end(pending, |attempts| Outcome::Delivered { shard, sequence, attempts });
            }
            PutResult::Failed { code, message } => {
                self.account.throttles += u64::from(is_throttle(&code));
                self.attempted(&mut pending.track, Some(Failure { code, message }), answer);
                self.retry(pending, answer);
            }
        }
    }

    fn failed(&mut self, batch: Batch, error: &SinkError, answer: Answer) {
        self.account.failed_requests += 1;
        if error.kind == SinkErrorKind::Fatal && self.fatal.is_none() {
            self.fatal = Some(error.clone());
        }
        self.hold_back(answer);
        for mut pending in batch.into_pending() {
            let failure = Failure { code: error.code.clone(), message: error.message.clone() };
            self.account.throttles += u64::from(error.kind == SinkErrorKind::Throttled);
            self.attempted(&mut pending.track, Some(failure), answer);
            self.retry(pending, answer);
        }
        if let Some(reason) = self.fatal_reason() {
            self.cancel(&reason);
        }
    }

    /// Requests that were under way together fail together, and count as one failure.
    fn hold_back(&mut self, answer: Answer) {
        if self.hold.last_failure.is_none_or(|last| answer.began >= last) {
            self.hold.failures = self.hold.failures.saturating_add(1);
            self.hold.until = answer.now + self.limits.retry.delay(self.hold.failures, answer.random);
            self.hold.last_failure = Some(answer.now);
        }
    }

    fn attempted(&mut self, track: &mut Track, failure: Option<Failure>, answer: Answer) {
        self.account.retries += u64::from(track.attempts.count() > 0);
        track.attempts.push(Attempt {
            at: answer.began.saturating_sub(track.put_at),
            duration: answer.now.saturating_sub(answer.began),
            failure,
        });
    }

    fn retry(&mut self, pending: Pending, answer: Answer) {
        if let Some(reason) = self.fatal_reason() {
            return self.cancelled(pending, reason, false);
        }
        if has_expired(&pending.track, self.limits.ttl, answer.now) {
            return self.expired(pending);
        }
        let wanted = answer.now + self.limits.retry.delay(pending.track.attempts.count(), answer.random);
        let due = match self.limits.ttl {
            Some(ttl) => wanted.min(pending.track.put_at + ttl),
            None => wanted,
        };
        self.delayed_count += 1;
        self.delayed.push(Reverse(Delayed { due, order: self.delayed_count, pending }));
    }

    fn fatal_reason(&self) -> Option<Cancellation> {
        self.fatal
            .as_ref()
            .map(|error| Cancellation::Fatal { code: error.code.clone(), message: error.message.clone() })
    }

    fn expired(&mut self, pending: Pending) {
        self.end(pending, |attempts| Outcome::Expired { attempts });
    }

    fn cancelled(&mut self, pending: Pending, reason: Cancellation, in_flight: bool) {
        self.end(pending, |attempts| Outcome::Cancelled { reason, in_flight, attempts });
    }

    /// The one place where a record ends.
    fn end(&mut self, pending: Pending, outcome: impl FnOnce(crate::Attempts) -> Outcome) {
        let Pending { record, track } = pending;
        self.epochs.leave(track.epoch);
        let outcome = outcome(track.attempts);
        self.account.ended(&outcome, record.size());
        self.ended.push(Ended { record, outcome });
    }
}

fn has_expired(track: &Track, ttl: Option<Duration>, now: Duration) -> bool {
    ttl.is_some_and(|ttl| now >= track.put_at + ttl)
}

/// A record that waits for its retry, ordered by when that is due, then by when it began to wait.
#[derive(Debug)]
struct Delayed {
    due: Duration,
    order: u64,
    pending: Pending,
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Delayed {}

/// Counts the records between one flush and the next, so that a flush ends when what was put before it has
/// ended, whatever is put after it.
#[derive(Debug, Default)]
struct Epochs {
    current: u64,
    /// Outstanding records by epoch, oldest first; only epochs that have some.
    outstanding: VecDeque<(u64, u64)>,
}

impl Epochs {
    fn enter(&mut self) -> u64 {
        match self.outstanding.back_mut() {
            Some((epoch, count)) if *epoch == self.current => *count += 1,
            _ => self.outstanding.push_back((self.current, 1)),
        }
        self.current
    }

    fn leave(&mut self, epoch: u64) {
        if let Ok(at) = self.outstanding.binary_search_by_key(&epoch, |(epoch, _)| *epoch) {
            self.outstanding[at].1 -= 1;
            if self.outstanding[at].1 == 0 {
                self.outstanding.remove(at);
            }
        }
    }

    fn next(&mut self) -> u64 {
        self.current += 1;
        self.current - 1
    }

    fn oldest(&self) -> Option<u64> {
        self.outstanding.front().map(|(epoch, _)| *epoch)
    }

    fn is_flushing(&self) -> bool {
        self.oldest().is_some_and(|oldest| oldest < self.current)
    }
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
