//! Aggregates that arrived on a shard that no list of the shards has named yet.
//!
//! Whether a reader keeps them depends on that shard's range: the child of a merge owns every record in them, the
//! child of a split some. To take them for lost would put all the records of a merge twice, and to take them for
//! delivered would lose those of a split. They wait for the look that their landing set off, or the ones after it, since
//! lists lag behind reshards; not for ever, since a shard that is closed again by then is never listed.
//!
//! What waits here is within the memory budget, as everything outstanding is, and counts as under way: no time to live
//! ends it, and who cancels it is told that it may have arrived.

use std::collections::VecDeque;
use std::time::Duration;

use pipectl_shards::ShardId;

use super::{Answer, Flow};
use crate::outcome::{Cancellation, Failure, SequenceNumber};
use crate::parcel::Parcel;

/// How long an aggregate waits for its shard to be listed. By the back-off of the shard map that is four looks: at once
/// and 1, 2.5 and 4.75 seconds later.
const PATIENCE: Duration = Duration::from_secs(5);

/// What Kinesis took, and where.
#[derive(Debug)]
pub(super) struct Landed {
    pub(super) parcel: Parcel,
    pub(super) shard: ShardId,
    pub(super) sequence: SequenceNumber,
    pub(super) answer: Answer,
}

impl Landed {
    fn gives_up_at(&self) -> Duration {
        self.answer.now + PATIENCE
    }
}

/// Oldest first.
#[derive(Debug, Default)]
pub(super) struct Unjudged(VecDeque<Landed>);

impl Unjudged {
    /// When the first of them is given up.
    pub(super) fn due(&self) -> Option<Duration> {
        self.0.front().map(Landed::gives_up_at)
    }

    fn pop_due(&mut self, now: Duration) -> Option<Landed> {
        self.0.pop_front_if(|landed| landed.gives_up_at() <= now)
    }
}

impl Flow {
    /// Keeps what landed on a shard whose range is not known until it is. Where nobody is going to look for it, it is
    /// given up at once.
    pub(super) fn await_range(&mut self, landed: Landed) {
        if let Some(reason) = self.fatal_reason() {
            self.cancel_unjudged(landed, &reason);
        } else if self.is_predictable() {
            self.unjudged.0.push_back(landed);
        } else {
            let now = landed.answer.now;
            self.give_up_unjudged(landed, now);
        }
    }

    /// Decides on what landed on shards whose ranges are known by now.
    pub(super) fn judge(&mut self, now: Duration) {
        for landed in std::mem::take(&mut self.unjudged.0) {
            match self.is_kept(&landed.parcel, landed.shard) {
                Some(is_kept) => self.judged(landed, is_kept, now),
                None => self.unjudged.0.push_back(landed),
            }
        }
    }

    /// Lets what has waited for long enough be tried again.
    pub(super) fn give_up_judging(&mut self, now: Duration) {
        while let Some(landed) = self.unjudged.pop_due(now) {
            self.give_up_unjudged(landed, now);
        }
    }

    /// Ends everything that waits here.
    pub(super) fn cancel_judging(&mut self, reason: &Cancellation) {
        std::mem::take(&mut self.unjudged.0)
            .into_iter()
            .for_each(|landed| self.cancel_unjudged(landed, reason));
    }

    fn give_up_unjudged(&mut self, landed: Landed, now: Duration) {
        let Landed { parcel, shard, answer, .. } = landed;
        let failure = unknown(shard);
        self.tally.missed(&failure, Some(shard), parcel.user_records());
        self.missed(parcel, &failure, answer, now);
    }

    fn cancel_unjudged(&mut self, landed: Landed, reason: &Cancellation) {
        let Landed { parcel, shard, answer, .. } = landed;
        let failure = unknown(shard);
        self.tally.missed(&failure, Some(shard), parcel.user_records());
        for mut member in parcel.into_members() {
            let attempt = self.attempt(&member.track, Some(failure.clone()), answer);
            member.track.tried.push(attempt);
            self.cancelled(member, reason.clone(), true);
        }
    }
}

fn unknown(shard: ShardId) -> Failure {
    let message = format!(
        "landed on {shard}, which is not listed: whether it owns every record of the aggregate is not known"
    );
    Failure { code: "UnknownShard".into(), message: message.into() }
}
