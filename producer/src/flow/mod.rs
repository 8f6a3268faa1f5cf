//! The producer's decisions: what is sent when, what is tried again, and how each record ends.
//!
//! Pure: time comes in as `now`, counted from the start of the producer, and randomness as a number; what to
//! do comes out as data. [`crate::Producer`] drives it.
//!
//! - A record that cannot be delivered as it is is refused when it is put.
//! - A request goes out when it is full, when its first record has waited for `linger`, or at once while
//!   someone flushes; never more than `max_in_flight` at a time.
//! - After an answer only the records that failed are tried again, each after the delay of [`RetrySchedule`].
//! - Records are aggregated by the shard they are predicted to land on. An aggregate that lands on a shard which does
//!   not own the hash key of every record in it has not arrived: a reader by KCL's rules drops all of it, so all of
//!   it is tried again. While the map of the shards is in doubt nothing is aggregated, for a record by itself is kept
//!   wherever it lands.
//! - After a request that failed as a whole nothing is sent for such a delay: a service that is down is not
//!   called by every record that waits.
//! - A fatal error ends everything: what has not ended is cancelled with that reason, and so is what comes.

mod delayed;
mod epochs;
mod landing;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use pipectl_shards::limits::{PARTITION_KEY_MAX_CHARS, RECORD_MAX_BYTES};

use self::delayed::Delayed;
use self::epochs::Epochs;
use crate::account::Account;
use crate::batch::{Batch, Collector, Pending, Track};
use crate::metrics;
use crate::outcome::{Attempt, Cancellation, Failure, Outcome, Refusal};
use crate::parcel::{Aggregation, Lanes, Parcel, Prediction};
use crate::record::Record;
use crate::retry::RetrySchedule;
use crate::shard_map::ShardMap;
use crate::sink::{PutResult, SinkError, SinkErrorKind};
use crate::stats::{Stats, Tally};

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
    /// How records are aggregated; `None` for not at all.
    pub aggregation: Option<Aggregation>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_record_bytes: RECORD_MAX_BYTES,
            linger: Duration::from_millis(100),
            ttl: Some(Duration::from_secs(30)),
            max_in_flight: 16,
            retry: RetrySchedule::default(),
            aggregation: None,
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

impl Answer {
    fn took(self) -> Duration {
        self.now.saturating_sub(self.began)
    }
}

/// The state of a producer between events.
#[derive(Debug)]
pub struct Flow {
    limits: Limits,
    map: ShardMap,
    /// How often in a row a list of the shards did not explain where records landed.
    riddles: u32,
    lanes: Lanes,
    collector: Collector,
    delayed: BinaryHeap<Reverse<Delayed>>,
    delayed_count: u64,
    hold: Hold,
    fatal: Option<SinkError>,
    epochs: Epochs,
    draining: bool,
    tally: Tally,
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
            map: ShardMap::default(),
            riddles: 0,
            lanes: Lanes::default(),
            collector: Collector::default(),
            delayed: BinaryHeap::new(),
            delayed_count: 0,
            hold: Hold::default(),
            fatal: None,
            epochs: Epochs::default(),
            draining: false,
            tally: Tally::default(),
            ended: Vec::new(),
        }
    }

    /// Takes a record from the caller.
    pub fn put(&mut self, record: Record, now: Duration) {
        match self.refusal(&record) {
            Some(reason) => self.refuse(record, reason),
            None => {
                let epoch = self.take_in(&record);
                let pending = Pending { record, track: Track { put_at: now, epoch, ..Track::default() } };
                match self.fatal_reason() {
                    Some(reason) => self.cancelled(pending, reason, false),
                    None => self.route(pending, now),
                }
            }
        }
    }

    /// Accounts for a record that the caller knows cannot be delivered.
    pub fn refuse(&mut self, record: Record, reason: Refusal) {
        let epoch = self.take_in(&record);
        let pending = Pending { record, track: Track { epoch, ..Track::default() } };
        self.end(pending, |_| Outcome::Refused { reason });
    }

    /// The next request to send, if one is due at `now`. It must come back through [`Self::answered`] or
    /// [`Self::abandoned`].
    pub fn next_batch(&mut self, now: Duration) -> Option<Batch> {
        self.promote(now);
        while self.in_flight() < self.limits.max_in_flight && now >= self.hold.until {
            let ready = if self.hurries() { Some(now) } else { now.checked_sub(self.limits.linger) };
            if let Some(ready) = ready {
                self.lanes.seal_until(ready, &mut self.collector);
            }
            if !self.is_due(now) {
                break;
            }
            let (ttl, generation) = (self.limits.ttl, self.map.generation());
            let stale = |track: &Track| {
                let is_old = |prediction: Prediction| prediction.generation != generation;
                has_expired(track, ttl, now) || track.prediction.is_some_and(is_old)
            };
            let mut gone = Vec::new();
            let batch = self.collector.take_batch(stale, &mut gone);
            let since = now.saturating_sub(self.limits.linger);
            for pending in gone {
                if has_expired(&pending.track, ttl, now) {
                    self.expired(pending)
                } else {
                    self.route(pending, since)
                }
            }
            if !batch.records.is_empty() {
                self.tally.sent(&batch);
                return Some(batch);
            }
        }
        None
    }

    /// Takes in how a request ended.
    pub fn answered(&mut self, batch: Batch, result: Result<Vec<PutResult>, SinkError>, answer: Answer) {
        self.tally.returned(&batch);
        match result {
            Ok(results) if results.len() == batch.records.len() => {
                self.tally.answered(&batch, answer.took(), None);
                self.hold = Hold::default();
                batch
                    .into_parcels()
                    .zip(results)
                    .for_each(|(parcel, result)| self.parcel(parcel, result, answer));
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
        self.tally.returned(&batch);
        batch.into_pending().for_each(|pending| self.cancelled(pending, reason.clone(), true));
    }

    /// Gives up everything that is not under way.
    pub fn cancel(&mut self, reason: &Cancellation) {
        let gathered = self.lanes.take_members().into_iter().map(|(_, pending)| pending);
        let ready = std::iter::from_fn(|| self.collector.pop()).flat_map(Parcel::into_members);
        for pending in gathered.chain(ready).collect::<Vec<_>>() {
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
        self.account().outstanding() == 0
    }

    /// When [`Self::next_batch`] is worth asking again if nothing else happens; `None` for not before
    /// something else does.
    #[must_use]
    pub fn wake_at(&self) -> Option<Duration> {
        let retry = self.delayed.peek().map(|Reverse(delayed)| delayed.due);
        let oldest = self.collector.oldest().into_iter().chain(self.lanes.oldest()).min();
        let send = oldest.filter(|_| self.in_flight() < self.limits.max_in_flight).map(|since| {
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
        self.tally.account()
    }

    /// The same flow, which measures what passes.
    #[must_use]
    pub fn measured(self, metrics: metrics::Settings) -> Self {
        Self { tally: Tally::new(metrics), ..self }
    }

    /// When [`Self::tell`] is due; `None` while there is nothing to tell.
    #[must_use]
    pub fn tell_at(&self) -> Option<Duration> {
        self.tally.meters().due()
    }

    /// Tells the recorder of metrics that is installed what passed.
    pub fn tell(&mut self, now: Duration) {
        self.tally.tell(now);
    }

    /// The account and what is under way, at this time.
    #[must_use]
    pub fn stats(&self, now: Duration) -> Stats {
        self.tally.snapshot(now)
    }

    /// The records that ended since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    fn in_flight(&self) -> usize {
        self.tally.stats().requests_in_flight
    }

    fn refusal(&self, record: &Record) -> Option<Refusal> {
        let limit = self.limits.max_record_bytes;
        if record.size() > limit {
            return Some(Refusal::TooLarge { size: record.size(), limit });
        }
        let characters = record.partition_key.chars().count();
        (!(1..=PARTITION_KEY_MAX_CHARS).contains(&characters)).then_some(Refusal::PartitionKey { characters })
    }

    fn take_in(&mut self, record: &Record) -> u64 {
        self.tally.put(record);
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
                self.route(pending, now.saturating_sub(self.limits.linger));
            }
        }
    }

    fn failed(&mut self, batch: Batch, error: &SinkError, answer: Answer) {
        self.tally.answered(&batch, answer.took(), Some(error));
        if error.kind == SinkErrorKind::Fatal && self.fatal.is_none() {
            self.fatal = Some(error.clone());
        }
        self.hold_back(answer);
        for mut pending in batch.into_pending() {
            let failure = Failure { code: error.code.clone(), message: error.message.clone() };
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
        let at = answer.began.saturating_sub(track.put_at);
        self.tally.attempted(track, Attempt { at, duration: answer.took(), failure });
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
        self.tally.ended(&record, &outcome);
        self.ended.push(Ended { record, outcome });
    }
}

fn has_expired(track: &Track, ttl: Option<Duration>, now: Duration) -> bool {
    ttl.is_some_and(|ttl| now >= track.put_at + ttl)
}

#[cfg(test)]
mod tests;
