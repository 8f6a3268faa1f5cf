//! Where records landed, and what that means for the aggregates they went in.

use std::time::Duration;

use pipectl_shards::{HashKey, ShardId};

use super::delayed::Again;
use super::unjudged::Landed;
use super::{Answer, Flow, has_expired};
use crate::batch::Pending;
use crate::outcome::{Failure, Outcome, SequenceNumber};
use crate::parcel::Parcel;
use crate::sink::{PutResult, is_throttle};

impl Flow {
    pub(super) fn parcel(&mut self, parcel: Parcel, result: PutResult, answer: Answer) {
        match result {
            PutResult::Put { shard, sequence } => {
                if let Some(key) = parcel.members().first().and_then(|member| member.track.hash_key) {
                    self.landed(shard, key, answer.now);
                }
                let is_kept = self.is_kept(&parcel, shard);
                let landed = Landed { parcel, shard, sequence, answer };
                match is_kept {
                    Some(is_kept) => self.judged(landed, is_kept, answer.now),
                    None => self.await_range(landed),
                }
            }
            PutResult::Failed { code, message } => {
                if is_throttle(&code) {
                    self.ready.throttled(parcel.predicted(), answer.began, answer.now);
                }
                let failure = Failure { code, message };
                self.tally.missed(&failure, parcel.predicted(), parcel.user_records());
                self.missed(parcel, &failure, answer, answer.now);
            }
        }
    }

    /// Whether a reader by KCL's rules keeps what landed there: a record by itself always, and an aggregate if the shard
    /// owns the hash key of every record in it. The range of a shard that was never listed is not known: `None`.
    pub(super) fn is_kept(&self, parcel: &Parcel, shard: ShardId) -> Option<bool> {
        let Parcel::Aggregate { members, .. } = parcel else { return Some(true) };
        let range = self.map.range(shard)?;
        let owns = |key: HashKey| range.contains(key);
        Some(members.iter().all(|member| member.track.hash_key.is_some_and(owns)))
    }

    /// Ends the records of what a reader keeps, and lets those of what it drops be tried again.
    pub(super) fn judged(&mut self, landed: Landed, is_kept: bool, now: Duration) {
        let Landed { parcel, shard, sequence, answer } = landed;
        if !is_kept {
            let message = format!("landed on {shard}, which does not own every record of the aggregate");
            let failure = Failure { code: "WrongShard".into(), message: message.into() };
            self.tally.missed(&failure, Some(shard), parcel.user_records());
            return self.missed(parcel, &failure, answer, now);
        }
        self.tally.arrived(parcel.record(), shard, parcel.user_records());
        let keys = self.keys_of(parcel.members());
        match parcel {
            Parcel::Alone(pending) => self.delivered(pending, (shard, &sequence, None), answer),
            Parcel::Aggregate { record, mut members } => {
                for (index, member) in (0..).zip(members.drain(..)) {
                    self.delivered(member, (shard, &sequence, Some(index)), answer);
                }
                self.lanes.reuse(members, record.data);
            }
        }
        keys.into_iter().for_each(|key| self.release(key, now));
    }

    fn delivered(
        &mut self,
        pending: Pending,
        (shard, sequence, sub_sequence): (ShardId, &SequenceNumber, Option<u64>),
        answer: Answer,
    ) {
        let (attempt, sequence) = (self.attempt(&pending.track, None, answer), sequence.clone());
        self.end(pending, |mut attempts| {
            attempts.push(attempt);
            Outcome::Delivered { shard, sequence, sub_sequence, attempts }
        });
    }

    /// Lets the records of what did not arrive be tried again, those whose time is not over. That it did not is known
    /// `now`, which may be later than the answer.
    pub(super) fn missed(&mut self, parcel: Parcel, failure: &Failure, answer: Answer, now: Duration) {
        let mut members = parcel.into_members();
        for member in &mut members {
            let attempt = self.attempt(&member.track, Some(failure.clone()), answer);
            member.track.tried.push(attempt);
        }
        if let Some(reason) = self.fatal_reason() {
            return members.into_iter().for_each(|member| self.cancelled(member, reason.clone(), false));
        }
        if self.is_ordered() {
            let tries = members.iter().map(|member| member.track.tried.count()).max().unwrap_or(0);
            return self.retry_in_order(members, self.due_again(tries, answer.random, now), now);
        }
        for pending in members {
            if has_expired(&pending.track, self.limits.ttl, now) {
                self.expired(pending);
                continue;
            }
            let due = self.due_again(pending.track.tried.count(), answer.random, now);
            let end = self.limits.ttl.map(|ttl| pending.track.put_at + ttl);
            self.delayed.push(end.map_or(due, |end| due.min(end)), Again::Record(Box::new(pending)));
        }
    }

    fn due_again(&self, tries: u32, random: f64, now: Duration) -> Duration {
        now + self.limits.retry.delay(tries, random)
    }
}
