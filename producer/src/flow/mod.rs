//! The producer's decisions: what is sent when, what is tried again, and how each record ends.
//!
//! Pure: time comes in as `now`, counted from the start of the producer, and randomness as a number; what to
//! do comes out as data. [`crate::Producer`] drives it.
//!
//! - A record that cannot be delivered as it is is refused when it is put.
//! - A request goes out when it is full, when its first record has waited for `linger`, or at once while
//!   someone flushes; never more than `max_in_flight` at a time.
//! - No shard is sent more than its `rate_limit`, less after it throttled; what waits for one holds up no other.
//! - After an answer only the records that failed are tried again, each after the delay of
//!   [`RetrySchedule`](crate::retry::RetrySchedule).
//! - Records are aggregated by the shard they are predicted to land on. An aggregate that lands on a shard which does
//!   not own the hash key of every record in it has not arrived: a reader by KCL's rules drops all of it, so all of
//!   it is tried again. While the map of the shards is in doubt nothing is aggregated, for a record by itself is kept
//!   wherever it lands. One that lands on a shard nobody has listed yet waits for a list that does, for some seconds,
//!   before it counts as not arrived. Where the stream distributes records itself, nothing is aggregated at all.
//! - With [`Ordering::PerKey`] a record is sent only when every earlier one of its key has ended, or goes in the same
//!   aggregate before it.
//! - After a request that failed as a whole nothing is sent for such a delay: a service that is down is not
//!   called by every record that waits.
//! - A fatal error ends everything: what has not ended is cancelled with that reason, and so is what comes.
//!
//! A record moves `put → (keys, while an earlier one of its key is on its way) → lanes, where it is gathered → ready,
//! until its shard's pace lets it → a request → (unjudged, while it is not known what it landed on) → ended`, or from
//! there to `delayed` and around again. Its time to live
//! is looked at in each of these places.

mod delayed;
mod epochs;
mod keys;
mod landing;
mod limits;
mod numbers;
mod order;
mod ready;
mod routing;
mod unjudged;

use std::time::Duration;

use pipectl_shards::HashKey;

use self::delayed::{Again, Delayed};
use self::epochs::Epochs;
use self::keys::Keys;
pub use self::limits::{Collection, Limits, Ordering};
use self::ready::Ready;
use self::routing::Stream;
use self::unjudged::Unjudged;
use crate::batch::{Batch, Pending, Ticket, Track};
use crate::outcome::{Attempt, Cancellation, Failure, Outcome, Refusal};
use crate::parcel::{Lanes, Parcel};
use crate::record::Record;
use crate::shard_map::ShardMap;
use crate::sink::{PutResult, SinkError, SinkErrorKind};
use crate::stats::Tally;

/// A record that ended.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The record.
    pub record: Record,
    /// How it ended.
    pub outcome: Outcome,
    /// Who waits for it.
    pub ticket: Option<Ticket>,
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
    stream: Stream,
    keys: Keys,
    lanes: Lanes,
    ready: Ready,
    delayed: Delayed,
    unjudged: Unjudged,
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
            map: ShardMap::default(),
            stream: Stream::default(),
            keys: Keys::default(),
            lanes: Lanes::default(),
            ready: Ready::new(limits.rate_limit, limits.collection),
            delayed: Delayed::default(),
            unjudged: Unjudged::default(),
            limits,
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
        self.put_hashed(record, None, now);
    }

    /// Takes a record whose hash key the caller may have at hand.
    pub fn put_hashed(&mut self, record: Record, hash_key: Option<HashKey>, now: Duration) {
        self.put_awaited(record, hash_key, None, now);
    }

    /// The same, of a record for which somebody may wait.
    pub fn put_awaited(
        &mut self,
        record: Record,
        hash_key: Option<HashKey>,
        ticket: Option<Ticket>,
        now: Duration,
    ) {
        match record.refusal(self.max_record_bytes()) {
            Some(reason) => self.refused(record, reason, ticket),
            None => {
                self.doubt_after_idling(now);
                let epoch = self.take_in(&record);
                let track = Track { put_at: now, epoch, hash_key, ticket, ..Track::default() };
                let pending = Pending { record, track };
                match self.fatal_reason() {
                    Some(reason) => self.cancelled(pending, reason, false),
                    None => self.route(pending, now + self.limits.linger, now),
                }
            }
        }
    }

    /// Accounts for a record that the caller knows cannot be delivered.
    pub fn refuse(&mut self, record: Record, reason: Refusal) {
        self.refused(record, reason, None);
    }

    fn refused(&mut self, record: Record, reason: Refusal, ticket: Option<Ticket>) {
        let epoch = self.take_in(&record);
        let pending = Pending { record, track: Track { epoch, ticket, ..Track::default() } };
        self.end(pending, |_| Outcome::Refused { reason });
    }

    /// The next request to send, if one is due at `now`. It must come back through [`Self::answered`] or
    /// [`Self::abandoned`].
    pub fn next_batch(&mut self, now: Duration) -> Option<Batch> {
        self.give_up_judging(now);
        self.promote(now);
        self.expire(now);
        self.ready.reopen(now);
        while self.has_slot() && now >= self.hold.until {
            let due = if self.hurries() { Duration::MAX } else { now };
            while let Some(sealed) = self.lanes.seal_due(due) {
                self.sealed(sealed, now);
            }
            if !self.ready.is_full() && self.ready.due().is_none_or(|first| first > due) {
                break;
            }
            let (ttl, mut gone) = (self.limits.ttl, Vec::new());
            let batch = self.ready.take_batch(now, |track| has_expired(track, ttl, now), &mut gone);
            gone.into_iter().for_each(|parcel| self.take_apart(parcel.into_members(), now));
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
                self.heard(answer.now);
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

    /// Gives up everything that is not under way, and what arrived where nobody knows whether a reader keeps it.
    pub fn cancel(&mut self, reason: &Cancellation) {
        let mut all = self.lanes.leave(|_| false).concat();
        all.extend(self.ready.leave(|_| false).into_iter().flat_map(Parcel::into_members));
        let delayed = self.delayed.drain().into_iter();
        all.extend(
            delayed
                .filter_map(|again| if let Again::Record(pending) = again { Some(*pending) } else { None }),
        );
        all.extend(self.keys.drain());
        all.into_iter().for_each(|pending| self.cancelled(pending, reason.clone(), false));
        self.cancel_judging(reason);
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
        let due = [self.ready.due(), self.lanes.due()].into_iter().flatten();
        let due = due.map(|due| if self.hurries() { Duration::ZERO } else { due });
        let send = due.chain(self.ready.reopens()).min().filter(|_| self.has_slot());
        let oldest =
            [self.ready.oldest(), self.lanes.oldest(), self.keys.oldest()].into_iter().flatten().min();
        let expiry = oldest.zip(self.limits.ttl).map(|(oldest, ttl)| oldest + ttl);
        let send = send.map(|at| at.max(self.hold.until));
        [send, expiry, self.delayed.due(), self.unjudged.due()].into_iter().flatten().min()
    }

    /// The error that ended everything, if one did.
    #[must_use]
    pub fn fatal(&self) -> Option<&SinkError> {
        self.fatal.as_ref()
    }

    /// The records that ended since the last call.
    pub fn take_ended(&mut self) -> Vec<Ended> {
        std::mem::take(&mut self.ended)
    }

    /// The same, in exchange for the room that `ended`, which is empty, has for those that end next.
    pub fn swap_ended(&mut self, ended: &mut Vec<Ended>) {
        debug_assert!(ended.is_empty(), "what ended before is lost");
        std::mem::swap(&mut self.ended, ended);
    }

    fn has_slot(&self) -> bool {
        self.tally.stats().requests_in_flight < self.limits.max_in_flight
    }

    fn take_in(&mut self, record: &Record) -> u64 {
        self.tally.put(record);
        self.epochs.enter()
    }

    fn hurries(&self) -> bool {
        self.draining || self.epochs.is_flushing()
    }

    /// Moves on what has waited for its retry; it does not linger again.
    fn promote(&mut self, now: Duration) {
        while let Some(again) = self.delayed.pop_due(now) {
            match again {
                Again::Record(pending) => self.take_apart(vec![*pending], now),
                Again::Key(key) => self.release(key, now),
            }
        }
    }

    /// Ends what has waited for its whole time to live.
    fn expire(&mut self, now: Duration) {
        let Some((ttl, then)) = self.limits.ttl.and_then(|ttl| Some((ttl, now.checked_sub(ttl)?))) else {
            return;
        };
        while let Some(sealed) = self.lanes.seal_put_by(then) {
            self.sealed(sealed, now);
        }
        while let Some(parcel) = self.ready.pop_expired(ttl, now) {
            self.take_apart(parcel.into_members(), now);
        }
        while let Some(pending) = self.keys.pop_expired(ttl, now) {
            self.expired(pending);
        }
    }

    fn failed(&mut self, batch: Batch, error: &SinkError, answer: Answer) {
        self.tally.answered(&batch, answer.took(), Some(error));
        if error.kind == SinkErrorKind::Fatal && self.fatal.is_none() {
            self.fatal = Some(error.clone());
        }
        self.hold_back(answer);
        let failure = Failure { code: error.code.clone(), message: error.message.clone() };
        batch.into_parcels().for_each(|parcel| self.missed(parcel, &failure, answer, answer.now));
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

    fn attempt(&mut self, track: &Track, failure: Option<Failure>, answer: Answer) -> Attempt {
        self.tally.attempted(track);
        Attempt { at: answer.began.saturating_sub(track.put_at), duration: answer.took(), failure }
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
        let outcome = outcome(track.tried.into_attempts());
        self.tally.ended(&record, &outcome);
        self.ended.push(Ended { record, outcome, ticket: track.ticket });
    }
}

fn has_expired(track: &Track, ttl: Option<Duration>, now: Duration) -> bool {
    ttl.is_some_and(|ttl| now >= track.put_at + ttl)
}

#[cfg(test)]
mod tests;
