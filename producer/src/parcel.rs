//! What goes out as one Kinesis record: a user record as it is, or many of them as an aggregate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use pipectl_shards::ShardId;

use crate::aggregation::{AGGREGATE_PARTITION_KEY, Layout, UserRecord};
use crate::batch::{Pending, Track};
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

/// The shard that a record is to land on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// The shard.
    pub shard: ShardId,
    /// Whether nothing speaks against it. While the map of the shards is in doubt, it is good for a pace only.
    pub is_sure: bool,
}

/// How much longer than its oldest record an aggregate may wait: for the time in which the others expire as well, so
/// that it is not taken apart for each of them.
const EXPIRY_SLACK: Duration = Duration::from_millis(100);

/// What goes out as one Kinesis record.
#[derive(Clone, Debug)]
pub enum Parcel {
    /// A user record as it is.
    Alone(Pending),
    /// Many in one.
    Aggregate {
        /// What is sent. Its checksum is filled in with those of the others in its request.
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
        self.members().first()?.track.prediction.map(|prediction| prediction.shard)
    }

    /// How many user records are in it.
    #[must_use]
    pub fn user_records(&self) -> u64 {
        self.members().len() as u64
    }

    /// The user records in it.
    #[must_use]
    pub fn into_members(self) -> Vec<Pending> {
        match self {
            Self::Alone(pending) => vec![pending],
            Self::Aggregate { members, .. } => members,
        }
    }

    /// The user records in it.
    #[must_use]
    pub fn members(&self) -> &[Pending] {
        match self {
            Self::Alone(pending) => std::slice::from_ref(pending),
            Self::Aggregate { members, .. } => members,
        }
    }

    /// From when its time to live counts while it waits: when it was put, and for an aggregate when its youngest record
    /// was, but not much later than for its oldest.
    pub(crate) fn age(&self) -> Duration {
        let put_at = || self.members().iter().map(|member| member.track.put_at);
        let (oldest, youngest) = (put_at().min(), put_at().max());
        youngest.unwrap_or_default().min(oldest.unwrap_or_default() + EXPIRY_SLACK)
    }

    /// Whether any user record in it is so.
    pub fn has(&self, is_so: impl Fn(&Track) -> bool) -> bool {
        self.members().iter().any(|member| is_so(&member.track))
    }
}

/// The aggregates that are being filled, one per predicted shard.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    lanes: BTreeMap<ShardId, Lane>,
    /// Those that hold something, by when they are to be sealed.
    by_due: BTreeSet<(Duration, ShardId)>,
    /// The same, by when the first of their records was put.
    by_age: BTreeSet<(Duration, ShardId)>,
    /// What aggregates that are gone had allocated, for those to come.
    rooms: Vec<Room>,
}

/// How many of them are kept: some requests' worth, a few megabytes.
const ROOMS: usize = 64;

/// What an aggregate allocates.
#[derive(Debug, Default)]
struct Room {
    members: Vec<Pending>,
    data: BytesMut,
}

#[derive(Debug, Default)]
struct Lane {
    layout: Layout,
    members: Vec<Pending>,
    /// How many the last one held: this one will hold about as many.
    usual: usize,
    /// Of the records in it, the earliest.
    due: Duration,
    put_at: Duration,
}

/// An aggregate that nothing is added to any more, or a record that found no company.
#[derive(Debug)]
pub(crate) struct Sealed {
    pub(crate) shard: ShardId,
    /// When it is to be sent.
    pub(crate) due: Duration,
    pub(crate) parcel: Parcel,
}

impl Lanes {
    /// Whether the record keeps the aggregate of its shard within the limit; an empty one takes any.
    pub(crate) fn fits(&self, shard: ShardId, pending: &Pending, limits: Aggregation) -> bool {
        let Some(lane) = self.lanes.get(&shard) else { return true };
        lane.members.is_empty()
            || (lane.members.len() < limits.max_records
                && lane.layout.has_room(&user(&pending.record), pending.track.hash_key, limits.max_bytes))
    }

    /// Adds a record that is to be sent by `due` to the aggregate of its shard, and says whether that is full now.
    pub(crate) fn push(
        &mut self,
        shard: ShardId,
        pending: Pending,
        due: Duration,
        limits: Aggregation,
    ) -> bool {
        let lane = self.lanes.entry(shard).or_default();
        let put_at = pending.track.put_at;
        let is_first = lane.members.is_empty();
        if is_first {
            lane.members.reserve_exact(lane.usual);
        }
        if is_first || due < lane.due {
            self.by_due.remove(&(lane.due, shard));
            self.by_due.insert((due, shard));
            lane.due = due;
        }
        if is_first || put_at < lane.put_at {
            self.by_age.remove(&(lane.put_at, shard));
            self.by_age.insert((put_at, shard));
            lane.put_at = put_at;
        }
        lane.layout.push(&user(&pending.record), pending.track.hash_key);
        lane.members.push(pending);
        lane.members.len() >= limits.max_records || lane.layout.size() >= limits.max_bytes
    }

    /// Seals the aggregate of a shard.
    pub(crate) fn seal(&mut self, shard: ShardId) -> Option<Sealed> {
        let lane = self.lanes.get_mut(&shard)?;
        if lane.members.is_empty() {
            return None;
        }
        let room =
            if lane.members.len() > 1 { self.rooms.pop().unwrap_or_default() } else { Room::default() };
        let mut members = std::mem::replace(&mut lane.members, room.members);
        lane.usual = members.len();
        self.by_due.remove(&(lane.due, shard));
        self.by_age.remove(&(lane.put_at, shard));
        let due = lane.due;
        if members.len() == 1 {
            lane.layout.clear();
            return members.pop().map(|alone| Sealed { shard, due, parcel: Parcel::Alone(alone) });
        }
        let record = Record {
            partition_key: AGGREGATE_PARTITION_KEY.to_owned(),
            explicit_hash_key: members.first_mut().map(Pending::hash_key),
            data: lane.layout.write(members.iter().map(|member| &*member.record.data), room.data).freeze(),
        };
        Some(Sealed { shard, due, parcel: Parcel::Aggregate { record, members } })
    }

    /// Takes back what an aggregate had allocated: fresh memory costs more than what is written to it.
    pub(crate) fn reuse(&mut self, mut members: Vec<Pending>, data: Bytes) {
        if self.rooms.len() < ROOMS
            && let Ok(data) = data.try_into_mut()
        {
            members.clear();
            self.rooms.push(Room { members, data });
        }
    }

    /// Seals an aggregate that is due by `now`.
    pub(crate) fn seal_due(&mut self, now: Duration) -> Option<Sealed> {
        let (due, shard) = self.by_due.first().copied()?;
        if due <= now { self.seal(shard) } else { None }
    }

    /// Seals an aggregate of which a record was put by `then`.
    pub(crate) fn seal_put_by(&mut self, then: Duration) -> Option<Sealed> {
        let (put_at, shard) = self.by_age.first().copied()?;
        if put_at <= then { self.seal(shard) } else { None }
    }

    /// When the first aggregate is due.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// When the oldest record was put.
    pub(crate) fn oldest(&self) -> Option<Duration> {
        self.by_age.first().map(|(put_at, _)| *put_at)
    }

    /// Takes out the records of every aggregate whose shard is not to be kept, in the order in which they are in it.
    pub(crate) fn leave(&mut self, keep: impl Fn(ShardId) -> bool) -> Vec<Vec<Pending>> {
        let lanes = std::mem::take(&mut self.lanes);
        let (kept, left) = lanes.into_iter().partition::<BTreeMap<_, _>, _>(|(shard, _)| keep(*shard));
        self.lanes = kept;
        self.by_due.retain(|(_, shard)| keep(*shard));
        self.by_age.retain(|(_, shard)| keep(*shard));
        left.into_values().map(|lane| lane.members).filter(|members| !members.is_empty()).collect()
    }
}

fn user(record: &Record) -> UserRecord<'_> {
    UserRecord {
        partition_key: &record.partition_key,
        explicit_hash_key: record.explicit_hash_key,
        data: &record.data,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregation::{decode, sign};

    const SHARD: ShardId = ShardId::new(0);
    const MS: fn(u64) -> Duration = Duration::from_millis;

    fn pending(n: u64, size: usize) -> Pending {
        let track = Track { put_at: MS(n), ..Track::default() };
        Pending { record: Record::new(format!("{n:04}"), vec![b'x'; size]), track }
    }

    /// Adds a record as the flow does; what it seals.
    fn push(lanes: &mut Lanes, pending: Pending, limits: Aggregation) -> Vec<Parcel> {
        let due = pending.track.put_at + MS(5);
        let before = if lanes.fits(SHARD, &pending, limits) { None } else { lanes.seal(SHARD) };
        let after = if lanes.push(SHARD, pending, due, limits) { lanes.seal(SHARD) } else { None };
        before.into_iter().chain(after).map(|sealed| sealed.parcel).collect()
    }

    #[test]
    fn an_aggregate_is_sealed_before_it_grows_over_its_limit_and_holds_all_in_order() {
        let mut lanes = Lanes::default();
        let limits = Aggregation { max_bytes: 1000, ..Aggregation::default() };
        let mut parcels: Vec<_> = (0..100).flat_map(|n| push(&mut lanes, pending(n, 100), limits)).collect();
        parcels.extend(lanes.seal_due(MS(105)).map(|sealed| sealed.parcel));
        assert_eq!((lanes.oldest(), lanes.due()), (None, None));
        let mut seen = Vec::new();
        for parcel in parcels {
            assert!(parcel.record().data.len() <= 1000, "{}", parcel.record().data.len());
            let mut data = parcel.record().data.clone();
            sign([&mut data]);
            assert_eq!(decode(&data).unwrap().records.len(), 8.min(100 - seen.len()));
            seen.extend(parcel.into_members().into_iter().map(|member| member.record.partition_key));
        }
        assert_eq!(seen, (0..100).map(|n| format!("{n:04}")).collect::<Vec<_>>());
    }

    #[test]
    fn a_record_without_company_goes_as_it_is() {
        let mut lanes = Lanes::default();
        assert!(push(&mut lanes, pending(2, 10), Aggregation::default()).is_empty());
        assert!(lanes.seal_due(MS(6)).is_none(), "it is not due");
        assert_eq!((lanes.due(), lanes.oldest()), (Some(MS(7)), Some(MS(2))));
        let sealed = lanes.seal_due(MS(7)).unwrap();
        assert!(matches!(&sealed.parcel, Parcel::Alone(pending) if pending.record.partition_key == "0002"));
        assert_eq!((sealed.shard, sealed.due), (SHARD, MS(7)));
    }

    #[test]
    fn a_count_ends_an_aggregate_too() {
        let mut lanes = Lanes::default();
        let limits = Aggregation { max_records: 3, ..Aggregation::default() };
        let parcels: Vec<_> = (0..7).flat_map(|n| push(&mut lanes, pending(n, 1), limits)).collect();
        let counts: Vec<_> = parcels.into_iter().map(|parcel| parcel.into_members().len()).collect();
        assert_eq!(counts, [3, 3]);
        assert!(lanes.leave(|_| true).is_empty());
        assert_eq!(lanes.leave(|_| false).concat().len(), 1);
        assert_eq!((lanes.oldest(), lanes.due()), (None, None));
    }

    #[test]
    fn an_older_record_that_joins_makes_its_aggregate_due_and_old() {
        let mut lanes = Lanes::default();
        push(&mut lanes, pending(100, 1), Aggregation::default());
        push(&mut lanes, pending(30, 1), Aggregation::default());
        push(&mut lanes, pending(200, 1), Aggregation::default());
        assert_eq!((lanes.due(), lanes.oldest()), (Some(MS(35)), Some(MS(30))));
        assert!(lanes.seal_put_by(MS(29)).is_none());
        let sealed = lanes.seal_put_by(MS(30)).unwrap();
        assert_eq!(sealed.parcel.age(), MS(130), "a hundred milliseconds after its oldest");
        assert_eq!(sealed.parcel.user_records(), 3);
        assert_eq!((lanes.oldest(), lanes.due()), (None, None));
    }
}
