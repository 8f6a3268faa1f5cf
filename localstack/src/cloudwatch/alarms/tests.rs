//! AWS's tables of missing data, rules of composite alarms, and alarms in virtual time.

use std::time::Duration;

use super::*;
use crate::clock::Clock;
use crate::cloudwatch::aggregate::Aggregate;
use crate::cloudwatch::metric::{MetricId, Unit};
use crate::cloudwatch::query::{MetricQuery, Queries, Query, Source};
use crate::cloudwatch::state::Sample;
use crate::cloudwatch::statistic::Statistic;
use crate::world::{Setting, World};

fn condition(periods: usize, to_alarm: Option<usize>, missing: Option<Gap>) -> Condition {
    Condition { comparison: Comparison::Greater, threshold: 0.5, periods, to_alarm, missing }
}

/// `0 X - X -`: fine, breaching, missing.
fn range(text: &str) -> Vec<Option<(i64, f64)>> {
    let value = |mark| match mark {
        "0" => Some(0.0),
        "X" => Some(1.0),
        _ => None,
    };
    (0..).step_by(60).zip(text.split(' ')).map(|(at, mark)| Some((at, value(mark)?))).collect()
}

#[test]
fn missing_datapoints_count_as_in_the_tables_of_the_user_guide() {
    use State::{Alarm, InsufficientData, Ok};
    // What `ignore` keeps is shown as INSUFFICIENT_DATA, the state before.
    const KEPT: State = InsufficientData;
    let tables = [
        (3, 3, "0 - X - X", [Ok, Ok, Ok, Ok]),
        (3, 3, "0 - - - -", [Ok, Ok, Ok, Ok]),
        (3, 3, "- - - - -", [InsufficientData, KEPT, Alarm, Ok]),
        (3, 3, "0 X X - X", [Alarm, Alarm, Alarm, Alarm]),
        (3, 3, "- - X - -", [Alarm, KEPT, Alarm, Ok]),
        (3, 2, "0 - X - X", [Alarm, Alarm, Alarm, Alarm]),
        (3, 2, "0 0 X 0 X", [Alarm, Alarm, Alarm, Alarm]),
        (3, 2, "0 - X - -", [Ok, Ok, Alarm, Ok]),
        (3, 2, "- - - - 0", [Ok, Ok, Alarm, Ok]),
        (3, 2, "- - - X -", [Alarm, KEPT, Alarm, Ok]),
    ];
    for (periods, to_alarm, points, expected) in tables {
        let kinds = [Gap::Missing, Gap::Ignore, Gap::Breaching, Gap::NotBreaching];
        for (missing, expected) in kinds.into_iter().zip(expected) {
            let condition = condition(periods, Some(to_alarm), Some(missing));
            let verdict = condition.judge(&range(points), InsufficientData);
            assert_eq!(verdict.state, expected, "{to_alarm} of {periods}, {points}, {missing:?}");
        }
    }
}

#[test]
fn rules_of_composite_alarms() {
    let state = |name: &str| match name {
        "on" => Some(State::Alarm),
        "off" => Some(State::Ok),
        _ => None,
    };
    for (text, expected) in [
        ("ALARM(on)", true),
        ("ALARM(\"on\") AND OK('off')", true),
        ("NOT ALARM(on)", false),
        ("ALARM(off) OR (TRUE AND NOT FALSE)", true),
        ("OK(off) AND ALARM(off) OR ALARM(on)", true),
        ("ALARM(arn:aws:cloudwatch:us-east-1:000000000000:alarm:on)", true),
        ("INSUFFICIENT_DATA(gone)", false),
    ] {
        assert_eq!(Rule::parse(text).unwrap().holds(&state), expected, "{text}");
    }
    for text in
        ["", "ALARM", "ALARM()", "ALARM(a", "ALARM(a) ALARM(b)", "MAYBE(a)", "(TRUE", "NOT", "ALARM(\"a)"]
    {
        assert!(Rule::parse(text).is_err(), "{text}");
    }
    assert!(Rule::parse(&"(".repeat(5000)).is_err());
}

fn alarm(name: &str, condition: Condition, world: &World) -> Alarm {
    let metric = MetricQuery {
        metric: MetricId::new("N", "m", []),
        period: 60,
        statistic: Statistic::Sum,
        stat: "Sum".to_owned(),
        unit: None,
    };
    let query = Query { id: "m1".to_owned(), source: Source::Metric(metric), label: None, returned: true };
    let queries = Queries::new(vec![query]).unwrap();
    let metric = MetricAlarm { condition, queries, is_single: true, low_sample: None };
    Alarm::new(name.to_owned(), Kind::Metric(Box::new(metric)), world.clock.now())
}

async fn minutes(count: u64) {
    tokio::time::sleep(Duration::from_secs(60 * count)).await;
}

#[tokio::test(start_paused = true)]
async fn an_alarm_follows_its_metric_as_time_goes_by_and_a_composite_follows_it() {
    let clock = Clock::starting_at("2026-11-21T12:00:00Z".parse().unwrap());
    let world = World::new(Setting { clock, ..Setting::default() });
    let shelf = world.cloudwatch.shelf("us-east-1");
    let put = |value: f64| {
        let now = world.clock.now().as_second();
        let sample = Sample { values: Aggregate::of(value), at: now, fine: false };
        shelf.put(MetricId::new("N", "m", []), Unit::None, &sample, now);
    };
    shelf.alarms.put(alarm("a", condition(1, None, None), &world));
    let rule = Rule::parse("ALARM(a)").unwrap();
    shelf.alarms.put(Alarm::new("c".to_owned(), Kind::Composite(rule), world.clock.now()));
    watch(&world);
    let state =
        |name: &str| shelf.alarms.change(name, |alarm| (alarm.state, alarm.reason.text.clone())).unwrap();
    put(1.0);
    minutes(1).await;
    tokio::time::sleep(Duration::from_secs(15)).await;
    let crossed =
        "Threshold Crossed: 1 datapoint [1.0 (21/11/26 12:00:00)] was greater than the threshold (0.5).";
    assert_eq!(state("a"), (State::Alarm, crossed.to_owned()));
    let (composite, why) = state("c");
    assert_eq!(composite, State::Alarm);
    assert!(
        why.ends_with("alarm:a transitioned to ALARM at Saturday 21 November, 2026 12:01:11 UTC"),
        "{why}"
    );
    put(0.0);
    minutes(1).await;
    assert_eq!(state("a").0, State::Ok);
    assert!(state("a").1.contains("was not greater than the threshold (0.5)."), "{}", state("a").1);
    assert_eq!(state("c").0, State::Ok);
    minutes(5).await;
    assert_eq!(
        state("a"),
        (State::InsufficientData, "Insufficient Data: 1 datapoint was unknown.".to_owned())
    );
    let history: Vec<String> = shelf.alarms.history().into_iter().map(|item| item.summary).collect();
    assert_eq!(history.iter().filter(|summary| summary.contains(" from ")).count(), 6, "{history:?}");
    shelf.alarms.delete(&["a".to_owned(), "c".to_owned()]);
    minutes(1).await;
    assert!(!*world.cloudwatch.watching.lock(), "without alarms nothing wakes");
}

#[test]
fn m_out_of_n_is_told_in_the_reason() {
    let condition = condition(3, Some(2), Some(Gap::Breaching));
    let verdict = condition.judge(&range("0 0 X 0 X"), State::Ok);
    let subject =
        reason::Subject { period: 60, statistic: Some("Sum"), unit: None, periods: &[240, 180, 120] };
    let text = reason::reason(&condition, &verdict, subject, jiff::Timestamp::UNIX_EPOCH).text;
    assert_eq!(
        text,
        "Threshold Crossed: 2 out of the last 3 datapoints [1.0 (01/01/70 00:04:00), 1.0 (01/01/70 00:02:00)] were \
         greater than the threshold (0.5) (minimum 2 datapoints for OK -> ALARM transition)."
    );
    let verdict = condition.judge(&range("- - - - -"), State::Ok);
    let text = reason::reason(&condition, &verdict, subject, jiff::Timestamp::UNIX_EPOCH).text;
    assert_eq!(
        text,
        "Threshold Crossed: no datapoints were received for 3 periods and 3 missing datapoints were treated as \
         [Breaching]."
    );
}
