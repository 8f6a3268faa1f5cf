//! Aggregates on shards that no list has named yet.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::{HashKey, Lineage};
use proptest::prelude::*;

use super::*;
use crate::parcel::Aggregation;

fn flow(lineage: &Lineage, limits: Limits) -> Flow {
    let mut flow = Flow::new(Limits { aggregation: Some(Aggregation::default()), ..limits });
    flow.looking();
    flow.looked(Ok(listed(lineage)), MS(0));
    flow
}

fn look(flow: &mut Flow, lineage: &Lineage, now: Duration) {
    flow.looking();
    flow.looked(Ok(listed(lineage)), now);
}

/// A flow whose aggregate of fifty records, put at 0, landed at 110 ms on shard 1, which nobody has listed.
fn landed_on_an_unlisted_shard(limits: Limits) -> Flow {
    let mut flow = flow(&uniform(1), limits);
    (0..50).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).unwrap();
    assert_eq!(batch.records.len(), 1);
    flow.answered(batch, Ok(vec![landed(1)]), at(MS(110)));
    assert!(flow.take_ended().is_empty(), "nobody knows whether a reader keeps it");
    flow
}

/// What a list names after shard 0 went into shard 1 whole: as a merge does.
fn whole() -> Routing {
    let shards = vec![(ShardId::new(1), pipectl_shards::HashKeyRange::ALL)];
    Routing { shards, distribution: Distribution::ByKey, ..Routing::default() }
}

/// The first child, shard 1, owns the first record and so was sent the aggregate.
fn split() -> Lineage {
    let mut lineage = uniform(1);
    lineage.split(ShardId::new(0), HashKey(record(0).hash_key().0 + 1)).unwrap();
    lineage
}

#[test]
fn what_a_merged_shard_took_is_delivered_once_it_is_listed_and_not_sent_twice() {
    let mut flow = landed_on_an_unlisted_shard(Limits::default());
    assert_eq!(flow.look_at(), Some(MS(110)));
    flow.looking();
    flow.looked(Ok(listed(&uniform(1))), MS(120));
    assert!(flow.next_batch(MS(4_000)).is_none(), "the list lags, and nothing is sent again for it");
    flow.looking();
    flow.looked(Ok(whole()), MS(4_000));
    let ended = flow.take_ended();
    assert_eq!(names(&ended), ["delivered"; 50]);
    let Outcome::Delivered { shard, attempts, .. } = &ended[7].outcome else { panic!() };
    assert_eq!((shard.number(), attempts.count()), (1, 1));
    assert_eq!(attempts.last().unwrap().duration, MS(0), "the request's time, not that of the waiting");
    assert!(flow.is_idle() && flow.wake_at().is_none());
}

#[test]
fn what_a_split_shard_took_is_tried_again_once_it_is_listed() {
    let mut flow = landed_on_an_unlisted_shard(Limits::default());
    look(&mut flow, &split(), MS(2_000));
    assert!(flow.take_ended().is_empty());
    let retry = flow.wake_at().unwrap();
    assert!(retry >= MS(2_100) && retry <= MS(2_200), "{retry:?}: a back-off after it is known");
    assert_eq!(flow.next_batch(retry).unwrap().records.len(), 2, "gathered by the children");
    assert_eq!(flow.stats(retry).errors.of("WrongShard"), 1);
}

#[test]
fn after_some_looks_that_do_not_name_the_shard_its_records_are_tried_again_one_by_one() {
    let mut flow = landed_on_an_unlisted_shard(Limits::default());
    let mut looks = 0;
    while flow.stats(MS(0)).errors.total() == 0 {
        let now = flow.wake_at().into_iter().chain(flow.look_at()).min().unwrap();
        if flow.look_at() == Some(now) {
            looks += 1;
            look(&mut flow, &uniform(1), now);
        }
        assert!(flow.next_batch(now).is_none());
    }
    assert_eq!(looks, 4);
    let retry = flow.wake_at().unwrap();
    assert!(retry >= MS(5_110) && retry <= MS(5_310), "{retry:?}");
    let batch = flow.next_batch(retry).unwrap();
    assert_eq!(batch.records.len(), 50);
    assert_eq!(flow.stats(retry).errors.of("UnknownShard"), 1);
}

#[test]
fn who_cancels_is_told_that_it_may_have_arrived() {
    let mut flow = landed_on_an_unlisted_shard(Limits::default());
    flow.cancel(&Cancellation::Deadline);
    let ended = flow.take_ended();
    assert_eq!(ended.len(), 50);
    for ended in ended {
        let Outcome::Cancelled { in_flight: true, attempts, .. } = ended.outcome else { panic!() };
        assert_eq!(attempts.count(), 1);
    }
    assert!(flow.is_idle() && flow.wake_at().is_none());
}

#[test]
fn a_fatal_error_ends_it_whether_it_came_before_the_answer_or_after() {
    for is_before in [true, false] {
        let mut flow = flow(&uniform(1), Limits::default());
        (0..50).for_each(|n| flow.put(record(n), MS(0)));
        let first = flow.next_batch(MS(100)).unwrap();
        (50..60).for_each(|n| flow.put(record(n), MS(0)));
        let second = flow.next_batch(MS(200)).unwrap();
        let fatal = || Err(error(SinkErrorKind::Fatal));
        if is_before {
            flow.answered(second, fatal(), at(MS(210)));
            flow.answered(first, Ok(vec![landed(1)]), at(MS(220)));
        } else {
            flow.answered(first, Ok(vec![landed(1)]), at(MS(210)));
            flow.answered(second, fatal(), at(MS(220)));
        }
        let in_flight = |ended: &Ended| matches!(ended.outcome, Outcome::Cancelled { in_flight: true, .. });
        assert_eq!(flow.take_ended().iter().filter(|ended| in_flight(ended)).count(), 50);
        assert!(flow.is_idle());
    }
}

#[test]
fn a_time_to_live_ends_it_only_when_it_is_known_that_a_reader_drops_it() {
    let limits = || Limits { ttl: Some(MS(1_000)), ..Limits::default() };
    for (routing, name) in [(whole(), "delivered"), (listed(&split()), "expired")] {
        let mut flow = landed_on_an_unlisted_shard(limits());
        assert!(flow.next_batch(MS(3_000)).is_none());
        assert!(flow.take_ended().is_empty());
        flow.looking();
        flow.looked(Ok(routing), MS(3_000));
        assert_eq!(names(&flow.take_ended()), [name; 50]);
    }
}

#[test]
fn in_per_key_order_the_next_of_a_key_waits_until_it_is_known() {
    let mut flow = landed_on_an_unlisted_shard(Limits { ordering: Ordering::PerKey, ..Limits::default() });
    flow.put(record(7), MS(120));
    assert!(flow.next_batch(MS(1_000)).is_none());
    flow.looking();
    flow.looked(Ok(whole()), MS(1_000));
    assert_eq!(flow.take_ended().len(), 50);
    assert_eq!(flow.next_batch(MS(1_000)).unwrap().records[0].partition_key, "key-7");
}

#[test]
fn where_hash_keys_say_nothing_of_shards_nobody_looks_and_it_is_tried_again_at_once() {
    let lineage = uniform(1);
    let mut flow = flow(&lineage, Limits::default());
    (0..50).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).unwrap();
    flow.looking();
    flow.looked(Ok(Routing { distribution: Distribution::Auto, ..listed(&lineage) }), MS(105));
    flow.answered(batch, Ok(vec![landed(1)]), at(MS(110)));
    let retry = flow.wake_at().unwrap();
    assert!(retry <= MS(310), "{retry:?}");
    assert_eq!(flow.next_batch(retry).unwrap().records.len(), 50);
}

proptest! {
    /// With every request answered, a reader is given each record once, however the shards change below the
    /// aggregates; but for what landed on a shard that was closed again before anyone could list it.
    #[test]
    fn a_reader_is_given_each_record_once_through_any_reshards(
        steps in prop::collection::vec((0_u8..6, any::<u128>()), 1..60),
        ordering in prop_oneof![Just(Ordering::Unordered), Just(Ordering::PerKey)],
    ) {
        let mut lineage = uniform(2);
        let mut flow = flow(&lineage, Limits { ttl: None, ordering, ..Limits::default() });
        let (mut now, mut sent, mut under_way) = (MS(0), 0, Vec::new());
        let (mut given, mut on) = (BTreeMap::new(), BTreeMap::new());
        let mut seen: BTreeSet<_> = lineage.open().map(|shard| shard.id).collect();
        for (step, number) in steps.into_iter().chain((0..60).flat_map(|_| [(1, 0), (2, 0), (5, 0)])) {
            now += MS(60);
            match step {
                0 => for _ in 0..10 { flow.put(record(sent), now); sent += 1; },
                1 => under_way.extend(flow.next_batch(now)),
                2 => for batch in under_way.drain(..) {
                    let mut answers = Vec::new();
                    for parcel in batch.clone().into_parcels() {
                        let owner = lineage.owner(parcel.record().hash_key()).unwrap();
                        answers.push(landed(owner.id.number()));
                        let members = parcel.into_members();
                        let is_alone = members.len() == 1;
                        if is_alone || members.iter().all(|m| owner.range.contains(m.record.hash_key())) {
                            for member in members {
                                *given.entry(member.record.data.clone()).or_insert(0) += 1;
                                on.entry(member.record.data).or_insert_with(Vec::new).push(owner.id);
                            }
                        }
                    }
                    flow.answered(batch, Ok(answers), at(now));
                },
                3 => { let owner = lineage.owner(HashKey(number)).unwrap().id;
                       let _ = lineage.split(owner, HashKey(number)); }
                4 => { let owner = lineage.owner(HashKey(number)).unwrap().clone();
                       if let Some(next) = owner.range.end().0.checked_add(1) {
                           let next = lineage.owner(HashKey(next)).unwrap().id;
                           let _ = lineage.merge(owner.id, next);
                       } }
                _ => if flow.look_at().is_some_and(|due| due <= now) {
                    seen.extend(lineage.open().map(|shard| shard.id));
                    look(&mut flow, &lineage, now);
                },
            }
        }
        prop_assert_eq!(flow.take_ended().len(), sent, "all end once the shards are left alone");
        prop_assert_eq!(given.len(), sent, "and a reader is given all");
        for (data, times) in given {
            let listed = on[&data].iter().all(|shard| seen.contains(shard));
            prop_assert!(times == 1 || !listed, "{data:?} was given {times} times");
        }
    }
}
