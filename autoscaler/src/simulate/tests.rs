//! The loop, the account and what a policy may know, on small traffic.

use super::policies::aws_samples::AwsSamples;
use super::rules::{Call, check};
use super::run::Decided;
use super::stream::Operation;
use super::*;

/// Calls what it is told at the minutes it is told, and remembers what it saw.
#[derive(Default)]
struct Script {
    calls: Vec<(usize, Vec<Operation>)>,
    seen: Vec<Option<Point>>,
    readable: Vec<usize>,
}

impl Script {
    fn new(calls: &[(usize, &[Operation])]) -> Self {
        let calls = calls.iter().map(|(minute, calls)| (*minute, calls.to_vec())).collect();
        Self { calls, ..Self::default() }
    }
}

impl Policy for Script {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        self.seen.push(view.latest().copied());
        self.readable.push(view.points().len());
        let now = self.calls.iter().filter(|(minute, _)| *minute == view.minute());
        let operations: Vec<_> = now.flat_map(|(_, calls)| calls.clone()).collect();
        (!operations.is_empty()).then(|| Action { operations, reason: "as told".into() })
    }
}

fn refusals(decisions: &[Decided]) -> Vec<String> {
    decisions.iter().flat_map(|decided| &decided.refused).map(|(_, refusal)| refusal.to_string()).collect()
}

fn open_shards(run: &Run) -> Vec<u32> {
    run.schedule.iter().map(|minute| minute.open_shards).collect()
}

#[test]
fn an_update_serves_five_minutes_after_its_call_and_what_does_not_fit_until_then_is_dropped() {
    let loads = [4.0; 8];
    let run = Scenario::new(&loads).run(2, &mut Script::new(&[(1, &[Operation::UpdateShardCount(4)])]));
    assert_eq!(open_shards(&run), [2, 2, 2, 2, 2, 2, 4, 4]);
    assert_eq!(check(&run.schedule), Ok(()));
    let account = Account::of(&run, &Billing::default());
    assert_eq!(account.update_shard_count_calls, 1);
    assert!((account.shard_hours - 20.0 / 60.0).abs() < 1e-9);
    assert!((account.throttled_ratio - 12.0 / 32.0).abs() < 1e-9);
}

#[test]
fn splits_of_a_minute_serve_in_the_next_and_relieve_the_shards_they_cut() {
    let loads = [4.0; 3];
    let cuts = [Operation::Split { at: 0.25 }, Operation::Split { at: 0.75 }];
    let run = Scenario::new(&loads).run(2, &mut Script::new(&[(0, &cuts)]));
    assert_eq!(open_shards(&run), [2, 4, 4]);
    assert_eq!(run.points.iter().map(|point| point.throttled).collect::<Vec<_>>(), [2.0, 0.0, 0.0]);
    assert_eq!(Account::of(&run, &Billing::default()).splits, 2);
}

#[test]
fn a_policy_reads_a_minute_once_it_has_ended_and_its_delay_has_passed() {
    let loads = [1.0, 2.0, 3.0, 4.0];
    let mut script = Script::default();
    Scenario::new(&loads).run(4, &mut script);
    let accepted: Vec<_> = script.seen.iter().map(|point| point.map(|point| point.accepted)).collect();
    assert_eq!(accepted, [None, None, Some(1.0), Some(2.0)]);
    assert_eq!(script.readable, [0, 0, 1, 2]);
}

#[test]
fn what_aws_would_refuse_is_told_and_does_not_happen() {
    use Operation::{Merge, Split, UpdateShardCount};
    let loads = [1.0; 12];
    let script: &[(usize, &[Operation])] = &[
        (0, &[UpdateShardCount(5), UpdateShardCount(0), Merge { at: 0.3 }, Split { at: 0.5 }]),
        (1, &[Split { at: 0.1 }, Split { at: 0.2 }, Split { at: 0.3 }, UpdateShardCount(4)]),
        (2, &[UpdateShardCount(2), UpdateShardCount(4), Split { at: 0.7 }]),
        (3, &[Split { at: 0.7 }]),
    ];
    let run = Scenario::new(&loads).run(2, &mut Script::new(script));
    assert_eq!(check(&run.schedule), Ok(()));
    assert_eq!(open_shards(&run)[..8], [2, 2, 4, 4, 4, 4, 4, 2]);
    assert_eq!(run.schedule[2].calls, [Call::UpdateShardCount(2)]);
    assert_eq!(
        refusals(&run.decisions),
        [
            "LimitExceededException: from 2 shards, one call reaches 1 to 4, not 5",
            "LimitExceededException: from 2 shards, one call reaches 1 to 4, not 0",
            "InvalidArgumentException: no two shards meet at 0.3",
            "InvalidArgumentException: no shard can be cut at 0.5",
            "ResourceInUseException: the splits and merges of this minute are still running",
            "ResourceInUseException: the splits and merges of this minute are still running",
            "ResourceInUseException: the stream is UPDATING until minute 7",
            "ResourceInUseException: the stream is UPDATING until minute 7",
            "ResourceInUseException: the stream is UPDATING until minute 7",
        ]
    );
    assert_eq!(Account::of(&run, &Billing::default()).refused_calls, 9);
}

#[test]
fn the_eleventh_update_of_a_rolling_day_is_refused_until_the_first_is_a_day_old() {
    let calls: Vec<_> = (0..11)
        .map(|call| call * 10)
        .chain([1439, 1440])
        .map(|at| (at, [Operation::UpdateShardCount(2)]))
        .collect();
    let calls: Vec<_> = calls.iter().map(|(at, call)| (*at, &call[..])).collect();
    let run = Scenario::new(&[1.0; 1500]).run(2, &mut Script::new(&calls));
    assert_eq!(check(&run.schedule), Ok(()));
    let refused: Vec<_> = run
        .decisions
        .iter()
        .filter(|decided| !decided.refused.is_empty())
        .map(|decided| decided.minute)
        .collect();
    assert_eq!(refused, [100, 1439]);
}

#[test]
fn the_quota_bounds_updates_and_splits() {
    let limits = Limits { most_shards: 3, ..Limits::default() };
    let scenario = Scenario { limits, ..Scenario::new(&[1.0; 4]) };
    let calls: &[(usize, &[Operation])] =
        &[(0, &[Operation::UpdateShardCount(4), Operation::Split { at: 0.1 }, Operation::Split { at: 0.2 }])];
    let run = scenario.run(2, &mut Script::new(calls));
    assert_eq!(refusals(&run.decisions), ["LimitExceededException: the quota is 3 shards"; 2]);
}

#[test]
fn per_shard_metrics_show_the_hot_shard_of_the_layout_that_served() {
    struct Watch(Vec<Vec<ShardPoint>>);
    impl Policy for Watch {
        fn decide(&mut self, view: &View<'_>) -> Option<Action> {
            self.0.push(view.shard_points());
            (view.minute() == 0)
                .then(|| Action { operations: vec![Operation::Split { at: 0.125 }], reason: "hot".into() })
        }
    }
    let scenario = Scenario { keys: "hot:0-0.25:0.5".parse().unwrap(), ..Scenario::new(&[4.0; 4]) };
    let mut watch = Watch(Vec::new());
    scenario.run(4, &mut watch);
    assert!(watch.0[1].is_empty());
    let shards = |minute: usize| {
        watch.0[minute].iter().map(|shard| shard.accepted + shard.throttled).collect::<Vec<_>>()
    };
    assert_eq!(shards(2), [2.5, 0.5, 0.5, 0.5]);
    assert_eq!(shards(3), [1.25, 1.25, 0.5, 0.5, 0.5]);
}

#[test]
fn doubling_after_five_full_points_follows_a_step_and_halving_waits_five_hours() {
    let loads = [vec![2.0; 60], vec![8.0; 120], vec![1.0; 600]].concat();
    let run = Scenario::new(&loads).run(4, &mut AwsSamples::default());
    assert_eq!(check(&run.schedule), Ok(()));
    let calls: Vec<_> =
        run.decisions.iter().map(|decided| (decided.minute, decided.action.operations[0])).collect();
    // Twenty-five full minutes from minute 60 can be read at 86; the oldest point is high enough two minutes sooner.
    assert_eq!(calls[0], (84, Operation::UpdateShardCount(8)));
    assert_eq!(calls[1].1, Operation::UpdateShardCount(16));
    let down = calls.iter().skip(2).map(|(minute, call)| (*minute > 180 + 280, *call)).next();
    assert_eq!(down, Some((true, Operation::UpdateShardCount(8))));
}

#[test]
fn dollars_are_shard_hours_and_payload_units_for_the_time_of_the_trace() {
    // One hour of two shards that carry one: $0.03, and 1 MiB/s in records of 50 KiB, of two units each.
    let run = Scenario::new(&[1.0; 60]).run(2, &mut Still);
    let units = 1024.0 * 1024.0 / 51_200.0 * 2.0 * 3600.0 / 1e6 * 0.014;
    assert!((Account::of(&run, &Billing::default()).dollars - 0.03 - units).abs() < 1e-9);
    // Small records are bound by their number: 1000 a second, one unit each.
    let small = Billing { record_bytes: 100.0, ..Billing::default() };
    assert!((Account::of(&run, &small).dollars - 0.03 - 3.6 * 0.014).abs() < 1e-9);
}
