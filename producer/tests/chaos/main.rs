//! Records through throttles, failures, lost answers and reshards, on the endpoint in virtual time: what is acknowledged
//! is what a reader by KCL's rules is given, at the very place that was told; what comes twice came twice because an
//! answer was lost; and in per-key order it comes in the order of the puts.
//!
//! `PIPECTL_CHAOS_SEEDS=200` runs more worlds than the default forty, `PIPECTL_CHAOS_SEEDS=17..18` that one.
//!
//! **Whether this test bites** is tried by mutating the rule it is about, each time in `src/flow/`, and counting the
//! seeds that fail, one process for each (`for n in $(seq 0 39); do PIPECTL_CHAOS_SEEDS=$n..$((n+1)) …`):
//!
//! 1. `landing.rs`, `is_kept`: `members.iter().all(…)` becomes `any`, so that an aggregate counts as arrived when a part
//!    of it belongs to the shard it landed on. Without order 31 of the forty seeds fail, in per-key order 18.
//! 2. `landing.rs`, `judged`, where it is not kept: the members whose hash keys `self.map.range(shard)` contains are
//!    `delivered`, and only the others `missed`. 31 fail without order; in per-key order it hangs on the first key.
//! 3. `landing.rs`, `parcel`: `None => self.await_range(landed)` becomes `None => self.judged(landed, true, answer.now)`,
//!    so that a shard nobody has listed is believed to own everything. 37 fail without order.

#![expect(clippy::unwrap_used, reason = "a test")]

mod reshards;
#[path = "../stream/mod.rs"]
mod stream;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pipectl_producer::Outcome;
use pipectl_producer::flow::Ordering;

use crate::stream::Given;
use crate::world::{Plan, RECORDS, Told, world};

/// Takes less than a minute in a debug build.
const SEEDS: u64 = 40;

/// As the records come; every third world has records that expire.
fn unordered(seed: u64) -> Plan {
    let ttl = (seed % 3 == 2).then_some(Duration::from_secs(20));
    Plan { seed, ordering: Ordering::Unordered, keys: 97, aggregates: true, ttl }
}

/// Few keys, so that many wait; every third world without aggregates.
fn per_key(seed: u64) -> Plan {
    let ttl = (seed % 4 == 3).then_some(Duration::from_secs(20));
    Plan { seed, ordering: Ordering::PerKey, keys: 11, aggregates: seed % 3 != 2, ttl }
}

fn seeds() -> std::ops::Range<u64> {
    let Ok(asked) = std::env::var("PIPECTL_CHAOS_SEEDS") else { return 0..SEEDS };
    let (first, end) = asked.split_once("..").unwrap_or(("0", &asked));
    first.parse().expect("PIPECTL_CHAOS_SEEDS is a number or a range")
        ..end.parse().expect("it ends with a number")
}

/// What is acknowledged is given, where it was told to be.
fn assert_given(seed: u64, told: &Told, given: &[Given]) {
    let places: BTreeSet<_> = given.iter().map(|given| (given.number, &given.place)).collect();
    let missing: Vec<_> =
        told.delivered.iter().filter(|(n, told)| !places.contains(&(**n, &told.place))).collect();
    assert!(missing.is_empty(), "seed {seed}: acknowledged, and no reader is given {missing:?}");
}

/// What is given more than once was sent again because nobody could know that it was there.
fn assert_twice_only_where_in_doubt(seed: u64, told: &Told, given: &[Given]) -> usize {
    let mut times: BTreeMap<u32, usize> = BTreeMap::new();
    given.iter().for_each(|given| *times.entry(given.number).or_default() += 1);
    let mut twice = 0;
    for (number, times) in times {
        let attempts = told.attempts(number).unwrap_or_else(|| panic!("seed {seed}: {number} was never put"));
        let doubtful = attempts.kept().filter(|attempt| world::is_doubtful(attempt)).count();
        let delivered = usize::from(told.delivered.contains_key(&number));
        let forgotten = usize::try_from(attempts.count()).unwrap() - attempts.kept().count();
        assert!(
            times <= delivered + doubtful + forgotten,
            "seed {seed}: {number} was given {times} times without a need: {attempts:?}"
        );
        twice += usize::from(times > 1);
    }
    twice
}

#[tokio::test(start_paused = true)]
async fn what_is_acknowledged_is_what_a_reader_is_given_whatever_happens_to_the_stream() {
    let (mut aggregated, mut retried, mut straddling, mut twice) = (0, 0, 0, 0);
    for seed in seeds() {
        let (told, given) = world(unordered(seed)).await;
        assert_given(seed, &told, &given);
        twice += assert_twice_only_where_in_doubt(seed, &told, &given);
        aggregated += told.delivered.values().filter(|delivered| delivered.place.2.is_some()).count();
        retried += told.delivered.values().filter(|delivered| delivered.attempts.count() > 1).count();
        straddling += told.straddling;
    }
    let worlds = usize::try_from(seeds().end - seeds().start).unwrap();
    let all = usize::try_from(RECORDS).unwrap() * worlds;
    println!(
        "of {all} records {aggregated} came in aggregates, {retried} took more than one attempt, {twice} came twice"
    );
    println!("{straddling} aggregates landed on a shard that does not own all of them");
    if worlds >= 40 {
        assert!(aggregated > all / 4, "aggregates were at work: {aggregated} of {all}");
        assert!(retried > all / 20, "and so were the faults: {retried} of {all}");
        assert!(straddling > worlds, "and the reshards: {straddling} in {worlds} worlds");
    }
}

#[tokio::test(start_paused = true)]
async fn in_per_key_order_the_first_occurrences_of_a_key_come_as_they_were_put() {
    let mut twice = 0;
    for seed in seeds() {
        let plan = per_key(seed);
        let (told, given) = world(plan).await;
        assert_given(seed, &told, &given);
        twice += assert_twice_only_where_in_doubt(seed, &told, &given);
        let (mut seen, mut last) = (BTreeSet::new(), BTreeMap::new());
        for n in given.iter().map(|given| given.number) {
            if seen.insert(n) && told.delivered.contains_key(&n) {
                let before = last.insert(n % plan.keys, n);
                assert!(before.is_none_or(|before| before < n), "seed {seed}: {n} after {before:?}");
            }
        }
        let expired = |outcome: &Outcome| plan.ttl.is_some() && matches!(outcome, Outcome::Expired { .. });
        assert!(told.otherwise.values().all(expired), "seed {seed}: {:?}", told.otherwise);
    }
    assert!(twice > 0 || seeds().end - seeds().start < 40, "answers were lost, so that records came twice");
}
