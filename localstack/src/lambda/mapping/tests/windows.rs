//! Tumbling windows: their state, their end, their failures.

use serde_json::{Value, json};

use super::super::ports::Outcome;
use super::super::work::{Condition, Work};
use super::sim::{Sim, answer, done, failed, put, returned, state, throttled};

const MINUTE: i64 = 60_000;

fn windows(change: impl FnOnce(&mut super::super::settings::Settings)) -> Sim {
    Sim::new(1, |settings| {
        settings.tumbling_ms = Some(MINUTE);
        change(settings);
    })
}

/// Counts records, as the documentation's example does.
fn count(work: &Work) -> Outcome {
    let before = state(work)["n"].as_u64().unwrap_or(0);
    returned(&json!({ "state": { "n": before + work.entries.len() as u64 } }))
}

/// What each invocation was told: records, state, final.
fn told(sim: &Sim) -> Vec<(usize, Value, bool)> {
    let pane = |work: &Work| work.pane.clone().unwrap();
    let told = |work: &Work| (work.entries.len(), state(work), pane(work).is_final);
    sim.history.invoked.iter().map(|(_, work)| told(work)).collect()
}

#[test]
fn the_state_goes_from_batch_to_batch_and_the_window_ends_with_it() {
    // The begin is 20 s into a minute.
    let mut sim = windows(|settings| settings.batch_size = 2);
    sim.put("k", &["1", "2", "3"]);
    sim.run_until(50_000, count);
    sim.put("k", &["4"]);
    sim.run_until(200_000, count);
    assert_eq!(
        told(&sim),
        [
            (2, json!({}), false),
            (1, json!({ "n": 2 }), false),
            (0, json!({ "n": 3 }), true),
            (1, json!({}), false),
            (0, json!({ "n": 1 }), true),
        ]
    );
    let first = sim.history.invoked[2].1.pane.clone().unwrap();
    assert_eq!(first.bounds, (1_699_999_980_000, 1_700_000_040_000));
    assert_eq!(sim.history.invoked[2].0, 40_000, "at the window's end");
}

#[test]
fn batches_do_not_cross_windows() {
    let mut sim = windows(|settings| settings.batching_window_s = 300);
    sim.put("k", &["1"]);
    sim.now += MINUTE;
    sim.put("k", &["2"]);
    sim.run_until(400_000, count);
    let records: Vec<usize> = told(&sim).into_iter().map(|(records, _, _)| records).collect();
    assert_eq!(records, [1, 0, 1, 0]);
}

#[test]
fn a_state_over_a_megabyte_ends_the_window_early() {
    let mut sim = windows(|settings| settings.batch_size = 1);
    sim.put("k", &["1", "2"]);
    let large = "x".repeat(1 << 20);
    sim.run_until(30_000, |work| {
        let is_first = work.entries.first().is_some_and(|entry| &entry.data[..] == b"1");
        if is_first { returned(&json!({ "state": large })) } else { count(work) }
    });
    let early = |at: usize| {
        let work = &sim.history.invoked[at].1;
        let pane = work.pane.clone().unwrap();
        (pane.is_final, pane.is_early, state(work).is_string())
    };
    assert_eq!(early(1), (true, true, true));
    assert_eq!(early(2), (false, false, false), "the window goes on with a fresh state");
}

/// Answers a batch that begins with `1` with a state that is too large, the rest as [`count`] does.
fn too_much_of_the_first(work: &Work, failed: &[&str]) -> Outcome {
    if work.entries.first().is_none_or(|entry| &entry.data[..] != b"1") {
        return count(work);
    }
    let items =
        work.entries.iter().filter(|entry| failed.iter().any(|data| data.as_bytes() == &entry.data[..]));
    let items: Vec<Value> = items.map(|entry| json!({ "itemIdentifier": &*entry.number })).collect();
    returned(&json!({ "state": "x".repeat(1 << 20), "batchItemFailures": items }))
}

#[test]
fn the_rest_of_a_batch_begins_a_window_when_the_first_part_ended_one_early() {
    let mut sim = windows(|settings| settings.report_failures = true);
    sim.put("k", &["1", "2", "3"]);
    sim.run_until(200_000, |work| too_much_of_the_first(work, &["2"]));
    let told = told(&sim);
    assert_eq!((told[0].0, told[0].2, told[1].0, told[1].2), (3, false, 0, true));
    assert_eq!(told[2..], [(2, json!({}), false), (0, json!({ "n": 2 }), true)]);
    assert_eq!(sim.history.invoked[3].0, 40_000, "at the end it would have had");
}

#[test]
fn the_second_half_of_a_batch_begins_a_window_when_the_first_ended_one_early() {
    let mut sim = windows(|settings| settings.bisect = true);
    sim.put("k", &["1", "2", "3", "4"]);
    sim.run_until(
        200_000,
        |work| if work.entries.len() == 4 { failed() } else { too_much_of_the_first(work, &[]) },
    );
    let told = told(&sim);
    let parts: Vec<(usize, bool)> = told.iter().map(|(records, _, is_final)| (*records, *is_final)).collect();
    assert_eq!(parts, [(4, false), (2, false), (0, true), (2, false), (0, true)]);
    assert_eq!((&told[3].1, &told[4].1), (&json!({}), &json!({ "n": 2 })));
}

#[test]
fn the_rest_begins_a_window_also_when_the_early_end_is_given_up() {
    let mut sim = windows(|settings| {
        settings.report_failures = true;
        settings.max_retries = Some(0);
    });
    sim.put("k", &["1", "2"]);
    let is_early = |work: &Work| work.pane.as_ref().unwrap().is_early;
    sim.run_until(
        200_000,
        |work| if is_early(work) { failed() } else { too_much_of_the_first(work, &["2"]) },
    );
    assert_eq!(sim.history.discarded.len(), 1);
    assert_eq!(told(&sim)[2..], [(1, json!({}), false), (0, json!({ "n": 1 }), true)]);
}

#[test]
fn an_answer_without_a_state_is_a_failure() {
    let mut sim = windows(|settings| settings.max_retries = Some(1));
    sim.put("k", &["1"]);
    sim.run_until(10_000, |_| done());
    assert_eq!(sim.history.given_up(), [("1".to_owned(), Condition::RetryAttemptsExhausted, 2)]);
}

#[test]
fn a_window_whose_end_fails_holds_up_the_next_until_it_is_given_up() {
    let mut sim = windows(|settings| settings.max_retries = Some(1));
    sim.put("k", &["1"]);
    sim.now += MINUTE;
    sim.put("k", &["2"]);
    let is_final = |work: &Work| work.pane.as_ref().unwrap().is_final;
    sim.run_until(61_000, |work| if is_final(work) { failed() } else { count(work) });
    let records: Vec<usize> = told(&sim).into_iter().map(|(records, _, _)| records).collect();
    assert_eq!(records, [1, 0, 0, 1]);
    let discarded = &sim.history.discarded[0];
    assert_eq!(discarded.work.entries.len(), 0);
    assert_eq!(&discarded.window_last.as_ref().unwrap().data[..], b"1");
}

#[test]
fn the_end_of_a_window_is_given_up_when_it_is_older_than_a_record_may_be() {
    for (max_age_s, after) in [(Some(90), 90), (None, 24 * 3600)] {
        for outcome in [failed, throttled] {
            let mut sim = windows(|settings| settings.max_age_s = max_age_s);
            sim.put("k", &["1"]);
            let is_final = |work: &Work| work.pane.as_ref().unwrap().is_final;
            let until = 40_000 + after * 1000;
            sim.run_until(until - 1, |work| if is_final(work) { outcome() } else { count(work) });
            assert_eq!(sim.history.discarded, [], "the window's end is not so old yet");
            sim.run_until(until + MINUTE, |work| if is_final(work) { outcome() } else { count(work) });
            assert_eq!(sim.history.given_up().len(), 1);
            assert_eq!(sim.history.discarded[0].condition, Condition::RecordAgeExceeded);
            assert_eq!(&sim.history.discarded[0].window_last.as_ref().unwrap().data[..], b"1");
            let invoked = sim.history.invoked.len();
            sim.run_until(until + 10 * MINUTE, count);
            assert_eq!(sim.history.invoked.len(), invoked, "it is over");
        }
    }
}

#[test]
fn a_window_longer_than_a_record_may_be_old_ends_all_the_same() {
    let mut sim = Sim::new(1, |settings| {
        settings.tumbling_ms = Some(15 * MINUTE);
        settings.max_age_s = Some(60);
    });
    sim.put("k", &["1"]);
    sim.run_until(20 * MINUTE, count);
    assert_eq!(told(&sim), [(1, json!({}), false), (0, json!({ "n": 1 }), true)]);
}

#[test]
fn a_backlog_of_windows_that_is_too_old_is_given_up_without_their_ends() {
    let mut sim = windows(|settings| settings.max_age_s = Some(60));
    for _ in 0..3 {
        sim.put("k", &["old"]);
        sim.now += MINUTE;
    }
    sim.now += 10 * MINUTE;
    sim.put("k", &["new"]);
    sim.run_until(30 * MINUTE, count);
    assert_eq!(told(&sim), [(1, json!({}), false), (0, json!({ "n": 1 }), true)]);
    assert_eq!(sim.history.discarded.len(), 3);
    assert!(sim.history.discarded.iter().all(|discarded| discarded.work.entries.len() == 1));
}

#[test]
fn a_record_that_fits_into_no_event_beside_the_state_is_given_up() {
    let mut sim = windows(|_| {});
    let pad = "x".repeat(1_000_000);
    sim.put("k", &["1"]);
    sim.run_until(1000, |_| returned(&json!({ "state": pad })));
    put(&sim.stream, "k", vec![b'y'; 4_100_000], sim.now);
    sim.put("k", &["2"]);
    sim.run_until(2000, count);
    assert_eq!(sim.history.discarded.len(), 1);
    assert_eq!(sim.history.discarded[0].condition, Condition::RecordTooLarge);
    assert_eq!(sim.history.batches(), ["1", "2"]);
}

#[test]
fn the_end_of_a_shard_ends_its_window() {
    let mut sim = windows(|_| {});
    sim.put("k", &["1"]);
    sim.run_until(1000, count);
    sim.stream
        .split(pipectl_shards::ShardId::new(0), pipectl_shards::HashKey(1 << 127), sim.timestamp())
        .unwrap();
    sim.run_until(2000, count);
    assert_eq!(told(&sim).len(), 2);
    assert!(told(&sim)[1].2);
}

#[test]
fn a_window_outlives_a_restart_with_its_state_and_its_end() {
    let mut sim = windows(|settings| settings.batch_size = 2);
    sim.put("k", &["1", "2", "3"]);
    sim.run_until(10_000, count);
    sim.restart();
    sim.put("k", &["4"]);
    sim.run_until(60_000, count);
    assert_eq!(
        told(&sim)[2..],
        [(1, json!({ "n": 3 }), false), (0, json!({ "n": 4 }), true)],
        "no record is counted twice, and none is forgotten"
    );
}

#[test]
fn a_state_goes_on_and_outlives_a_restart_as_the_function_wrote_it() {
    let text = r#"{"sum": 184467440737095516159, "mean": 0.30000000000000004440892098500626, "last": 1.0}"#;
    let mut sim = windows(|_| {});
    sim.put("k", &["1"]);
    let payload = format!(r#"{{"state":{text}}}"#);
    sim.run_until(1000, |_| Outcome::Returned { payload: payload.clone().into(), answer: answer(None) });
    sim.restart();
    sim.put("k", &["2"]);
    sim.run_until(2000, count);
    assert_eq!(sim.history.invoked[1].1.pane.as_ref().unwrap().state.text(), text);
}
