//! A shard gives out two mebibytes a second: mappings wait for it, and time goes on meanwhile.

use pipectl_shards::ShardId;
use serde_json::json;

use super::super::work::Work;
use super::sim::{Sim, done, put, returned, state};
use crate::Limits;

const MEGABYTE: usize = 1_000_000;

/// A backlog of so many records of a megabyte, as fast as a shard takes them.
fn backlog(sim: &mut Sim, records: usize) {
    for _ in 0..records {
        put(&sim.stream, "k", vec![b'x'; MEGABYTE], sim.now);
        sim.now += 1000;
    }
}

#[test]
fn what_a_held_back_shard_gave_so_far_goes_to_the_function_at_once() {
    let mut sim = Sim::with(Limits::On, 1, |settings| settings.batch_size = 10_000);
    backlog(&mut sim, 6);
    let history = sim.run_until(20_000, |_| done());
    let counts: Vec<(i64, usize)> =
        history.invoked.iter().map(|(at, work)| (*at, work.entries.len())).collect();
    assert_eq!(counts.iter().map(|(_, records)| records).sum::<usize>(), 6, "{counts:?}");
    assert_eq!(counts[0].0, 6000, "{counts:?}");
    assert!(counts.windows(2).all(|pair| pair[1].0 > pair[0].0), "{counts:?}");
    assert!((7000..=9000).contains(&counts.last().unwrap().0), "two megabytes a second: {counts:?}");
}

#[test]
fn a_batching_window_ends_in_time_while_the_shard_is_held_back() {
    let mut sim = Sim::with(Limits::On, 1, |settings| {
        settings.batching_window_s = 2;
        settings.batch_size = 10_000;
    });
    sim.put("k", &["1"]);
    sim.run_until(1000, |_| done());
    sim.others_read(ShardId::new(0), 20 * MEGABYTE);
    sim.put("k", &["2"]);
    let history = sim.run_until(30_000, |_| done());
    assert_eq!(history.batches(), ["1", "2"]);
    assert_eq!(history.invoked[0].0, 2000);
    assert!(history.invoked[1].0 > 10_000, "after twenty megabytes nothing is read for so long");
}

#[test]
fn a_tumbling_window_waits_for_what_a_held_back_shard_still_has_of_it() {
    let mut sim = Sim::with(Limits::On, 1, |settings| settings.tumbling_ms = Some(60_000));
    let count = |work: &Work| {
        let before = state(work)["n"].as_u64().unwrap_or(0);
        returned(&json!({ "state": { "n": before + work.entries.len() as u64 } }))
    };
    sim.put("k", &["1"]);
    sim.run_until(39_000, count);
    // The window ends a second later, the shard gives nothing for ten.
    sim.others_read(ShardId::new(0), 20 * MEGABYTE);
    sim.put("k", &["2"]);
    let history = sim.run_until(70_000, count);
    let told: Vec<(usize, bool)> = history
        .invoked
        .iter()
        .map(|(_, work)| (work.entries.len(), work.pane.as_ref().unwrap().is_final))
        .collect();
    assert_eq!(told, [(1, false), (1, false), (0, true)]);
    let ended = history.invoked[2].0;
    assert!((48_000..50_000).contains(&ended), "{ended}");
}
