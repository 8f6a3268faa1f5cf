//! Per-key order.

use std::collections::{BTreeMap, BTreeSet};

use pipectl_shards::HashKey;
use proptest::prelude::*;

use super::*;
use crate::parcel::Aggregation;

fn flow(aggregation: Option<Aggregation>, ttl: Option<Duration>) -> Flow {
    limited(Limits { aggregation, ttl, rate_limit: None, ..Limits::default() })
}

fn limited(limits: Limits) -> Flow {
    let mut flow = Flow::new(Limits { ordering: Ordering::PerKey, ..limits });
    flow.looking();
    flow.looked(Ok(listed(&uniform(1))), MS(0));
    flow
}

fn keyed(key: &str, n: usize) -> Record {
    Record::new(key, n.to_string().into_bytes())
}

/// What each Kinesis record of a request carries.
fn carried(batch: &Batch) -> Vec<Vec<usize>> {
    let numbers = |parcel: Parcel| parcel.members().iter().map(|member| number(&member.record)).collect();
    batch.clone().into_parcels().map(numbers).collect()
}

fn number(record: &Record) -> usize {
    std::str::from_utf8(&record.data).unwrap().parse().unwrap()
}

fn answered(flow: &mut Flow, batch: Batch, result: &PutResult, now: Duration) {
    let results = vec![result.clone(); batch.records.len()];
    flow.answered(batch, Ok(results), at(now));
}

#[test]
fn of_each_key_one_record_is_under_way_and_other_keys_do_not_wait() {
    let mut flow = flow(None, None);
    for (n, key) in ["a", "b", "a", "a", "c"].into_iter().enumerate() {
        flow.put(keyed(key, n), MS(0));
    }
    let first = flow.next_batch(MS(100)).unwrap();
    assert_eq!(carried(&first), [[0], [1], [4]]);
    assert!(flow.next_batch(MS(5_000)).is_none(), "two of a key wait for the one under way");
    answered(&mut flow, first, &landed(0), MS(5_000));
    let second = flow.next_batch(MS(5_000)).unwrap();
    assert_eq!(carried(&second), [[2]], "and do not linger again");
}

#[test]
fn a_record_that_failed_stops_the_later_ones_of_its_key_until_it_is_there() {
    let mut flow = flow(None, None);
    (0..2).for_each(|n| flow.put(keyed("a", n), MS(0)));
    flow.put(keyed("b", 2), MS(0));
    let batch = flow.next_batch(MS(100)).unwrap();
    flow.answered(batch, Ok(vec![throttled(), landed(0)]), at(MS(110)));
    let retry = flow.wake_at().unwrap();
    assert!(retry > MS(200));
    let batch = flow.next_batch(retry).unwrap();
    assert_eq!(carried(&batch), [[0]]);
    flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(retry));
    let retry = flow.wake_at().unwrap();
    let batch = flow.next_batch(retry).unwrap();
    assert_eq!(carried(&batch), [[0]]);
    answered(&mut flow, batch, &landed(0), retry);
    assert_eq!(carried(&flow.next_batch(retry).unwrap()), [[1]]);
}

#[test]
fn one_that_expires_lets_the_next_go_and_those_that_wait_expire_too() {
    let mut flow = flow(None, Some(MS(1_000)));
    flow.put(keyed("a", 0), MS(0));
    flow.put(keyed("a", 1), MS(600));
    let batch = flow.next_batch(MS(700)).unwrap();
    flow.put(keyed("a", 2), MS(1_500));
    assert_eq!(flow.wake_at(), Some(MS(1_600)), "when the first that waits expires");
    assert!(flow.next_batch(MS(1_600)).is_none());
    assert_eq!(names(&flow.take_ended()), ["expired"]);
    flow.answered(batch, Err(error(SinkErrorKind::Transient)), at(MS(1_650)));
    assert_eq!(names(&flow.take_ended()), ["expired"], "its time was over when it failed");
    let batch = flow.next_batch(flow.wake_at().unwrap()).unwrap();
    assert_eq!(carried(&batch), [[2]]);
}

#[test]
fn records_of_a_key_share_an_aggregate_in_order_and_later_ones_wait_for_it() {
    let mut flow = flow(Some(Aggregation::default()), None);
    (0..6).for_each(|n| flow.put(keyed(["a", "b"][n % 2], n), MS(0)));
    let first = flow.next_batch(MS(100)).unwrap();
    assert_eq!(carried(&first), [[0, 1, 2, 3, 4, 5]]);
    (6..9).for_each(|n| flow.put(keyed("a", n), MS(110)));
    flow.put(keyed("c", 9), MS(110));
    let second = flow.next_batch(MS(210)).unwrap();
    assert_eq!(carried(&second), [[9]]);
    answered(&mut flow, first, &throttled(), MS(220));
    let retry = flow.wake_at().unwrap();
    let again = flow.next_batch(retry).unwrap();
    assert_eq!(carried(&again), [[0, 2, 4, 6, 7, 8, 1, 3, 5]], "by key, each in its order");
    answered(&mut flow, again, &landed(0), retry);
    answered(&mut flow, second, &landed(0), retry);
    assert!(flow.is_idle());
}

#[test]
fn a_key_whose_aggregate_is_full_waits_for_it() {
    let small = Aggregation { max_records: 3, ..Aggregation::default() };
    let mut flow = flow(Some(small), None);
    (0..8).for_each(|n| flow.put(keyed("a", n), MS(0)));
    for expected in [&[0, 1, 2][..], &[3, 4, 5], &[6, 7]] {
        let batch = flow.next_batch(MS(100)).unwrap();
        assert_eq!(carried(&batch), [expected]);
        assert!(flow.next_batch(MS(100)).is_none());
        answered(&mut flow, batch, &landed(0), MS(100));
    }
    assert!(flow.is_idle());
}

#[test]
fn a_record_too_large_to_be_aggregated_keeps_its_place() {
    let mut flow = flow(Some(Aggregation { max_bytes: 200, ..Aggregation::default() }), None);
    flow.put(keyed("a", 0), MS(0));
    flow.put(Record::new("a", [b"1".to_vec(), vec![b' '; 300]].concat()), MS(0));
    flow.put(keyed("a", 2), MS(0));
    for size in [1, 301, 1] {
        let batch = flow.next_batch(MS(100)).unwrap();
        assert_eq!(batch.records.iter().map(|record| record.data.len()).collect::<Vec<_>>(), [size]);
        answered(&mut flow, batch, &landed(0), MS(100));
    }
}

#[test]
fn an_aggregate_mixed_by_a_split_comes_again_before_what_was_put_after_it() {
    let mut lineage = uniform(1);
    let mut flow = flow(Some(Aggregation::default()), None);
    (0..40).for_each(|n| flow.put(keyed(&format!("{}", n % 10), n), MS(0)));
    let batch = flow.next_batch(MS(100)).unwrap();
    (40..60).for_each(|n| flow.put(keyed(&format!("{}", n % 10), n), MS(105)));
    lineage.split(ShardId::new(0), HashKey(u128::MAX / 2)).unwrap();
    let child = lineage.owner(batch.records[0].hash_key()).unwrap().id.number();
    answered(&mut flow, batch, &landed(child), MS(110));
    assert!(flow.take_ended().is_empty());
    flow.looking();
    flow.looked(Ok(listed(&lineage)), MS(120));
    let batch = flow.next_batch(flow.wake_at().unwrap()).unwrap();
    let parcels = carried(&batch);
    assert_eq!(parcels.concat().len(), 60, "those that waited come along");
    for parcel in parcels {
        let mut last = BTreeMap::new();
        for n in parcel {
            assert!(last.insert(n % 10, n).is_none_or(|before| before < n));
        }
    }
}

/// A stream that takes records, forgets answers, throttles and reshards; what readers get of it.
struct World {
    lineage: Lineage,
    /// What a reader by KCL's rules is given, in the order in which it arrived.
    arrived: Vec<usize>,
}

impl World {
    /// Takes the records of a request in any order, those that `fails` does not name.
    fn take(&mut self, batch: &Batch, mut dice: fastrand::Rng, fails: u32) -> Vec<PutResult> {
        let parcels: Vec<_> = batch.clone().into_parcels().collect();
        let mut results = vec![throttled(); parcels.len()];
        let mut order: Vec<_> = (0..parcels.len()).collect();
        dice.shuffle(&mut order);
        for index in order {
            let parcel = &parcels[index];
            if dice.u32(..100) < fails {
                continue;
            }
            let owner = self.lineage.owner(parcel.record().hash_key()).unwrap();
            let owns = |record: &Record| owner.range.contains(record.hash_key());
            let members = parcel.members();
            if members.len() == 1 || members.iter().all(|member| owns(&member.record)) {
                self.arrived.extend(members.iter().map(|member| number(&member.record)));
            }
            results[index] = landed(owner.id.number());
        }
        results
    }

    fn reshard(&mut self, at: HashKey, merge: bool) {
        let owner = self.lineage.owner(at).unwrap().clone();
        let _ = match owner.range.end().next() {
            Some(next) if merge => {
                let next = self.lineage.owner(next).unwrap().id;
                self.lineage.merge(owner.id, next).map(|_| ())
            }
            _ => self.lineage.split(owner.id, at).map(|_| ()),
        };
    }

    /// The first occurrences of the records of each key come in the order they were put.
    fn is_in_order(&self, keys: usize, ended: &BTreeMap<usize, &'static str>) -> bool {
        let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::new());
        let firsts = self.arrived.iter().filter(|n| seen.insert(**n) && ended.get(n) == Some(&"delivered"));
        firsts.into_iter().all(|n| last.insert(n % keys, *n).is_none_or(|before| before < *n))
    }
}

const KEYS: usize = 7;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever fails, is lost, comes late or is resharded: no key has two Kinesis records under way, every record ends,
    /// what is acknowledged is there, and the first occurrences of a key are in order.
    #[test]
    fn first_occurrences_are_in_the_order_of_the_puts(
        aggregates in any::<bool>(),
        mortal in any::<bool>(),
        paced in any::<bool>(),
        steps in proptest::collection::vec((0_u8..8, any::<u128>()), 1..120),
    ) {
        let aggregation = aggregates.then_some(Aggregation { max_records: 5, ..Aggregation::default() });
        let (ttl, rate_limit) = (mortal.then_some(MS(3_000)), paced.then_some(0.3));
        let mut flow = limited(Limits { aggregation, ttl, rate_limit, ..Limits::default() });
        let mut world = World { lineage: uniform(1), arrived: Vec::new() };
        let (mut now, mut put, mut under_way, mut ended) = (MS(0), 0, Vec::<Batch>::new(), BTreeMap::new());
        let calm = (0..400).flat_map(|_| [(9, 0), (7, 0)]);
        for (step, number) in steps.into_iter().chain(calm) {
            now += MS(40);
            let dice = fastrand::Rng::with_seed(u64::try_from(number & u128::from(u64::MAX)).unwrap());
            let pick = usize::try_from(number % 1_000).unwrap();
            match step {
                0 | 1 => for _ in 0..pick % 30 {
                    flow.put(keyed(&format!("key-{}", put % KEYS), put), now);
                    put += 1;
                },
                // Answered, some of it throttled; or with effect and without an answer; or neither.
                2..=5 if !under_way.is_empty() => {
                    let batch = under_way.swap_remove(pick % under_way.len());
                    let results = match step { 2 | 3 => Ok(world.take(&batch, dice, 30)), 4 => {
                        world.take(&batch, dice, 0);
                        Err(error(SinkErrorKind::Transient))
                    } _ => Err(error(SinkErrorKind::Throttled)) };
                    flow.answered(batch, results, at(now));
                }
                6 => world.reshard(HashKey(number), pick % 2 == 0),
                7 if flow.look_at().is_some_and(|due| due <= now) => {
                    flow.looking();
                    // Now and then the stream says that it distributes records itself: then nothing is aggregated.
                    let auto = number % 5 == 1;
                    let distribution = if auto { Distribution::Auto } else { Distribution::ByKey };
                    flow.looked(Ok(Routing { distribution, ..listed(&world.lineage) }), now);
                }
                9 => for batch in std::mem::take(&mut under_way) {
                    let results = world.take(&batch, dice.clone(), 0);
                    flow.answered(batch, Ok(results), at(now));
                },
                _ => {}
            }
            under_way.extend(std::iter::from_fn(|| flow.next_batch(now)));
            let mut keys = BTreeSet::new();
            for parcel in under_way.iter().cloned().flat_map(Batch::into_parcels) {
                let of_parcel: BTreeSet<_> = parcel.members().iter().map(|m| m.record.hash_key()).collect();
                prop_assert!(of_parcel.into_iter().all(|key| keys.insert(key)), "two of a key under way");
            }
            ended.extend(flow.take_ended().iter().map(|ended| (self::number(&ended.record), ended.outcome.name())));
        }
        prop_assert_eq!(ended.len(), put, "all of them end");
        let arrived: BTreeSet<_> = world.arrived.iter().collect();
        for (n, outcome) in &ended {
            prop_assert!(*outcome == "expired" && mortal || *outcome == "delivered" && arrived.contains(n), "{}", n);
        }
        prop_assert!(world.is_in_order(KEYS, &ended), "{:?}", world.arrived);
    }
}
