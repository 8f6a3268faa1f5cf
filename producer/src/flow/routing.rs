//! Where records are to go, as far as the stream is known, and what is gathered on the way there.

use std::time::Duration;

use pipectl_shards::limits::RECORD_MAX_BYTES;
use pipectl_shards::{HashKey, ShardId};

use super::ready::Lane;
use super::{Flow, has_expired};
use crate::batch::Pending;
use crate::parcel::{Aggregation, Parcel, Prediction, Sealed};
use crate::shard_map::Refresh;
use crate::sink::{Capacity, Distribution, Routing, SinkError, SinkErrorKind};
use crate::stats::Stats;

/// After so many looks in a row, some twenty seconds, that do not tell why records are where they cannot be by their
/// hash keys, the stream is taken for one that distributes records itself.
const RIDDLES: u32 = 6;

/// How often a stream that distributes records itself is asked whether it still does.
pub(super) const RECHECK: Duration = Duration::from_secs(60);

/// After so long without an answer the stream may be another one of that name: deleting one and making it anew takes
/// about as much. Meanwhile every put would have failed, so it can only go unnoticed while nothing is put.
pub(super) const IDLE: Duration = Duration::from_secs(30);

/// What is known of the stream beside its shards.
#[derive(Debug, Default)]
pub(super) struct Stream {
    distribution: Distribution,
    capacity: Option<Capacity>,
    max_record_bytes: Option<usize>,
    /// Whether it told, or will not.
    is_asked: bool,
    /// When it took a request last, or told of itself.
    heard: Duration,
    said: Said,
}

/// What was said already and is not said again.
#[derive(Debug, Default)]
struct Said {
    capacity: bool,
    distribution: bool,
    failure: bool,
}

impl Stream {
    /// Says once what changes how records are sent.
    fn say(&mut self, aggregation: bool) {
        if self.capacity == Some(Capacity::OnDemand) && !std::mem::replace(&mut self.said.capacity, true) {
            tracing::info!("the stream is on-demand: its shards may change at any time");
        }
        let is_news = match self.distribution {
            Distribution::ByKey => false,
            Distribution::Auto | Distribution::Unknown => aggregation,
        };
        if !is_news || std::mem::replace(&mut self.said.distribution, true) {
            return;
        }
        if self.distribution == Distribution::Auto {
            tracing::warn!(
                "the stream distributes records itself (AUTO): they are not aggregated, since readers would drop them"
            );
        } else {
            tracing::warn!(
                "the stream does not tell how it distributes records, which takes kinesis:DescribeStreamSummary: \
                 aggregates are sent, and sent again where their records land on other shards than their keys say"
            );
        }
    }
}

impl Flow {
    /// When the stream is to be asked next how it routes records; `None` when nobody wants to know. Whoever does it says
    /// so by [`Self::looking`] and brings the answer to [`Self::looked`].
    #[must_use]
    pub fn look_at(&self) -> Option<Duration> {
        let routed = self.limits.aggregation.is_some() || self.limits.rate_limit.is_some();
        let wanted = routed || !self.stream.is_asked;
        self.map.due().filter(|_| wanted && self.map.misrouted_looks() < RIDDLES)
    }

    /// What a record that is put may have.
    pub(super) fn max_record_bytes(&self) -> usize {
        self.stream.max_record_bytes.unwrap_or(RECORD_MAX_BYTES).min(self.limits.max_record_bytes)
    }

    /// Whether the hash key of a record that is put will be looked at: then [`Self::put_hashed`] saves finding it out
    /// one by one.
    #[must_use]
    pub fn wants_hash_keys(&self) -> bool {
        self.is_ordered() || (self.map.open_shards() > 0 && self.is_predictable())
    }

    /// The stream is being asked.
    pub fn looking(&mut self) {
        self.map.looking();
    }

    /// Takes in how the stream routes records, or that it could not be asked.
    pub fn looked(&mut self, routing: Result<Routing, SinkError>, now: Duration) {
        let routing = match routing {
            Ok(routing) => routing,
            Err(error) => return self.not_looked(&error, now),
        };
        self.stream.is_asked = true;
        self.heard(now);
        self.stream.max_record_bytes = routing.max_record_bytes.or(self.stream.max_record_bytes);
        let predictable = self.is_predictable();
        if !routing.shards.is_empty() {
            self.stream.distribution = routing.distribution;
            self.stream.capacity = routing.capacity;
            self.stream.say(self.limits.aggregation.is_some());
        }
        let refresh = self.map.refreshed(routing.shards, now);
        if self.stream.distribution == Distribution::Auto {
            self.map.look_again(now + RECHECK);
        } else if predictable && !self.is_predictable() {
            tracing::warn!(
                "records land on other shards than their hash keys say, as where the stream distributes them itself: \
                 they are no longer aggregated"
            );
        }
        if refresh == Refresh::Changed || predictable != self.is_predictable() {
            self.reroute(now);
        }
        self.judge(now);
    }

    /// The stream took a request.
    pub(super) fn heard(&mut self, now: Duration) {
        self.stream.heard = now;
    }

    /// Looks at the stream again where the next record is the first for a while; nothing is aggregated until then.
    pub(super) fn doubt_after_idling(&mut self, now: Duration) {
        if now.saturating_sub(self.stream.heard) >= IDLE && self.is_idle() {
            self.map.look_again(now);
        }
    }

    /// A record with this hash key landed there.
    pub(super) fn landed(&mut self, shard: ShardId, key: HashKey, now: Duration) {
        if self.is_predictable() {
            self.map.landed(shard, key, now);
        }
    }

    fn not_looked(&mut self, error: &SinkError, now: Duration) {
        self.stream.is_asked |= error.kind == SinkErrorKind::Fatal;
        if error.kind == SinkErrorKind::Fatal && !std::mem::replace(&mut self.stream.said.failure, true) {
            tracing::warn!(%error, "the shards of the stream cannot be listed: records are sent as they are");
        }
        self.map.failed(now);
    }

    /// Whether the hash key of a record says where it lands.
    pub(super) fn is_predictable(&self) -> bool {
        self.stream.distribution != Distribution::Auto && self.map.misrouted_looks() < RIDDLES
    }

    pub(super) fn describe(&self, stats: &mut Stats) {
        stats.capacity = self.stream.capacity;
        stats.distribution = self.stream.distribution;
        stats.open_shards = self.map.open_shards();
        stats.aggregates = self.aggregates().is_some() && self.map.is_current();
    }

    fn aggregates(&self) -> Option<Aggregation> {
        self.limits.aggregation.filter(|_| self.is_predictable())
    }

    /// Sends what waits for shards that are gone, or were never right, to those there are.
    fn reroute(&mut self, now: Duration) {
        let (map, predictable) = (&self.map, self.is_predictable());
        let mut groups = self.lanes.leave(|shard| predictable && map.is_open(shard));
        let keep = |lane: Lane| lane.is_some_and(|shard| predictable && map.is_open(shard));
        groups.extend(self.ready.leave(keep).into_iter().map(Parcel::into_members));
        groups.into_iter().for_each(|members| self.take_apart(members, now));
    }

    /// Lets records that were in one parcel each find their way again; those whose time is over end.
    pub(super) fn take_apart(&mut self, members: Vec<Pending>, now: Duration) {
        if self.is_ordered() {
            for key in self.put_back(members, now) {
                self.release(key, now);
            }
            return;
        }
        for pending in members {
            if has_expired(&pending.track, self.limits.ttl, now) {
                self.expired(pending);
            } else {
                self.place(pending, now, now);
            }
        }
    }

    /// Puts a record that is to be sent by `due` where it waits to be.
    pub(super) fn route(&mut self, pending: Pending, due: Duration, now: Duration) {
        if self.is_ordered() {
            self.admit(pending, due, now);
        } else {
            self.place(pending, due, now);
        }
    }

    /// Puts a record with those that go to the same shard, if that can be known.
    pub(super) fn place(&mut self, mut pending: Pending, due: Duration, now: Duration) {
        self.predict(&mut pending);
        let lane = pending.track.prediction.map(|prediction| prediction.shard);
        match lane.zip(self.joins_others(&pending)) {
            Some((shard, limits)) => {
                if !self.lanes.fits(shard, &pending, limits) {
                    self.seal(shard, now);
                }
                self.gathered(&pending.track);
                if self.lanes.push(shard, pending, due, limits) {
                    self.seal(shard, now);
                }
            }
            None => {
                self.away(&pending.track);
                self.ready.push(lane, Parcel::Alone(pending), due, now);
            }
        }
    }

    pub(super) fn seal(&mut self, shard: ShardId, now: Duration) {
        if let Some(sealed) = self.lanes.seal(shard) {
            self.sealed(sealed, now);
        }
    }

    pub(super) fn sealed(&mut self, Sealed { shard, due, parcel }: Sealed, now: Duration) {
        if self.is_ordered() {
            parcel.members().iter().for_each(|member| self.away(&member.track));
        }
        self.ready.push(Some(shard), parcel, due, now);
    }

    /// Notes where the record is to land, as far as can be known.
    pub(super) fn predict(&mut self, pending: &mut Pending) {
        pending.track.prediction = None;
        if self.map.open_shards() > 0 && self.is_predictable() {
            let (shard, is_sure) = (self.map.predict(pending.hash_key()), self.map.is_current());
            pending.track.prediction = shard.map(|shard| Prediction { shard, is_sure });
        }
    }

    /// By which limits a record may share an aggregate with others: not while it is in doubt where it lands.
    pub(super) fn joins_others(&self, pending: &Pending) -> Option<Aggregation> {
        let is_sure = pending.track.prediction.is_some_and(|prediction| prediction.is_sure);
        self.aggregates().filter(|limits| is_sure && pending.record.size() < limits.max_bytes)
    }
}
