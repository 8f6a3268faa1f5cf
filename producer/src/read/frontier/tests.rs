//! Lineages, resumed readings and lagging listings.

use super::*;
use crate::outcome::SequenceNumber;
use crate::read::{Checkpoint, Place};
use jiff::Timestamp;
use proptest::prelude::*;

fn id(number: u64) -> ShardId {
    ShardId::new(number)
}

fn shard(number: u64, parents: &[u64], closed: bool) -> ShardDescription {
    let parents = parents.iter().copied().map(ShardId::new).collect();
    ShardDescription { id: id(number), parents, closed, range: HashKeyRange::ALL }
}

fn frontier(start: &Start) -> Frontier {
    Frontier::new(start, None)
}

fn turns(frontier: &mut Frontier) -> Vec<(u64, Position)> {
    frontier.ready().into_iter().map(|turn| (turn.shard.number(), turn.position)).collect()
}

fn ids(frontier: &mut Frontier) -> Vec<u64> {
    turns(frontier).into_iter().map(|(id, _)| id).collect()
}

fn place(number: &str) -> Progress {
    Progress::At(Place { sequence: SequenceNumber::new(number), sub_sequence: Some(3), time: None })
}

#[test]
fn from_the_trim_horizon_children_wait_for_all_their_parents() {
    // 0 was split into 2 and 3; 1 and 3 were merged into 4.
    let shards = [
        shard(0, &[], true),
        shard(1, &[], true),
        shard(2, &[0], false),
        shard(3, &[0], true),
        shard(4, &[1, 3], false),
    ];
    let mut frontier = frontier(&Start::TrimHorizon);
    frontier.list(&shards);
    assert_eq!(ids(&mut frontier), [0, 1]);
    frontier.ended(id(1));
    assert!(ids(&mut frontier).is_empty());
    frontier.ended(id(0));
    assert_eq!(ids(&mut frontier), [2, 3]);
    frontier.ended(id(3));
    assert_eq!(turns(&mut frontier), [(4, Position::TrimHorizon)]);
}

#[test]
fn from_the_latest_only_open_shards_are_read_and_their_children_from_the_start() {
    let before = [shard(0, &[], true), shard(1, &[0], false), shard(2, &[0], false)];
    let mut frontier = frontier(&Start::Latest);
    frontier.list(&before);
    assert_eq!(turns(&mut frontier), [(1, Position::Latest), (2, Position::Latest)]);
    frontier.ended(id(1));
    // The child may be closed itself by the time that it is seen.
    frontier.list(&[
        shard(1, &[0], true),
        shard(2, &[0], false),
        shard(3, &[1], true),
        shard(4, &[3], false),
    ]);
    assert_eq!(turns(&mut frontier), [(3, Position::TrimHorizon)]);
    frontier.ended(id(3));
    assert_eq!(turns(&mut frontier), [(4, Position::TrimHorizon)]);
}

#[test]
fn a_parent_that_was_trimmed_is_not_waited_for() {
    let mut frontier = frontier(&Start::TrimHorizon);
    frontier.list(&[shard(5, &[2], false)]);
    assert_eq!(ids(&mut frontier), [5]);
}

#[test]
fn the_children_that_a_last_page_tells_need_no_listing() {
    let mut frontier = frontier(&Start::TrimHorizon);
    frontier.list(&[shard(0, &[], false)]);
    assert_eq!(ids(&mut frontier), [0]);
    frontier.ended(id(0));
    assert!(frontier.lacks(id(0)));
    frontier.children(&[shard(1, &[0], false), shard(2, &[0], false)]);
    assert!(!frontier.lacks(id(0)));
    assert_eq!(ids(&mut frontier), [1, 2]);
}

#[test]
fn a_merged_shard_waits_for_a_parent_that_only_a_listing_will_tell() {
    // 1 was split into 2 and 3; 0 and 2 were merged into 4, which the end of 0 tells first.
    let mut frontier = frontier(&Start::TrimHorizon);
    frontier.list(&[shard(0, &[], false), shard(1, &[], false)]);
    assert_eq!(ids(&mut frontier), [0, 1]);
    frontier.ended(id(0));
    frontier.children(&[shard(4, &[0, 2], false)]);
    assert!(frontier.lacks(id(0)), "2 is not known");
    frontier.list(&[shard(0, &[], true), shard(1, &[], true)]);
    assert!(ids(&mut frontier).is_empty(), "a listing that lags says nothing about 2");
    frontier.list(&[
        shard(0, &[], true),
        shard(1, &[], true),
        shard(2, &[1], true),
        shard(3, &[1], false),
        shard(4, &[0, 2], false),
    ]);
    assert!(!frontier.lacks(id(0)));
    assert!(ids(&mut frontier).is_empty());
    frontier.ended(id(1));
    assert_eq!(ids(&mut frontier), [2, 3]);
    frontier.ended(id(2));
    assert_eq!(ids(&mut frontier), [4]);
}

#[test]
fn a_checkpoint_leads_to_where_each_shard_was() {
    let time = Timestamp::UNIX_EPOCH;
    let shards = [
        (id(0), Progress::Ended),
        (id(1), place("17")),
        (id(2), Progress::Passed(SequenceNumber::new("20"))),
    ];
    let start = Start::Checkpoint(Checkpoint::with(Origin::At(time), shards));
    let mut frontier = frontier(&start);
    let shards = [
        shard(0, &[], true),
        shard(1, &[0], true),
        shard(2, &[0], false),
        shard(3, &[1], false),
        shard(4, &[], false),
    ];
    assert_eq!(frontier.list(&shards), Gone::default());
    let after = |number| Position::After(SequenceNumber::new(number));
    let at = Position::AtSequence(SequenceNumber::new("17"));
    assert_eq!(turns(&mut frontier), [(1, at), (2, after("20")), (4, Position::At(time))]);
    frontier.ended(id(1));
    assert_eq!(turns(&mut frontier), [(3, Position::At(time))]);
}

#[test]
fn what_a_checkpoint_has_and_a_listing_has_no_more_is_told_apart() {
    let begun = [(id(0), Progress::Ended), (id(1), place("17")), (id(2), Progress::Ended)];
    let start = Start::Checkpoint(Checkpoint::with(Origin::TrimHorizon, begun));
    let mut frontier = frontier(&start);
    let listing = [shard(2, &[0], true), shard(3, &[2], false)];
    assert!(!frontier.is_ahead_of(&listing));
    assert_eq!(frontier.list(&listing), Gone { done: vec![id(0)], unread: vec![id(1)] });
    assert_eq!(frontier.list(&listing), Gone::default(), "it is told once");
    // 2 is the parent of one that is listed, so a listing without it does not lag: it has expired.
    assert_eq!(frontier.list(&[shard(3, &[2], false)]).done, [id(2)]);
}

#[test]
fn a_listing_that_lacks_a_shard_that_was_read_already_is_known_to_lag() {
    let begun = [(id(0), Progress::Ended), (id(2), place("17"))];
    let start = Start::Checkpoint(Checkpoint::with(Origin::TrimHorizon, begun));
    let frontier = frontier(&start);
    assert!(frontier.is_ahead_of(&[shard(0, &[], true)]));
    assert!(!frontier.is_ahead_of(&[shard(0, &[], true), shard(1, &[0], false), shard(2, &[0], false)]));
}

#[test]
fn only_the_shards_that_are_wanted_are_read_and_no_others_waited_for() {
    let only = BTreeSet::from([id(2), id(9)]);
    let mut frontier = Frontier::new(&Start::TrimHorizon, Some(only));
    let shards = [shard(0, &[], true), shard(1, &[0], false), shard(2, &[0], false)];
    assert_eq!(frontier.missing(&shards), [id(9)]);
    frontier.list(&shards);
    assert_eq!(ids(&mut frontier), [2]);
    frontier.ended(id(2));
    assert!(!frontier.lacks(id(2)), "its children are not wanted");
}

/// A random lineage: what was split and merged out of two shards.
fn lineage() -> impl Strategy<Value = Vec<ShardDescription>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..30).prop_map(|reshards| {
        let mut shards = vec![shard(0, &[], false), shard(1, &[], false)];
        for (at, merge) in reshards {
            let open: Vec<usize> = (0..shards.len()).filter(|n| !shards[*n].closed).collect();
            let first = open[at.index(open.len())];
            let next = shards.len() as u64;
            shards[first].closed = true;
            if merge && open.len() > 1 {
                let second = *open.iter().find(|n| **n != first).expect("another");
                shards[second].closed = true;
                shards.push(shard(next, &[first as u64, second as u64], false));
            } else {
                shards.push(shard(next, &[first as u64], false));
                shards.push(shard(next + 1, &[first as u64], false));
            }
        }
        shards
    })
}

proptest! {
    /// Every shard is given out once, and never before its parents have ended.
    #[test]
    fn every_shard_is_read_once_and_after_its_parents(shards in lineage()) {
        let mut frontier = frontier(&Start::TrimHorizon);
        frontier.list(&shards);
        let (mut ended, mut open) = (BTreeSet::new(), 0);
        loop {
            let ready = frontier.ready();
            if ready.is_empty() {
                break;
            }
            for Turn { shard, .. } in ready {
                let described = shards.iter().find(|known| known.id == shard).expect("known");
                prop_assert!(described.parents.iter().all(|parent| ended.contains(parent)));
                if described.closed {
                    prop_assert!(ended.insert(shard));
                    frontier.ended(shard);
                } else {
                    open += 1;
                }
            }
        }
        prop_assert_eq!(ended.len() + open, shards.len());
    }

    /// The same when all but the first shards are told by the last pages of their parents, with a listing where one
    /// is asked for.
    #[test]
    fn children_told_by_their_parents_come_in_the_same_order(shards in lineage()) {
        let mut frontier = frontier(&Start::TrimHorizon);
        frontier.list(&shards[..2]);
        let mut ended = BTreeSet::new();
        let mut given = BTreeSet::new();
        loop {
            let ready = frontier.ready();
            if ready.is_empty() {
                break;
            }
            for Turn { shard, .. } in ready {
                prop_assert!(given.insert(shard));
                let described = shards.iter().find(|known| known.id == shard).expect("known");
                prop_assert!(described.parents.iter().all(|parent| ended.contains(parent)));
                if described.closed {
                    ended.insert(shard);
                    frontier.ended(shard);
                    let is_child = |known: &&ShardDescription| known.parents.contains(&shard);
                    let children: Vec<_> = shards.iter().filter(is_child).cloned().collect();
                    frontier.children(&children);
                    if frontier.lacks(shard) {
                        frontier.list(&shards);
                    }
                }
            }
        }
        prop_assert_eq!(given.len(), shards.len());
    }
}
