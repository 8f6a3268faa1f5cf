//! Per-key order: what may be sent when, by what [`Keys`](super::keys::Keys) knows.

use std::time::Duration;

use pipectl_shards::HashKey;

use super::delayed::Again;
use super::keys::Whereabouts;
use super::{Flow, Ordering, has_expired};
use crate::batch::{Pending, Track};

impl Flow {
    pub(super) fn is_ordered(&self) -> bool {
        self.limits.ordering == Ordering::PerKey
    }

    /// Takes in a record that was just put: it waits behind those of its key that wait, or for the one that is away.
    pub(super) fn admit(&mut self, mut pending: Pending, due: Duration, now: Duration) {
        let key = pending.hash_key();
        if self.keys.has_waiting(key) {
            return self.keys.push_back(key, pending);
        }
        if let Some(pending) = self.place_in_order(key, pending, due, now) {
            self.keys.push_back(key, pending);
        }
    }

    /// Places a record if none of its key stands against it, and gives it back otherwise.
    fn place_in_order(
        &mut self,
        key: HashKey,
        mut pending: Pending,
        due: Duration,
        now: Duration,
    ) -> Option<Pending> {
        let may = match self.keys.whereabouts(key) {
            Whereabouts::Nowhere => true,
            Whereabouts::Away => false,
            Whereabouts::Gathered => self.stays_together(&mut pending, now),
        };
        if may {
            self.place(pending, due, now);
            None
        } else {
            Some(pending)
        }
    }

    /// Whether a record can follow those of its key into the aggregate they are in; one that is full is sealed.
    fn stays_together(&mut self, pending: &mut Pending, now: Duration) -> bool {
        self.predict(pending);
        let shard = pending.track.prediction.map(|prediction| prediction.shard);
        let Some((shard, limits)) = shard.zip(self.joins_others(pending)) else { return false };
        let fits = self.lanes.fits(shard, pending, limits);
        if !fits {
            self.seal(shard, now);
        }
        fits
    }

    /// The records of the key that were on their way have ended, or are back: the next may go.
    pub(super) fn release(&mut self, key: HashKey, now: Duration) {
        self.keys.set(key, Whereabouts::Nowhere);
        while let Some(pending) = self.keys.pop(key) {
            if has_expired(&pending.track, self.limits.ttl, now) {
                self.expired(pending);
            } else if let Some(pending) = self.place_in_order(key, pending, now, now) {
                self.keys.push_front(key, pending);
                break;
            }
        }
        self.keys.forget(key);
    }

    /// Takes back the records of a parcel, before those that wait; the keys they have. Those whose time is over end.
    pub(super) fn put_back(&mut self, members: Vec<Pending>, now: Duration) -> Vec<HashKey> {
        let keys = self.keys_of(&members);
        let mut back = Vec::with_capacity(members.len());
        for pending in members {
            if has_expired(&pending.track, self.limits.ttl, now) {
                self.expired(pending);
            } else {
                back.push(pending);
            }
        }
        for mut pending in back.into_iter().rev() {
            self.keys.push_front(pending.hash_key(), pending);
        }
        keys
    }

    /// The keys of these records, each once; none where there is no order to keep.
    pub(super) fn keys_of(&self, members: &[Pending]) -> Vec<HashKey> {
        let members = members.iter().filter(|_| self.is_ordered());
        let mut keys: Vec<_> = members.filter_map(|member| member.track.hash_key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Lets the records of a parcel that failed be tried again together, in their order.
    pub(super) fn retry_in_order(&mut self, members: Vec<Pending>, due: Duration, now: Duration) {
        for key in self.put_back(members, now) {
            self.delayed.push(due, Again::Key(key));
        }
    }

    pub(super) fn gathered(&mut self, track: &Track) {
        if let (true, Some(key)) = (self.is_ordered(), track.hash_key) {
            self.keys.set(key, Whereabouts::Gathered);
        }
    }

    pub(super) fn away(&mut self, track: &Track) {
        if let (true, Some(key)) = (self.is_ordered(), track.hash_key) {
            self.keys.set(key, Whereabouts::Away);
        }
    }
}
