//! A stream's state and the rules by which it moves. Pure: `now` is passed in, in milliseconds since the epoch.
//!
//! A change that takes time (creation, a reshard, a deletion) sets a status and the time until it holds. Nothing runs
//! in between: whoever looks next settles what has become due.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::{HashKey, HashKeyRange, Lineage, ShardId};
use serde::{Deserialize, Serialize};

use super::consumers::Consumers;
use super::limits::{Demand, Rolling, Throttle};
use super::record::{Position, Record, Sequence};
use super::reshard::Step;
use super::shard_log::ShardLog;
use super::stream::{Distribution, Encryption, Mode, Status, StreamSettings};
use crate::limits::Limits;
use crate::persist::kinesis::Tail;

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) mode: Mode,
    pub(crate) retention_hours: i32,
    pub(crate) encryption: Encryption,
    pub(crate) max_record_kib: i32,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) shard_metrics: BTreeSet<String>,
    pub(crate) warm_mibps: Option<u32>,
    pub(crate) distribution: Distribution,
    pub(crate) policy: Option<String>,
    pub(crate) consumers: Consumers,
    pub(super) status: Status,
    pub(super) until: i64,
    pub(super) pending: Vec<Step>,
    pub(super) pending_retention: Option<i32>,
    pub(crate) lineage: Lineage,
    pub(super) logs: Vec<ShardLog>,
    /// Where each open shard's range starts, in order: what routes a hash key.
    pub(super) routes: Vec<(HashKey, ShardId)>,
    pub(super) next: u64,
    /// Whose turn it is among the routes where records are distributed evenly.
    pub(super) turn: usize,
    pub(super) newest: i64,
    pub(super) limits: Limits,
    /// What arrived before has expired, however long the retention has become since.
    pub(super) floor: i64,
    pub(super) trimmed: i64,
    pub(crate) demand: Demand,
    pub(crate) history: History,
    /// Where records and changes are written to disk; in memory only without it.
    pub(super) tail: Option<Box<Tail>>,
}

/// What was done to a stream lately, as far as a quota of a rolling day counts it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct History {
    pub(crate) shard_counts: Rolling,
    pub(crate) modes: Rolling,
    pub(crate) keys: Rolling,
    pub(crate) key_removals: Rolling,
}

/// What became of a record: whoever counts accepted and throttled traffic finds all of it here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The shard that owns its hash key.
    pub(crate) shard: ShardId,
    /// Data and key.
    pub(crate) size: usize,
    /// Its place; or the limit of the shard that stood in the way.
    pub(crate) result: Result<Sequence, Throttle>,
}

/// How often expired records are looked for.
const TRIM_MILLIS: i64 = 1000;

impl State {
    pub(crate) fn new(settings: StreamSettings, limits: Limits, now: i64, until: i64) -> Self {
        let mut state = Self {
            mode: settings.mode,
            retention_hours: 24,
            encryption: Encryption::None,
            max_record_kib: settings.max_record_kib,
            tags: settings.tags,
            shard_metrics: BTreeSet::new(),
            warm_mibps: settings.warm_mibps,
            distribution: settings.distribution,
            policy: None,
            consumers: Consumers::default(),
            status: Status::Creating,
            until,
            pending: Vec::new(),
            pending_retention: None,
            lineage: Lineage::uniform(settings.shards),
            logs: Vec::new(),
            routes: Vec::new(),
            next: 1,
            turn: 0,
            newest: now,
            tail: None,
            limits,
            floor: i64::MIN,
            trimmed: i64::MIN,
            demand: Demand::default(),
            history: History::default(),
        };
        state.follow_lineage(now);
        state.settle(now);
        state
    }

    pub(crate) fn status(&self) -> Status {
        self.status
    }

    /// Carries out what has become due.
    pub(crate) fn settle(&mut self, now: i64) {
        if now < self.until {
            return;
        }
        match self.status {
            Status::Creating => self.status = Status::Active,
            Status::Updating => {
                self.status = Status::Active;
                for step in std::mem::take(&mut self.pending) {
                    self.apply(step);
                }
                self.follow_lineage(now);
                if let Some(hours) = self.pending_retention.take() {
                    self.floor = self.horizon(self.until);
                    self.retention_hours = hours;
                    self.trimmed = i64::MIN;
                }
            }
            Status::Deleting => self.status = Status::Gone,
            Status::Active | Status::Gone => {}
        }
    }

    /// Starts a change that is carried out at `until`.
    pub(crate) fn update(&mut self, steps: Vec<Step>, now: i64, until: i64) {
        self.pending = steps;
        self.status = Status::Updating;
        self.until = until;
        self.settle(now);
    }

    /// Has another retention begin when the update that is started next is done. What has expired until then stays
    /// so.
    pub(crate) fn set_retention(&mut self, hours: i32) {
        self.pending_retention = Some(hours);
    }

    /// Starts the deletion. The records and the consumers go at once; returns the bytes they took.
    pub(crate) fn delete(&mut self, now: i64, until: i64) -> u64 {
        self.consumers.clear();
        let freed = self.logs.iter_mut().map(|log| log.trim(i64::MAX)).sum();
        self.status = Status::Deleting;
        self.until = until;
        self.settle(now);
        freed
    }

    fn apply(&mut self, step: Step) {
        // The steps were checked when they were asked for, and nothing else reshards while they wait.
        let done = match step {
            Step::Split { at } => self.shard_at(at).map(|id| self.lineage.split(id, at).map(|_| ())),
            Step::Merge { at } => match (at.previous().and_then(|key| self.shard_at(key)), self.shard_at(at))
            {
                (Some(left), Some(right)) => Some(self.lineage.merge(left, right).map(|_| ())),
                _ => None,
            },
        };
        if let Some(Err(cause)) = done {
            tracing::error!(%cause, ?step, "a step of a reshard was not possible");
        }
    }

    fn shard_at(&self, key: HashKey) -> Option<ShardId> {
        self.lineage.owner(key).map(|shard| shard.id)
    }

    /// Opens and closes logs as the lineage says, parents before children.
    fn follow_lineage(&mut self, now: i64) {
        let shards: Vec<(ShardId, bool)> =
            self.lineage.shards().map(|shard| (shard.id, shard.open)).collect();
        for (id, open) in &shards {
            let is_closed = self.log(*id).is_none_or(|log| log.closed.is_some());
            if !open && !is_closed {
                let last = self.take_place();
                if let Some(log) = self.log_mut(*id) {
                    log.close(last, now);
                }
            }
        }
        for (_, open) in shards.iter().skip(self.logs.len()) {
            let mut log = ShardLog::new(self.take_place(), now);
            if !open {
                // Opened and closed within one reshard: a step on the way.
                log.close(self.take_place(), now);
            }
            self.logs.push(log);
        }
        self.route();
    }

    /// Follows the open shards.
    pub(super) fn route(&mut self) {
        self.routes = self.lineage.open().map(|shard| (shard.range.start(), shard.id)).collect();
        self.routes.sort_unstable_by_key(|(start, _)| *start);
    }

    fn take_place(&mut self) -> Sequence {
        let place = self.next;
        self.next += 1;
        Sequence(place)
    }

    pub(crate) fn log(&self, id: ShardId) -> Option<&ShardLog> {
        usize::try_from(id.number()).ok().and_then(|index| self.logs.get(index))
    }

    pub(crate) fn log_mut(&mut self, id: ShardId) -> Option<&mut ShardLog> {
        usize::try_from(id.number()).ok().and_then(|index| self.logs.get_mut(index))
    }

    /// Appends a record to the shard that owns its hash key, if the shard's limits let it pass.
    pub(crate) fn put(
        &mut self,
        key: HashKey,
        (partition_key, data): (std::sync::Arc<str>, bytes::Bytes),
        now: i64,
    ) -> Outcome {
        self.newest = self.newest.max(now);
        let size = partition_key.len() + data.len();
        let index = match self.distribution {
            Distribution::UserPartitionKey => {
                self.routes.partition_point(|(start, _)| *start <= key).saturating_sub(1)
            }
            Distribution::Auto => self.in_turn(size, now),
        };
        let shard = self.routes.get(index).map_or(ShardId::new(0), |(_, id)| *id);
        let index = usize::try_from(shard.number()).unwrap_or(usize::MAX);
        let Some(log) = self.logs.get_mut(index) else {
            // The routes name shards that have a log.
            return Outcome { shard, size, result: Err(Throttle::Records) };
        };
        if self.limits.enforced()
            && let Err(throttle) = log.writes.admit(size, now)
        {
            log.pulse.note(size, false, now);
            return Outcome { shard, size, result: Err(throttle) };
        }
        let sequence = Sequence(self.next);
        self.next += 1;
        let record = Record { sequence, arrived: self.newest, partition_key, data };
        if let Some(tail) = &mut self.tail {
            tail.record(shard, &record);
        }
        log.pulse.note(size, true, now);
        log.push(record);
        Outcome { shard, size, result: Ok(sequence) }
    }

    /// The route that is next: one after the other, as even as can be, but each round from another one on, so that no
    /// producer's own order fits it by chance. One that has no room for a record of this size is left out while another
    /// has.
    fn in_turn(&mut self, size: usize, now: i64) -> usize {
        let count = self.routes.len().max(1);
        let (round, place) = (self.turn / count, self.turn % count);
        self.turn = self.turn.wrapping_add(1);
        // Multiples of the golden ratio, of which the upper bits are taken: they are spread evenly and repeat late.
        let first = (round as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48;
        let turn = (place + usize::try_from(first).unwrap_or_default()) % count;
        if !self.limits.enforced() {
            return turn;
        }
        let has_room = |route: &usize| {
            let log = self.routes.get(*route).and_then(|(_, id)| self.log(*id));
            log.is_some_and(|log| {
                let mut writes = log.writes;
                writes.admit(size, now).is_ok()
            })
        };
        (turn..turn + count).map(|route| route % count).find(has_room).unwrap_or(turn)
    }

    /// Whether throughput and quotas are enforced.
    pub(crate) fn limits(&self) -> Limits {
        self.limits
    }

    /// Where a reader starts that wants only what comes from now on.
    pub(crate) fn latest(&self) -> Position {
        Position(self.next)
    }

    /// Arrivals before this time have expired.
    pub(crate) fn horizon(&self, now: i64) -> i64 {
        now.saturating_sub(i64::from(self.retention_hours) * 3_600_000).max(self.floor)
    }

    /// Drops expired records, once a second at most; returns the bytes they took.
    pub(crate) fn trim(&mut self, now: i64) -> u64 {
        if now < self.trimmed.saturating_add(TRIM_MILLIS) {
            return 0;
        }
        self.trimmed = now;
        let horizon = self.horizon(now);
        self.logs.iter_mut().map(|log| log.trim(horizon)).sum()
    }

    /// Bytes its records take in memory.
    pub(crate) fn held_bytes(&self) -> u64 {
        self.logs.iter().map(ShardLog::held_bytes).sum()
    }

    /// Drops the oldest records until `bytes` are free; returns what became free.
    pub(crate) fn drop_oldest(&mut self, bytes: u64) -> u64 {
        let mut freed = 0;
        while freed < bytes {
            let oldest =
                self.logs.iter_mut().filter(|log| log.oldest().is_some()).min_by_key(|log| log.oldest());
            let Some(record) = oldest.and_then(ShardLog::pop_oldest) else { break };
            freed += record.held_bytes();
        }
        freed
    }

    /// Whether a shard is still listed: it takes records, or its records have not all expired.
    pub(crate) fn is_listed(&self, id: ShardId, now: i64) -> bool {
        let horizon = self.horizon(now);
        self.log(id).is_some_and(|log| log.closed.is_none_or(|closed| closed >= horizon))
    }

    /// The ranges of the open shards.
    pub(crate) fn open_ranges(&self) -> Vec<HashKeyRange> {
        self.lineage.open().map(|shard| shard.range).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use proptest::prelude::*;

    use super::*;
    use crate::kinesis::reshard;

    fn state(shards: u32) -> State {
        State::new(StreamSettings::provisioned(NonZeroU32::new(shards).unwrap()), Limits::On, 0, 0)
    }

    fn put(state: &mut State, key: HashKey, now: i64) -> (ShardId, Sequence) {
        let outcome = state.put(key, ("k".into(), bytes::Bytes::from_static(b"data")), now);
        (outcome.shard, outcome.result.unwrap())
    }

    #[test]
    fn a_reshard_waits_for_its_time_and_then_closes_the_parent() {
        let mut state = state(1);
        let at = HashKey(1 << 127);
        state.update(vec![Step::Split { at }], 0, 100);
        state.settle(99);
        assert_eq!((state.status(), state.lineage.open().count()), (Status::Updating, 1));
        state.settle(100);
        assert_eq!((state.status(), state.lineage.open().count()), (Status::Active, 2));
        assert_eq!(state.log(ShardId::new(0)).unwrap().closed, Some(100));
        assert_eq!(put(&mut state, HashKey::MAX, 101).0, ShardId::new(2));
    }

    #[test]
    fn closed_shards_are_listed_until_their_records_have_expired() {
        let mut state = state(1);
        state.update(vec![Step::Split { at: HashKey(5) }], 0, 0);
        let day = 24 * 3_600_000;
        assert!(state.is_listed(ShardId::new(0), day));
        assert!(!state.is_listed(ShardId::new(0), day + 1));
        assert!(state.is_listed(ShardId::new(1), day + 1));
    }

    #[test]
    fn records_that_are_distributed_evenly_pass_a_shard_by_that_has_no_room() {
        const MIB: usize = 1 << 20;
        let mut state = state(3);
        state.distribution = Distribution::Auto;
        let mut put = |size: usize| {
            let data = vec![0; size - 1].into();
            state.put(HashKey::MIN, ("k".into(), data), 0)
        };
        // The first shard takes all it may in a second, at once.
        assert_eq!(put(MIB).shard, ShardId::new(0));
        let half: Vec<Outcome> = (0..4).map(|_| put(MIB / 2)).collect();
        assert!(half.iter().all(|outcome| outcome.result.is_ok()), "{half:?}");
        let mut taken: Vec<u64> = half.iter().map(|outcome| outcome.shard.number()).collect();
        taken.sort_unstable();
        assert_eq!(taken, [1, 1, 2, 2]);
        assert_eq!(put(MIB / 2).result, Err(Throttle::Bytes), "no shard has room");
        assert_eq!(put(MIB / 2).result, Err(Throttle::Bytes));
    }

    #[test]
    fn the_oldest_records_of_all_shards_go_first() {
        let mut state = state(2);
        let keys = [HashKey::MIN, HashKey::MAX, HashKey::MIN];
        let placed: Vec<_> = keys.iter().map(|key| put(&mut state, *key, 1)).collect();
        assert!(state.drop_oldest(1) > 0);
        assert_eq!(state.logs[0].oldest(), Some(placed[2].1));
        assert_eq!(state.logs[1].oldest(), Some(placed[1].1));
        state.drop_oldest(u64::MAX);
        assert_eq!(state.logs.iter().filter_map(ShardLog::oldest).count(), 0);
    }

    proptest! {
        #[test]
        fn records_go_to_the_owner_of_their_key_in_growing_places_through_reshards(
            counts in proptest::collection::vec(1_u32..12, 1..6),
            keys in proptest::collection::vec(any::<u128>(), 1..20),
        ) {
            let mut state = state(counts[0]);
            let mut last = Sequence(0);
            for (now, count) in (1_i64..).zip(&counts) {
                let steps = reshard::uniform(&state.open_ranges(), NonZeroU32::new(*count).unwrap());
                state.update(steps, now, now);
                prop_assert!(HashKeyRange::tile(state.lineage.open().map(|shard| shard.range)));
                for key in &keys {
                    let (shard, sequence) = put(&mut state, HashKey(*key), now);
                    let owner = state.lineage.owner(HashKey(*key)).unwrap();
                    prop_assert_eq!(shard, owner.id);
                    prop_assert!(sequence > last);
                    prop_assert!(sequence > state.log(shard).unwrap().first);
                    last = sequence;
                }
            }
        }
    }
}
