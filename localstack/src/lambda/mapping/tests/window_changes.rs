//! What becomes of windows when the settings of a mapping change.

use serde_json::json;

use super::super::lane::Verdict;
use super::super::work::Work;
use super::sim::{Sim, done, failed, returned, state};

const MINUTE: i64 = 60_000;

/// A mapping with windows of a minute, one of which is open with a record counted.
fn open() -> Sim {
    let mut sim = Sim::new(1, |settings| settings.tumbling_ms = Some(MINUTE));
    sim.put("k", &["1"]);
    sim.run_until(1000, count);
    sim
}

/// Counts records where there are windows.
fn count(work: &Work) -> super::super::ports::Outcome {
    if work.pane.is_none() {
        return done();
    }
    let before = state(work)["n"].as_u64().unwrap_or(0);
    returned(&json!({ "state": { "n": before + work.entries.len() as u64 } }))
}

/// Of each invocation: how many records, and whether it was the last of a window, or of none.
fn told(sim: &Sim) -> Vec<(usize, Option<bool>)> {
    let told = |work: &Work| (work.entries.len(), work.pane.as_ref().map(|pane| pane.is_final));
    sim.history.invoked.iter().map(|(_, work)| told(work)).collect()
}

#[test]
fn an_answer_is_judged_by_what_the_function_was_told() {
    let mut sim = Sim::new(1, |settings| settings.max_retries = Some(0));
    sim.put("k", &["1"]);
    sim.turn();
    sim.settings.tumbling_ms = Some(MINUTE);
    sim.land(0, done());
    assert_eq!(sim.history.verdicts, [Verdict::Done], "nobody asked for a state");
    sim.put("k", &["2"]);
    sim.turn();
    sim.settings.tumbling_ms = None;
    sim.land(0, done());
    assert_eq!(sim.history.verdicts[1..], [Verdict::Failed], "there was a window, so a state was asked for");
}

#[test]
fn an_open_window_is_ended_before_windows_are_changed_or_left() {
    for (tumbling_ms, then) in [(None, None), (Some(2 * MINUTE), Some(false))] {
        let mut sim = open();
        sim.settings.tumbling_ms = tumbling_ms;
        sim.put("k", &["2"]);
        sim.run_until(2000, count);
        assert_eq!(told(&sim), [(1, Some(false)), (0, Some(true)), (1, then)]);
        let (at, ended) = &sim.history.invoked[1];
        assert_eq!((*at, state(ended)), (1000, json!({ "n": 1 })));
        assert!(ended.pane.as_ref().unwrap().is_early);
    }
}

#[test]
fn a_batch_that_is_tried_again_waits_for_the_end_of_its_window_and_goes_on_without() {
    let mut sim = open();
    sim.put("k", &["2"]);
    sim.run_until(1500, |_| failed());
    let before = sim.history.invoked.len();
    sim.settings.tumbling_ms = None;
    let mut failures = 2;
    sim.run_until(MINUTE, |work| {
        let is_end = work.pane.is_some();
        failures -= i32::from(is_end);
        if is_end && failures > 0 { failed() } else { count(work) }
    });
    assert_eq!(told(&sim)[before..], [(0, Some(true)), (0, Some(true)), (1, None)]);
}

#[test]
fn a_window_of_which_nothing_was_processed_ends_unsaid() {
    let mut sim = Sim::new(1, |settings| settings.tumbling_ms = Some(MINUTE));
    sim.put("k", &["1"]);
    sim.run_until(1000, |_| failed());
    let before = sim.history.invoked.len();
    sim.settings.tumbling_ms = None;
    sim.run_until(MINUTE, count);
    assert_eq!(told(&sim)[before..], [(1, None)]);
}

#[test]
fn a_window_that_a_restart_finds_with_other_settings_is_ended_too() {
    let mut sim = open();
    sim.settings.tumbling_ms = None;
    sim.restart();
    sim.put("k", &["2"]);
    sim.run_until(2000, count);
    assert_eq!(told(&sim)[1..], [(0, Some(true)), (1, None)]);
}
