//! Where records are to land, where they did, and what that means for the aggregates they went in.

use std::time::Duration;

use pipectl_shards::{HashKeyRange, ShardId};

use super::{Answer, Flow};
use crate::batch::{Pending, Track};
use crate::outcome::{Failure, Outcome, SequenceNumber};
use crate::parcel::{Aggregation, Parcel, Prediction};
use crate::shard_map::Refresh;
use crate::sink::{PutResult, SinkError};

/// After so many lists in a row that explain nothing, some twenty seconds, it is not ListShards that lags.
const RIDDLES: u32 = 6;

impl Flow {
    /// When the shards are to be listed next; `None` when nobody asks for it. Whoever does it says so by
    /// [`Self::looking`] and brings the answer to [`Self::looked`].
    #[must_use]
    pub fn look_at(&self) -> Option<Duration> {
        self.aggregates().and(self.map.due())
    }

    /// The shards are being listed.
    pub fn looking(&mut self) {
        self.map.looking();
    }

    /// Takes in the open shards, or that they could not be listed.
    pub fn looked(&mut self, shards: Result<Vec<(ShardId, HashKeyRange)>, SinkError>, now: Duration) {
        let Ok(shards) = shards else { return self.map.failed(now) };
        let doubted = self.map.open_shards() > 0;
        match self.map.refreshed(shards, now) {
            Refresh::Changed => {
                self.riddles = 0;
                for (since, pending) in self.lanes.take_members() {
                    self.route(pending, since);
                }
            }
            Refresh::Unchanged if doubted => {
                self.riddles += 1;
                if self.aggregates().is_none() {
                    tracing::warn!(
                        "records land on other shards than their hash keys say, as where the stream distributes \
                         them itself: they are no longer aggregated"
                    );
                } else {
                    self.map.still_surprised(now);
                }
            }
            Refresh::Unchanged => {}
        }
    }

    fn aggregates(&self) -> Option<Aggregation> {
        self.limits.aggregation.filter(|_| self.riddles < RIDDLES)
    }

    /// Puts a record that is ready since then with those that go to the same shard, if that can be known.
    pub(super) fn route(&mut self, mut pending: Pending, since: Duration) {
        pending.track.prediction = None;
        let fits = |limits: &Aggregation| pending.record.size() < limits.max_bytes && self.map.is_current();
        let Some(limits) = self.aggregates().filter(fits) else {
            return self.collector.push(Parcel::Alone(pending), since);
        };
        let hash_key = pending.record.hash_key();
        let Some(shard) = self.map.predict(hash_key) else {
            return self.collector.push(Parcel::Alone(pending), since);
        };
        pending.track.prediction = Some(Prediction { shard, generation: self.map.generation(), hash_key });
        self.lanes.push((shard, pending), since, limits, &mut self.collector);
    }

    pub(super) fn parcel(&mut self, parcel: Parcel, result: PutResult, answer: Answer) {
        let is_aggregate = matches!(parcel, Parcel::Aggregate { .. });
        match result {
            PutResult::Put { shard, .. } if is_aggregate && !self.is_kept(&parcel, shard) => {
                self.map.surprised(answer.now);
                let message = format!("landed on {shard}, which does not own every record of the aggregate");
                let failure = Failure { code: "WrongShard".into(), message: message.into() };
                self.tally.missed(&failure, Some(shard), parcel.user_records());
                parcel.into_members().into_iter().for_each(|member| self.missed(member, &failure, answer));
            }
            PutResult::Put { shard, sequence } => {
                if parcel.has(|track| self.is_surprising(track, shard)) {
                    self.map.surprised(answer.now);
                }
                self.tally.arrived(parcel.record(), shard, parcel.user_records());
                for (index, member) in (0..).zip(parcel.into_members()) {
                    let sub_sequence = is_aggregate.then_some(index);
                    self.arrived(member, (shard, sequence.clone(), sub_sequence), answer);
                }
            }
            PutResult::Failed { code, message } => {
                let failure = Failure { code, message };
                self.tally.missed(&failure, parcel.predicted(), parcel.user_records());
                parcel.into_members().into_iter().for_each(|member| self.missed(member, &failure, answer));
            }
        }
    }

    /// Whether a reader by KCL's rules keeps an aggregate that landed there: the shard owns the hash key of every
    /// record in it. The range of a shard that was never listed is not known, and then nothing is.
    fn is_kept(&self, parcel: &Parcel, shard: ShardId) -> bool {
        let Some(range) = self.map.range(shard) else { return false };
        !parcel.has(|track| track.prediction.is_none_or(|prediction| !range.contains(prediction.hash_key)))
    }

    /// Whether it landed elsewhere than the map, as it is now, has it.
    fn is_surprising(&self, track: &Track, shard: ShardId) -> bool {
        track.prediction.is_some_and(|prediction| {
            prediction.generation == self.map.generation() && prediction.shard != shard
        })
    }

    fn arrived(
        &mut self,
        mut pending: Pending,
        (shard, sequence, sub_sequence): (ShardId, SequenceNumber, Option<u64>),
        answer: Answer,
    ) {
        self.attempted(&mut pending.track, None, answer);
        self.end(pending, |attempts| Outcome::Delivered { shard, sequence, sub_sequence, attempts });
    }

    fn missed(&mut self, mut pending: Pending, failure: &Failure, answer: Answer) {
        self.attempted(&mut pending.track, Some(failure.clone()), answer);
        self.retry(pending, answer);
    }
}
