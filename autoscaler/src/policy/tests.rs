//! Decisions on small histories, each with the sentence that a user reads.

use std::num::NonZeroU32;

use pipectl_shards::HashKey;

use super::signal::MINUTE;
use super::*;

fn uniform(count: u32) -> Layout {
    Layout::uniform(NonZeroU32::new(count).unwrap())
}

/// A stream of so many shards whose demand was this for three hours.
fn steady(shards: u32, demand: f64) -> History {
    let mut history = History::new(uniform(shards));
    for minute in 0..180 {
        history.observe(point(minute, demand, 0.0));
    }
    history
}

fn point(minute: i64, accepted: f64, refused: f64) -> Point {
    Point::of_writes(Timestamp(minute * MINUTE), Load::of_shards(accepted), Load::of_shards(refused))
}

fn limits() -> Limits {
    Limits::new(1, 100).unwrap()
}

/// The decision a minute after the newest point of three hours.
fn decided(history: &History) -> Decision {
    decide(history, Timestamp(181 * MINUTE), &limits())
}

#[test]
fn a_steady_demand_that_fits_is_left_alone() {
    let decision = decided(&steady(16, 10.0));
    assert_eq!(decision.action, Action::Hold);
    assert!(decision.reason.to_string().ends_with("16 shards fit"), "{}", decision.reason);
}

#[test]
fn many_idle_shards_are_scaled_in_but_not_under_the_last_peak() {
    let mut history = steady(40, 5.0);
    let idle = decided(&history);
    assert!(idle.wanted < 20 && idle.reason.to_string().contains("40 are open"), "{idle:?}");
    history.observe(point(180, 30.0, 0.0));
    assert!(decided(&history).wanted >= 30);
}

#[test]
fn refusals_that_last_get_the_shards_they_grow_to_at_once() {
    let mut history = steady(4, 2.0);
    for minute in 180..190 {
        history.observe(point(minute, 4.0, 2.0));
    }
    let decision = decide(&history, Timestamp(191 * MINUTE), &limits());
    let Action::UpdateShardCount(to) = decision.action else { panic!("{decision:?}") };
    assert!((6..=8).contains(&to), "{decision:?}");
    assert!(decision.reason.to_string().starts_with("33.3 % of the last minute's traffic was refused"));
}

#[test]
fn consumers_that_lag_hold_back_scaling_in() {
    let mut history = steady(40, 5.0);
    history.observe(Point { consumer_lag_seconds: Some(900.0), ..point(180, 5.0, 0.0) });
    let decision = decided(&history);
    assert_eq!(decision.action, Action::Hold);
    assert!(decision.reason.to_string().starts_with("consumers are 900 s behind"), "{}", decision.reason);
}

#[test]
fn the_bound_that_is_reached_is_named() {
    let history = steady(8, 12.0);
    let at_max = decide(&history, Timestamp(181 * MINUTE), &Limits::new(1, 8).unwrap());
    assert!(at_max.reason.to_string().ends_with("raise autoscale.max"), "{}", at_max.reason);
    let quota = Limits { quota_shards: 8, ..limits() };
    let at_quota = decide(&history, Timestamp(181 * MINUTE), &quota);
    assert!(at_quota.reason.to_string().ends_with("ask AWS to raise it"), "{}", at_quota.reason);
}

#[test]
fn nothing_is_done_blind_or_beside_another_change() {
    let held = |history: &History, minute: i64| {
        let decision = decide(history, Timestamp(minute * MINUTE), &limits());
        assert_eq!(decision.action, Action::Hold);
        decision.reason.to_string()
    };
    let mut history = steady(40, 5.0);
    assert_eq!(held(&History::new(uniform(4)), 0), "there are no metrics of the stream yet");
    assert_eq!(held(&history, 179 + 20), "the newest metrics are 20 minutes old, too old to act on");
    assert_eq!(held(&history, 100), "the newest metrics are 79 minutes in the future: check the clock");
    history.someone_else_reshards(Timestamp(180 * MINUTE));
    assert!(held(&history, 181).starts_with("someone else resharded the stream 1 minutes ago"));
    history.see_status(StreamStatus::Updating);
    assert_eq!(held(&history, 181), "the stream is UPDATING");
    history.see_status(StreamStatus::Unavailable);
    assert_eq!(held(&history, 181), "the stream is being made or deleted");
}

#[test]
fn a_hot_shard_is_split_where_it_is() {
    let mut history = steady(4, 2.0);
    let shares = [0.1, 0.1, 0.7, 0.1];
    let shards = uniform(4)
        .shards()
        .iter()
        .zip(shares)
        .map(|(shard, share)| OpenShard { share: Some(share), ..*shard })
        .collect();
    history.see_layout(Layout::new(shards).unwrap());
    let decision = decided(&history);
    let at = HashKey((1 << 127) + (1 << 125));
    assert_eq!(decision.action, Action::Serial(vec![Operation::Split { at }]));
    assert!(decision.reason.to_string().contains("25.00 % of the hash keys"), "{}", decision.reason);
}

#[test]
fn a_gap_in_the_metrics_teaches_nothing_and_breaks_nothing() {
    let mut history = steady(16, 10.0);
    assert_eq!(history.observe(point(400, 10.0, 0.0)), Observed::AfterGap { missing: 220 });
    let decision = decide(&history, Timestamp(401 * MINUTE), &limits());
    assert_eq!(decision.action, Action::Hold, "{decision:?}");
}
