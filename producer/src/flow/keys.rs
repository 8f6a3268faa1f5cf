//! Per-key order: which keys have records on their way, and the records that wait until those have ended.
//!
//! Of each key one parcel is on its way at a time, be it ready, under way, waiting for its shard to be listed or for its
//! retry; its records were put in this order and are in it in this order. What is put meanwhile waits here. Nothing that
//! is on its way waits for anything here, so there is nothing to wait in a circle for.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use pipectl_shards::HashKey;

use crate::batch::Pending;

/// Where the records of a key are that do not wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// There are none.
    #[default]
    Nowhere,
    /// In an aggregate that is being filled: the next record may join them there.
    Gathered,
    /// In a parcel that is sealed, or to be tried again: the next record has to wait.
    Away,
}

#[derive(Debug, Default)]
struct Key {
    whereabouts: Whereabouts,
    /// In the order they were put.
    waiting: VecDeque<Pending>,
}

/// The keys that have records.
#[derive(Debug, Default)]
pub(super) struct Keys {
    keys: HashMap<HashKey, Key>,
    /// The keys that have records waiting, by when the first of these was put.
    oldest: BTreeSet<(Duration, HashKey)>,
}

impl Keys {
    pub(super) fn whereabouts(&self, key: HashKey) -> Whereabouts {
        self.keys.get(&key).map_or(Whereabouts::Nowhere, |key| key.whereabouts)
    }

    pub(super) fn set(&mut self, key: HashKey, whereabouts: Whereabouts) {
        self.keys.entry(key).or_default().whereabouts = whereabouts;
    }

    /// Whether records of the key wait.
    pub(super) fn has_waiting(&self, key: HashKey) -> bool {
        self.keys.get(&key).is_some_and(|key| !key.waiting.is_empty())
    }

    /// Lets a record wait behind those that do.
    pub(super) fn push_back(&mut self, key: HashKey, pending: Pending) {
        let waiting = &mut self.keys.entry(key).or_default().waiting;
        if waiting.is_empty() {
            self.oldest.insert((pending.track.put_at, key));
        }
        waiting.push_back(pending);
    }

    /// Lets a record wait before those that do, since it was put before them.
    pub(super) fn push_front(&mut self, key: HashKey, pending: Pending) {
        let waiting = &mut self.keys.entry(key).or_default().waiting;
        if let Some(second) = waiting.front() {
            self.oldest.remove(&(second.track.put_at, key));
        }
        self.oldest.insert((pending.track.put_at, key));
        waiting.push_front(pending);
    }

    /// Takes the first of those that wait.
    pub(super) fn pop(&mut self, key: HashKey) -> Option<Pending> {
        let waiting = &mut self.keys.get_mut(&key)?.waiting;
        let pending = waiting.pop_front()?;
        self.oldest.remove(&(pending.track.put_at, key));
        if let Some(next) = waiting.front() {
            self.oldest.insert((next.track.put_at, key));
        }
        Some(pending)
    }

    /// Takes one that waits and whose time to live ends by `now`.
    pub(super) fn pop_expired(&mut self, ttl: Duration, now: Duration) -> Option<Pending> {
        let (put_at, key) = self.oldest.first().copied()?;
        if put_at + ttl > now { None } else { self.pop(key) }
    }

    /// When the first of those that wait was put.
    pub(super) fn oldest(&self) -> Option<Duration> {
        self.oldest.first().map(|(put_at, _)| *put_at)
    }

    /// Forgets the key if it has no records.
    pub(super) fn forget(&mut self, key: HashKey) {
        if self.whereabouts(key) == Whereabouts::Nowhere && !self.has_waiting(key) {
            self.keys.remove(&key);
        }
    }

    /// Takes all that wait, the key whose first was put first before the others.
    pub(super) fn drain(&mut self) -> Vec<Pending> {
        let mut drained = Vec::new();
        while let Some((_, key)) = self.oldest.first().copied() {
            drained.extend(std::iter::from_fn(|| self.pop(key)));
        }
        drained
    }
}
