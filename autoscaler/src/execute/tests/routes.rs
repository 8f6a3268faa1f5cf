//! Routes, purely: from any layout to any target by legal calls only, and the fastest of them.

use std::num::NonZeroU32;
use std::time::Duration;

use pipectl_shards::{HashKey, Lineage};
use proptest::prelude::*;

use crate::execute::{
    Call, Change, Layout, Move, NoRoute, OpenShard, Route, ShardMap, Situation, Target, Terms, route,
};

fn count(count: u32) -> NonZeroU32 {
    NonZeroU32::new(count).unwrap()
}

fn map(lineage: &Lineage) -> ShardMap {
    ShardMap::new(lineage.open().map(|shard| OpenShard { id: shard.id, range: shard.range }).collect())
        .unwrap()
}

fn found(lineage: &Lineage, target: &Target, updates_left: u32) -> Route {
    let map = map(lineage);
    let situation = Situation { map: &map, updates_left, room: u32::MAX, updated_to: None };
    route(&situation, target, &Terms::default()).unwrap()
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

#[test]
fn many_shards_are_reached_by_doubling() {
    let route = found(&Lineage::uniform(count(2)), &Target::Shards(count(64)), 10);
    let expected = [4, 8, 16, 32, 64].map(Move::Update);
    // The first double takes no longer by two splits, and spares a call of the day.
    assert!(route.takes <= minutes(25));
    let updates: Vec<_> =
        route.moves.iter().filter(|step| matches!(step, Move::Update(_))).copied().collect();
    assert!(expected.ends_with(&updates) && updates.len() >= 3, "{route:?}");
}

#[test]
fn who_decided_on_an_update_gets_one_as_long_as_the_day_has_calls_left() {
    let lineage = Lineage::uniform(count(3));
    let target = Target::Update(count(6));
    assert_eq!(found(&lineage, &target, 1).moves, [Move::Update(6)]);
    assert_eq!(found(&lineage, &target, 0).moves, found(&lineage, &Target::Shards(count(6)), 0).moves);
}

#[test]
fn a_few_splits_are_faster_than_an_update() {
    let route = found(&Lineage::uniform(count(3)), &Target::Shards(count(6)), 10);
    assert_eq!(route.takes, Duration::from_secs(90));
    assert!(route.moves.iter().all(|step| matches!(step, Move::Split(_))), "{route:?}");
}

#[test]
fn without_a_call_left_of_the_day_everything_goes_by_splits_and_merges() {
    let route = found(&Lineage::uniform(count(20)), &Target::Shards(count(50)), 0);
    assert!(!route.moves.iter().any(|step| matches!(step, Move::Update(_))));
    let first_merge = route.moves.iter().position(|step| matches!(step, Move::Merge(_))).unwrap();
    assert!(
        route.moves[first_merge..].iter().all(|step| matches!(step, Move::Merge(_))),
        "splits come first"
    );
}

#[test]
fn a_stream_that_is_there_has_no_route_to_go() {
    assert_eq!(found(&Lineage::uniform(count(7)), &Target::Shards(count(7)), 10).moves, []);
    let mut uneven = Lineage::uniform(count(2));
    uneven.split(pipectl_shards::ShardId::new(0), HashKey(1 << 100)).unwrap();
    let map = map(&uneven);
    let after_update = Situation { map: &map, updates_left: 10, room: 9, updated_to: Some(3) };
    let target = Target::Shards(count(3));
    assert_eq!(route(&after_update, &target, &Terms::default()).unwrap().moves, [], "AWS calls it even");
    let after_split = Situation { updated_to: None, ..after_update };
    assert_ne!(route(&after_split, &target, &Terms::default()).unwrap().moves, []);
}

#[test]
fn changes_are_made_in_their_order_and_those_that_are_made_or_cannot_be_are_passed_over() {
    let quarter = 1 << 126;
    let [at, there, mute] = [quarter, 2 * quarter, 3 * quarter].map(HashKey);
    let target = Target::changes(&[
        Change::Merge(at),
        Change::Split(mute),
        Change::Split(there),
        Change::Split(at),
        Change::Split(HashKey(u128::MAX)),
        Change::Merge(HashKey(7)),
    ]);
    let route = found(&Lineage::uniform(count(2)), &target, 10);
    assert_eq!(route.moves, [Move::Split(mute), Move::Split(at)]);
    assert_eq!(route.takes, minutes(1));
    let text = serde_json::to_string(&target).unwrap();
    assert_eq!(serde_json::from_str::<Target>(&text).unwrap(), target);
}

#[test]
fn the_quota_is_obeyed_and_named() {
    let map = map(&Lineage::uniform(count(4)));
    let situation = Situation { map: &map, updates_left: 10, room: 2, updated_to: None };
    let none = route(&situation, &Target::Shards(count(7)), &Terms::default()).unwrap_err();
    assert_eq!(none, NoRoute::Quota { wanted: 7, room: 2, open: 4 });
    assert!(none.to_string().contains("room for 2"), "{none}");
}

/// Carries out a move as AWS does; an illegal one panics.
fn carry_out(lineage: &mut Lineage, step: Move) {
    match Call::of(step, &map(lineage)).unwrap() {
        Call::UpdateShardCount(target) => {
            let open = u32::try_from(lineage.open().count()).unwrap();
            assert!(target.get() <= open * 2 && target.get() * 2 >= open, "{open} to {target}");
            *lineage = Lineage::uniform(target);
        }
        Call::Split { shard, at } => drop(lineage.split(shard, at).unwrap()),
        Call::Merge { left, right } => drop(lineage.merge(left, right).unwrap()),
    }
}

/// Some layout of `shards` shards at any keys.
pub(super) fn lineage(start: u32, cuts: &[u128]) -> Lineage {
    let mut lineage = Lineage::uniform(count(start));
    for cut in cuts {
        let owner = lineage.owner(HashKey(*cut)).unwrap();
        let (id, range) = (owner.id, owner.range);
        if *cut > range.start().0 + 1 && HashKey(*cut) < range.end() {
            lineage.split(id, HashKey(*cut)).unwrap();
        }
    }
    lineage
}

pub(super) fn target(shards: u32, cuts: Option<Vec<u128>>) -> Target {
    let layout = cuts.and_then(|cuts| Layout::new(cuts.into_iter().map(HashKey).collect()).ok());
    layout.map_or(Target::Shards(count(shards)), Target::Layout)
}

proptest! {
    #[test]
    fn any_target_is_reached_from_anywhere_by_legal_calls_and_each_call_leaves_less_to_do(
        start in 1_u32..60,
        cuts in proptest::collection::vec(any::<u128>(), 0..12),
        shards in 1_u32..90,
        wanted in proptest::option::of(proptest::collection::vec(any::<u128>(), 0..40)),
        updates_left in 0_u32..=10,
        spare in 0_u32..200,
    ) {
        let mut lineage = lineage(start, &cuts);
        let target = target(shards, wanted);
        let open = u32::try_from(lineage.open().count()).unwrap();
        let most = open.max(target.count(&map(&lineage))) + spare;
        let (mut updates_left, mut updated_to) = (updates_left, None);
        let mut before = Duration::MAX;
        loop {
            let map = map(&lineage);
            prop_assert!(map.count() <= most, "within the quota");
            let situation = Situation { map: &map, updates_left, room: most - map.count(), updated_to };
            let route = route(&situation, &target, &Terms::default()).unwrap();
            let Some(first) = route.moves.first().copied() else { break };
            prop_assert!(route.takes < before, "{:?} after {before:?}: {:?}", route.takes, route.moves);
            before = route.takes;
            carry_out(&mut lineage, first);
            updated_to = match first { Move::Update(count) => Some(count), _ => None };
            updates_left -= u32::from(updated_to.is_some());
        }
        let end = map(&lineage);
        prop_assert_eq!(end.count(), target.count(&end));
        let situation = Situation { map: &end, updates_left, room: most, updated_to };
        prop_assert!(target.is_reached(&situation));
    }

    #[test]
    fn no_shard_gets_wider_than_it_was_or_is_to_be_where_there_is_room(
        start in 1_u32..20,
        shards in 1_u32..40,
    ) {
        let mut lineage = Lineage::uniform(count(start));
        let widest = |lineage: &Lineage| lineage.open().map(|shard| shard.range.share()).fold(0.0, f64::max);
        let bound = (1.0 / f64::from(start)).max(1.0 / f64::from(shards)) * 1.000_001;
        for step in found(&lineage.clone(), &Target::Shards(count(shards)), 0).moves {
            carry_out(&mut lineage, step);
            prop_assert!(widest(&lineage) <= bound);
        }
    }
}
