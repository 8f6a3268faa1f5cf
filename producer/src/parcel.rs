//! What goes out as one Kinesis record: a user record as it is, or many of them as an aggregate.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use pipectl_shards::{HashKey, ShardId};

use crate::aggregation::{AGGREGATE_PARTITION_KEY, Aggregator, UserRecord};
use crate::batch::{Collector, Pending, Track};
use crate::record::Record;

/// How records are gathered into aggregates; the defaults are KPL's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregation {
    /// Bytes of an aggregate at most (KPL: `AggregationMaxSize`). A record that is larger goes alone.
    pub max_bytes: usize,
    /// User records in an aggregate at most (KPL: `AggregationMaxCount`).
    pub max_records: usize,
}

impl Default for Aggregation {
    fn default() -> Self {
        Self { max_bytes: 51_200, max_records: u32::MAX as usize }
    }
}

/// Where a record is to land, as the map of this generation has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The shard.
    pub shard: ShardId,
    /// The generation of the map.
    pub generation: u64,
    /// The hash key that decides it.
    pub hash_key: HashKey,
}

/// What goes out as one Kinesis record.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A user record as it is.
    Alone(Pending),
    /// Many in one.
    Aggregate {
        /// What is sent.
        record: Record,
        /// What is in it, in the order of their sub-sequence numbers.
        members: Vec<Pending>,
    },
}

impl Parcel {
    /// What is sent.
    #[must_use]
    pub fn record(&self) -> &Record {
        match self {
            Self::Alone(pending) => &pending.record,
            Self::Aggregate { record, .. } => record,
        }
    }

    /// The shard that it is to land on, where that is known.
    #[must_use]
    pub fn predicted(&self) -> Option<ShardId> {
        let track = match self {
            Self::Alone(pending) => Some(&pending.track),
            Self::Aggregate { members, .. } => members.first().map(|member| &member.track),
        };
        track?.prediction.map(|prediction| prediction.shard)
    }

    /// How many user records are in it.
    #[must_use]
    pub fn user_records(&self) -> u64 {
        match self {
            Self::Alone(_) => 1,
            Self::Aggregate { members, .. } => members.len() as u64,
        }
    }

    /// The user records in it.
    #[must_use]
    pub fn into_members(self) -> Vec<Pending> {
        match self {
            Self::Alone(pending) => vec![pending],
            Self::Aggregate { members, .. } => members,
        }
    }

    /// Whether any user record in it is so.
    pub fn has(&self, is_so: impl Fn(&Track) -> bool) -> bool {
        match self {
            Self::Alone(pending) => is_so(&pending.track),
            Self::Aggregate { members, .. } => members.iter().any(|member| is_so(&member.track)),
        }
    }
}

/// The aggregates that are being filled, one per predicted shard.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: HashMap<ShardId, Lane>,
    /// Those that hold something, by the time of their first record.
    by_age: BTreeSet<(Duration, ShardId)>,
}

#[derive(Debug, Default)]
struct Lane {
    aggregator: Aggregator,
    members: Vec<Pending>,
    since: Duration,
}

impl Lane {
    /// What was gathered; the lane is empty afterwards.
    fn seal(&mut self) -> Option<Parcel> {
        let mut members = std::mem::take(&mut self.members);
        let aggregate = self.aggregator.take()?;
        if members.len() == 1 {
            return members.pop().map(Parcel::Alone);
        }
        let record = Record {
            partition_key: AGGREGATE_PARTITION_KEY.to_owned(),
            explicit_hash_key: Some(aggregate.explicit_hash_key),
            data: aggregate.data,
        };
        Some(Parcel::Aggregate { record, members })
    }
}

impl Lanes {
    /// Adds a record that is ready since then to the aggregate of its shard. What is full goes to the collector.
    pub(crate) fn push(
        &mut self,
        (shard, pending): (ShardId, Pending),
        since: Duration,
        limits: Aggregation,
        out: &mut Collector,
    ) {
        let lane = self.lanes.entry(shard).or_default();
        let user = UserRecord {
            partition_key: &pending.record.partition_key,
            explicit_hash_key: pending.record.explicit_hash_key,
            data: &pending.record.data,
        };
        if !lane.members.is_empty() && lane.aggregator.size_with(&user) > limits.max_bytes {
            self.by_age.remove(&(lane.since, shard));
            out.push_all(lane.seal(), lane.since);
        }
        if lane.members.is_empty() {
            lane.since = since;
            self.by_age.insert((since, shard));
        }
        lane.aggregator.push(&user);
        lane.members.push(pending);
        if lane.members.len() >= limits.max_records || lane.aggregator.size() >= limits.max_bytes {
            self.by_age.remove(&(lane.since, shard));
            out.push_all(lane.seal(), lane.since);
        }
    }

    /// Hands over the aggregates whose first record is ready since then or longer.
    pub(crate) fn seal_until(&mut self, then: Duration, out: &mut Collector) {
        while let Some((since, shard)) = self.by_age.first().copied().filter(|(since, _)| *since <= then) {
            self.by_age.remove(&(since, shard));
            out.push_all(self.lanes.get_mut(&shard).and_then(Lane::seal), since);
        }
    }

    /// Since when the oldest record that is gathered is ready.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.by_age.first().map(|(since, _)| *since)
    }

    /// Takes out every record, and since when each is ready: the shards are others now.
    pub(crate) fn take_members(&mut self) -> Vec<(Duration, Pending)> {
        self.by_age.clear();
        let lanes = std::mem::take(&mut self.lanes);
        let all = lanes.into_values().flat_map(|lane| lane.members.into_iter().map(move |m| (lane.since, m)));
        all.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::decode;

    const SHARD: ShardId = ShardId::new(0);
    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn pending(n: usize, size: usize) -> Pending {
        Pending { record: Record::new(format!("{n:04}"), vec![b'x'; size]), track: Track::default() }
    }

    fn parcels(out: &mut Collector) -> Vec<Parcel> {
        std::iter::from_fn(|| out.pop()).collect()
    }

    #[test]
    fn an_aggregate_is_sealed_before_it_grows_over_its_limit_and_holds_all_in_order() {
        let (mut lanes, mut out) = (Lanes::default(), Collector::default());
        let limits = Aggregation { max_bytes: 1000, ..Aggregation::default() };
        (0..100).for_each(|n| lanes.push((SHARD, pending(n, 100)), MS(5), limits, &mut out));
        lanes.seal_until(MS(5), &mut out);
        assert_eq!(lanes.oldest(), None);
        let mut seen = Vec::new();
        for parcel in parcels(&mut out) {
            assert!(parcel.record().data.len() <= 1000, "{}", parcel.record().data.len());
            assert_eq!(decode(&parcel.record().data).unwrap().records.len(), 8.min(100 - seen.len()));
            seen.extend(parcel.into_members().into_iter().map(|member| member.record.partition_key));
        }
        assert_eq!(seen, (0..100).map(|n| format!("{n:04}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_record_without_company_goes_as_it_is() {
        let (mut lanes, mut out) = (Lanes::default(), Collector::default());
        lanes.push((SHARD, pending(1, 10)), MS(7), Aggregation::default(), &mut out);
        lanes.seal_until(MS(6), &mut out);
        assert!(out.pop().is_none(), "it has not waited so long");
        assert_eq!(lanes.oldest(), Some(MS(7)));
        lanes.seal_until(MS(7), &mut out);
        assert!(
            matches!(&parcels(&mut out)[..], [Parcel::Alone(pending)] if pending.record.partition_key == "0001")
        );
    }

    #[test]
    fn a_count_ends_an_aggregate_too() {
        let (mut lanes, mut out) = (Lanes::default(), Collector::default());
        let limits = Aggregation { max_records: 3, ..Aggregation::default() };
        (0..7).for_each(|n| lanes.push((SHARD, pending(n, 1)), MS(0), limits, &mut out));
        let counts: Vec<_> =
            parcels(&mut out).into_iter().map(|parcel| parcel.into_members().len()).collect();
        assert_eq!(counts, [3, 3]);
        assert_eq!(lanes.take_members().len(), 1);
        assert_eq!(lanes.oldest(), None);
    }
}
