//! Aggregates, and shards that change below them.

use pipectl_shards::{HashKey, Lineage};
use proptest::prelude::*;

use super::*;
use crate::parcel::Aggregation;

/// A flow that aggregates and knows the shards.
fn flow(lineage: &Lineage) -> Flow {
    let mut flow = Flow::new(Limits { aggregation: Some(Aggregation::default()), ..Limits::default() });
    assert_eq!(flow.look_at(), Some(MS(0)));
    flow.looking();
    flow.looked(Ok(listed(lineage)), MS(0));
    assert_eq!(flow.look_at(), None);
    flow
}

fn places(ended: &[Ended]) -> Vec<Option<u64>> {
    let place = |ended: &Ended| match &ended.outcome {
        Outcome::Delivered { sub_sequence, .. } => *sub_sequence,
        outcome => panic!("{outcome:?}"),
    };
    ended.iter().map(place).collect()
}

#[test]
fn the_records_of_a_shard_share_a_record_and_each_is_told_its_place() {
    let mut flow = flow(&uniform(2));
    (0..100).for_each(|n| flow.put(record(n), MS(0)));
    assert!(flow.next_batch(MS(99)).is_none(), "they wait for company");
    assert_eq!(flow.wake_at(), Some(MS(100)));
    let batch = flow.next_batch(MS(100)).unwrap();
    assert_eq!(batch.records.len(), 2, "one for each shard");
    let answers = batch.records.iter().map(|record| {
        let half = record.hash_key() > HashKey(u128::MAX / 2);
        landed(u64::from(half))
    });
    let answers = answers.collect();
    flow.answered(batch, Ok(answers), at(MS(110)));
    let mut places = places(&flow.take_ended());
    places.sort_unstable();
    assert_eq!(places.len(), 100);
    assert_eq!(places[..2], [Some(0), Some(0)]);
    assert!(flow.is_idle());
    assert_eq!(flow.look_at(), None, "nothing was surprising");
}

#[test]
fn an_aggregate_that_lands_where_one_of_its_records_is_dropped_has_not_arrived_at_all() {
    let mut lineage = uniform(1);
    let mut flow = flow(&lineage);
    (0..50).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).unwrap();
    lineage.split(ShardId::new(0), HashKey(u128::MAX / 3)).unwrap();
    // It lands on a child, which owns some of them; the map has never seen it.
    let child = lineage.owner(batch.records[0].hash_key()).unwrap().id.number();
    flow.answered(batch, Ok(vec![landed(child)]), at(MS(110)));
    assert!(flow.take_ended().is_empty());
    assert_eq!(flow.look_at(), Some(MS(110)), "the map is out of date");
    flow.looking();
    flow.looked(Ok(listed(&lineage)), MS(120));
    let retry = flow.wake_at().unwrap();
    let batch = flow.next_batch(retry).unwrap();
    assert_eq!(batch.records.len(), 2, "now they are gathered by the children");
    let owner = |record: &Record| landed(if record.hash_key() < HashKey(u128::MAX / 3) { 1 } else { 2 });
    let answers = batch.records.iter().map(owner).collect();
    flow.answered(batch, Ok(answers), at(retry));
    assert_eq!(places(&flow.take_ended()).len(), 50);
    assert!(flow.is_idle());
}

#[test]
fn a_record_of_a_known_range_decides_even_where_the_shard_is_not_the_predicted_one() {
    let mut lineage = uniform(2);
    let mut flow = flow(&lineage);
    lineage.merge(ShardId::new(0), ShardId::new(1)).unwrap();
    flow.looked(Ok(listed(&lineage)), MS(0));
    (0..20).for_each(|n| flow.put(record(n), MS(0)));
    let batch = flow.next_batch(MS(100)).unwrap();
    assert_eq!(batch.records.len(), 1);
    // A shard of half the space cannot own all of them.
    flow.answered(batch, Ok(vec![landed(0)]), at(MS(110)));
    assert!(flow.take_ended().is_empty());
}

#[test]
fn what_was_gathered_for_shards_that_are_gone_is_gathered_anew() {
    let mut lineage = uniform(1);
    let mut flow = flow(&lineage);
    (0..50).for_each(|n| flow.put(record(n), MS(0)));
    lineage.split(ShardId::new(0), HashKey(u128::MAX / 2)).unwrap();
    flow.looked(Ok(listed(&lineage)), MS(50));
    let batch = flow.next_batch(MS(100)).unwrap();
    assert_eq!(batch.records.len(), 2);
}

#[test]
fn while_the_map_is_in_doubt_and_after_too_many_riddles_records_go_alone() {
    let lineage = uniform(2);
    let mut flow = flow(&lineage);
    let mut now = MS(0);
    let mut rounds = 0;
    // As a stream does that distributes records itself: everything lands on shard 0.
    while flow.account().requests < 40 {
        (0..20).for_each(|n| flow.put(record(n), now));
        now += MS(100);
        while let Some(batch) = flow.next_batch(now) {
            let answers = batch.records.iter().map(|_| landed(0)).collect();
            flow.answered(batch, Ok(answers), at(now));
        }
        if flow.look_at().is_some_and(|due| due <= now) {
            flow.looking();
            flow.looked(Ok(listed(&lineage)), now);
            rounds += 1;
        }
        now += MS(10_000);
    }
    assert_eq!(rounds, 6, "then it is no longer asked");
    assert_eq!(flow.look_at(), None);
    flow.drain();
    (0..20).for_each(|n| flow.put(record(n), now));
    assert!(flow.next_batch(now).unwrap().records.len() >= 20, "each by itself");
}

proptest! {
    /// Records end once, and an acknowledged one is in an aggregate that the shard it landed on owns whole, whatever
    /// the shards do meanwhile.
    #[test]
    fn no_record_is_acknowledged_that_a_reader_drops(
        steps in proptest::collection::vec((0_u8..6, any::<u128>()), 1..80),
    ) {
        let mut lineage = uniform(2);
        let limits = Limits { aggregation: Some(Aggregation::default()), ttl: None, ..Limits::default() };
        let mut flow = Flow::new(limits);
        let (mut now, mut sent, mut under_way) = (MS(0), 0, Vec::new());
        let mut kept = std::collections::BTreeSet::new();
        let mut told = Vec::new();
        for (step, number) in steps.into_iter().chain((0..60).flat_map(|_| [(1, 0), (2, 0), (5, 0)])) {
            now += MS(60);
            match step {
                0 => for _ in 0..10 { flow.put(record(sent), now); sent += 1; },
                1 => under_way.extend(flow.next_batch(now)),
                2 => for batch in under_way.drain(..) {
                    let mut answers = Vec::new();
                    for parcel in batch.clone().into_parcels() {
                        let owner = lineage.owner(parcel.record().hash_key()).unwrap();
                        let members = parcel.into_members();
                        // KCL's rule: all of it, or nothing. A record by itself is always kept.
                        if members.len() == 1 || members.iter().all(|m| owner.range.contains(m.record.hash_key())) {
                            kept.extend(members.into_iter().map(|member| member.record.data));
                        }
                        answers.push(landed(owner.id.number()));
                    }
                    flow.answered(batch, Ok(answers), at(now));
                },
                3 => { let owner = lineage.owner(HashKey(number)).unwrap().id; let _ = lineage.split(owner, HashKey(number)); }
                4 => { let owner = lineage.owner(HashKey(number)).unwrap().clone();
                       if let Some(next) = owner.range.end().0.checked_add(1) {
                           let next = lineage.owner(HashKey(next)).unwrap().id;
                           let _ = lineage.merge(owner.id, next);
                       } }
                _ => if flow.look_at().is_some_and(|due| due <= now) {
                    flow.looking();
                    flow.looked(Ok(listed(&lineage)), now);
                },
            }
            told.extend(flow.take_ended());
        }
        prop_assert_eq!(told.len(), sent, "all end once the shards are left alone");
        for ended in told {
            prop_assert_eq!(ended.outcome.name(), "delivered");
            prop_assert!(kept.contains(&ended.record.data), "{:?}", ended);
        }
    }
}
