//! What is ready to be sent: a queue for each shard, each at the shard's own pace, so that one that is full holds up no
//! other. What nobody knows the shard of has a queue too, without a pace.
//!
//! Requests are filled from all the queues that may send, the longest due first. A queue whose pace says no is shut
//! until it has earned enough to be worth a request. There is no bound of its own here: the memory budget of the
//! producer bounds what waits anywhere.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pipectl_shards::ShardId;

use super::limits::Collection;
use crate::batch::{Batch, Track};
use crate::pace::Pace;
use crate::parcel::Parcel;

/// A queue that has used up its budget is shut for so long at least: less would be a request for each record.
const PAUSE: Duration = Duration::from_millis(50);

/// The shard that a record is predicted to land on, if anyone knows.
pub(super) type Lane = Option<ShardId>;

/// From when the time to live counts, and a number that no two parcels share.
type Age = (Duration, u64);

#[derive(Debug)]
struct Waiting {
    due: Duration,
    parcel: Parcel,
}

#[derive(Debug)]
struct Queue {
    /// Oldest first, so that what has been tried before goes first, and expires first.
    parcels: BTreeMap<Age, Waiting>,
    bytes: usize,
    shut_until: Option<Duration>,
    pace: Option<Pace>,
}

impl Queue {
    fn head(&self) -> Option<(Duration, Age)> {
        self.parcels.first_key_value().map(|(age, waiting)| (waiting.due, *age))
    }
}

/// The queues.
#[derive(Debug, Default)]
pub(super) struct Ready {
    /// The share of a shard's limits that it is sent at most.
    rate_limit: Option<f64>,
    collection: Collection,
    queues: BTreeMap<Lane, Queue>,
    /// The queues that hold something and may send, by when their oldest parcel is due.
    open: BTreeSet<(Duration, Age, Lane)>,
    /// The queues that may not, by when they may again.
    shut: BTreeSet<(Duration, Lane)>,
    /// Every queue that holds something, by its oldest parcel.
    oldest: BTreeSet<(Age, Lane)>,
    /// What is in the open queues.
    count: usize,
    bytes: usize,
    pushed: u64,
}

impl Ready {
    pub(super) fn new(rate_limit: Option<f64>, collection: Collection) -> Self {
        Self { rate_limit, collection: collection.bounded(), ..Self::default() }
    }

    /// Adds what is to be sent by `due`.
    pub(super) fn push(&mut self, lane: Lane, parcel: Parcel, due: Duration, now: Duration) {
        self.pushed += 1;
        let age = (parcel.age(), self.pushed);
        let pace = lane.and(self.rate_limit).map(|ceiling| Pace::new(ceiling, now));
        let queue = self.queues.entry(lane).or_insert_with(|| Queue {
            parcels: BTreeMap::new(),
            bytes: 0,
            shut_until: None,
            pace,
        });
        let (head, size) = (queue.head(), parcel.record().size());
        queue.parcels.insert(age, Waiting { due, parcel });
        queue.bytes += size;
        if queue.shut_until.is_none() {
            (self.count, self.bytes) = (self.count + 1, self.bytes + size);
        }
        if head.is_none_or(|(_, oldest)| age < oldest) {
            self.index(lane, head);
        }
    }

    /// Whether a request would be full.
    pub(super) fn is_full(&self) -> bool {
        self.count >= self.collection.max_records || self.bytes >= self.collection.max_bytes
    }

    /// When the first of what may be sent is due.
    pub(super) fn due(&self) -> Option<Duration> {
        self.open.first().map(|(due, ..)| *due)
    }

    /// When the first of the queues that are shut may send again.
    pub(super) fn reopens(&self) -> Option<Duration> {
        self.shut.first().map(|(until, _)| *until)
    }

    /// From when the time to live of the oldest parcel counts.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.oldest.first().map(|((since, _), _)| *since)
    }

    /// Opens the queues whose time has come.
    pub(super) fn reopen(&mut self, now: Duration) {
        while let Some((until, lane)) = self.shut.first().copied().filter(|(until, _)| *until <= now) {
            self.shut.remove(&(until, lane));
            if let Some(queue) = self.queues.get_mut(&lane) {
                queue.shut_until = None;
                (self.count, self.bytes) = (self.count + queue.parcels.len(), self.bytes + queue.bytes);
                self.open.extend(queue.head().map(|(due, age)| (due, age, lane)));
            }
        }
    }

    /// Takes what one request can carry, the longest due first, as far as the paces let it. What is `stale` goes to
    /// `gone` instead. Empty when nothing may be sent.
    pub(super) fn take_batch(
        &mut self,
        now: Duration,
        stale: impl Fn(&Track) -> bool,
        gone: &mut Vec<Parcel>,
    ) -> Batch {
        let (mut batch, mut bytes) = (Batch::default(), 0);
        while let Some((_, age, lane)) = self.open.first().copied() {
            let Some(queue) = self.queues.get_mut(&lane) else { break };
            let Some(next) = queue.parcels.get(&age) else { break };
            let size = next.parcel.record().size();
            if next.parcel.has(&stale) {
                gone.extend(self.remove(lane, age));
                continue;
            }
            // A record larger than a whole request goes alone; the flow keeps such records out.
            let Collection { max_bytes, max_records } = self.collection;
            let full = batch.records.len() == max_records || (bytes > 0 && bytes + size > max_bytes);
            if full {
                break;
            }
            if queue.pace.as_mut().is_none_or(|pace| pace.take(size, now)) {
                bytes += size;
                self.remove(lane, age).into_iter().for_each(|parcel| batch.push(parcel));
            } else {
                let ready = queue.pace.as_ref().map_or(now, |pace| pace.ready_at(size, now));
                self.shut(lane, ready.max(now + PAUSE));
            }
        }
        batch.sign();
        batch
    }

    /// Takes out a parcel whose time to live ends by `now`.
    pub(super) fn pop_expired(&mut self, ttl: Duration, now: Duration) -> Option<Parcel> {
        let ((since, number), lane) = self.oldest.first().copied()?;
        if since + ttl > now {
            return None;
        }
        self.remove(lane, (since, number))
    }

    /// Takes out, oldest first, what waits in the queues that are not to be kept, and forgets their paces.
    pub(super) fn leave(&mut self, keep: impl Fn(Lane) -> bool) -> Vec<Parcel> {
        let lanes: Vec<Lane> = self.queues.keys().copied().filter(|lane| !keep(*lane)).collect();
        let mut parcels = BTreeMap::new();
        for lane in lanes {
            let Some(queue) = self.queues.remove(&lane) else { continue };
            if let Some(until) = queue.shut_until {
                self.shut.remove(&(until, lane));
            } else {
                (self.count, self.bytes) = (self.count - queue.parcels.len(), self.bytes - queue.bytes);
            }
            if let Some((due, age)) = queue.head() {
                self.open.remove(&(due, age, lane));
                self.oldest.remove(&(age, lane));
            }
            parcels.extend(queue.parcels);
        }
        parcels.into_values().map(|waiting| waiting.parcel).collect()
    }

    /// What was sent to the shard at `sent` was throttled.
    pub(super) fn throttled(&mut self, lane: Lane, sent: Duration, now: Duration) {
        if let Some(pace) = self.queues.get_mut(&lane).and_then(|queue| queue.pace.as_mut()) {
            pace.throttled(sent, now);
        }
    }

    fn remove(&mut self, lane: Lane, age: Age) -> Option<Parcel> {
        let queue = self.queues.get_mut(&lane)?;
        let head = queue.head();
        let parcel = queue.parcels.remove(&age)?.parcel;
        let size = parcel.record().size();
        queue.bytes -= size;
        if queue.shut_until.is_none() {
            (self.count, self.bytes) = (self.count - 1, self.bytes - size);
        }
        if head.is_some_and(|(_, oldest)| age == oldest) {
            self.index(lane, head);
        }
        Some(parcel)
    }

    fn shut(&mut self, lane: Lane, until: Duration) {
        let Some(queue) = self.queues.get_mut(&lane) else { return };
        queue.shut_until = Some(until);
        (self.count, self.bytes) = (self.count - queue.parcels.len(), self.bytes - queue.bytes);
        if let Some((due, age)) = queue.head() {
            self.open.remove(&(due, age, lane));
        }
        self.shut.insert((until, lane));
    }

    /// Follows a change of what is oldest in a queue.
    fn index(&mut self, lane: Lane, before: Option<(Duration, Age)>) {
        let Some(queue) = self.queues.get(&lane) else { return };
        if let Some((due, age)) = before {
            self.open.remove(&(due, age, lane));
            self.oldest.remove(&(age, lane));
        }
        if let Some((due, age)) = queue.head() {
            self.oldest.insert((age, lane));
            if queue.shut_until.is_none() {
                self.open.insert((due, age, lane));
            }
        }
    }
}
