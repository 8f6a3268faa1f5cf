//! What is counted as failed, and what is not.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::count::{Hour, minutes_on_the_way, untransformed, whole};
use super::*;
use crate::resources::delivery::{DeliverySource, LambdaProcessor, Partitioning, S3Settings};

/// Twenty seconds into a minute.
fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_020).expect("a time")
}

/// Values by how many whole minutes ago their minute began; 0 is the one that is not over.
fn minutes(values: impl IntoIterator<Item = (i64, f64)>) -> Minutes {
    let begin = Hour::until(now()).until - SignedDuration::from_mins(1);
    values.into_iter().map(|(ago, value)| (begin - SignedDuration::from_mins(ago), value)).collect()
}

/// What is told as failed of records that come in as `taken`, are transformed `delay` minutes later, and fail as `failed`
/// says; each by minutes ago.
fn told(taken: &[(i64, f64)], failed: impl Fn(i64) -> f64, delay: i64, way: usize) -> u64 {
    let done = taken.iter().filter(|(ago, _)| *ago >= delay);
    let done = done.map(|(ago, value)| (ago - delay, value * (1.0 - failed(*ago))));
    whole(untransformed(&minutes(taken.to_vec()), &minutes(done), Hour::until(now()), way))
}

fn steady() -> Vec<(i64, f64)> {
    (0..120).map(|ago| (ago, 1000.0)).collect()
}

#[test]
fn of_steady_traffic_the_share_that_fails_is_told_exactly() {
    for delay in 0..=2 {
        assert_eq!(told(&steady(), |_| 0.01, delay, 2), 610, "{delay} minutes later");
        assert_eq!(told(&steady(), |_| 0.0, delay, 2), 0, "{delay} minutes later");
    }
}

#[test]
fn what_is_on_its_way_has_not_failed() {
    assert_eq!(told(&[(1, 5000.0)], |_| 0.0, 2, 2), 0);
    assert_eq!(told(&[(0, 5000.0)], |_| 0.0, 1, 1), 0);
}

#[test]
fn what_failed_is_told_once_it_cannot_be_on_its_way_any_more() {
    assert_eq!(told(&[(4, 40.0)], |_| 1.0, 1, 2), 40);
    assert_eq!(told(&[(63, 40.0)], |_| 1.0, 1, 2), 0, "an hour ago is long ago");
}

#[test]
fn records_that_succeed_hide_none_that_failed_before_or_after_them() {
    let failed = |ago: i64| if ago == 20 { 1.0 } else { 0.0 };
    for delay in 0..=2 {
        for (ago, way) in (0..=4).chain(60..=66).flat_map(|ago| [(ago, 2), (ago, 5)]) {
            assert_eq!(
                told(&[(ago, 9000.0), (20, 1668.0)], failed, delay, way),
                1668,
                "{ago}, {delay} of {way}"
            );
        }
    }
}

#[test]
fn a_minute_of_which_not_all_metrics_are_there_has_no_failures() {
    let taken = minutes([(3, 500.0)]);
    let done = |values: &[(i64, f64)]| {
        whole(untransformed(&taken, &minutes(values.to_vec()), Hour::until(now()), 2))
    };
    assert_eq!(done(&[]), 0, "those of a minute ago are not told yet");
    assert_eq!(done(&[(1, 500.0)]), 0);
}

#[test]
fn what_was_in_the_buffer_of_a_delivery_that_was_replaced_has_not_failed() {
    let taken = minutes([(40, 1101.0), (20, 567.0)]);
    let (none, hour) = (Minutes::new(), Hour::until(now()));
    let told = |ago: i64, seconds: i64| {
        let begin = hour.until - SignedDuration::from_mins(ago + 1);
        let hour = hour.since(Some(begin + SignedDuration::from_secs(seconds)));
        (whole(untransformed(&taken, &none, hour, 2)), whole(hour.total(&taken)))
    };
    assert_eq!(told(90, 0), (1668, 1668));
    assert_eq!(told(40, 0), (1668, 1668), "it was made as that minute began");
    assert_eq!(told(40, 1), (567, 567), "of the minute it was made in, nobody knows whose it is");
    assert_eq!(told(21, 59), (567, 567));
    assert_eq!(told(20, 1), (0, 0));
    let young = hour.since(Some(hour.until - SignedDuration::from_mins(5)));
    let taken = minutes((0..9).map(|ago| (ago, 500.0)));
    assert_eq!(whole(untransformed(&taken, &none, young, 3)), 0, "it is no older than the way of a record");
}

#[test]
fn all_that_is_told_of_a_delivery_came_after_it_was_made() {
    let State::Delivery(mut direct) = delivery(|_| {}, None) else { panic!("a delivery") };
    direct.created = Some(now() - SignedDuration::from_mins(10));
    let mut questions = Questions::default();
    questions.about(0, "p-lake", &State::Delivery(direct));
    let counted = |metric: &Metric| match metric.statistic {
        Statistic::Count => minutes([(12, 5.0), (10, 5.0), (9, 2.0)]),
        Statistic::Sum if metric.name == "ThrottledRecords" => minutes([(10, 8.0), (3, 1.0)]),
        Statistic::Sum => Minutes::new(),
    };
    let answers: Vec<Minutes> = questions.metrics.iter().map(counted).collect();
    let failed: Vec<_> =
        questions.judge(&answers, Hour::until(now())).map(|(_, failure)| failure.count).collect();
    assert_eq!(failed, [2, 1]);
}

#[test]
fn what_an_aggregate_holds_may_be_more_than_what_was_taken() {
    let done = minutes([(5, 100.0)]);
    assert_eq!(whole(untransformed(&minutes([(5, 2.0)]), &done, Hour::until(now()), 1)), 0);
}

#[test]
fn the_way_of_a_record_is_told_in_whole_minutes() {
    assert_eq!([60, 105, 106, 900].map(minutes_on_the_way), [2, 2, 3, 16]);
    assert_eq!(
        [0, 5].map(minutes_on_the_way),
        [2, 2],
        "what was gathered before an update has the time it had"
    );
}

proptest! {
    /// Whatever comes in when, if nothing fails and the delay is the same for all, nothing is told.
    #[test]
    fn nothing_that_succeeds_is_told_as_failed(
        values in prop::collection::vec(0_u32..10_000, 130),
        delay in 0_i64..=2,
    ) {
        let taken: Vec<(i64, f64)> = (0..).zip(values.into_iter().map(f64::from)).collect();
        prop_assert_eq!(told(&taken, |_| 0.0, delay, 2), 0);
    }
}

fn delivery(change: impl FnOnce(&mut S3Settings), source: Option<DeliverySource>) -> State {
    let mut s3 = S3Settings {
        role_arn: "r".into(),
        bucket_arn: "arn:aws:s3:::lake".into(),
        prefix: String::new(),
        error_prefix: "errors/".into(),
        buffer_mib: 5,
        buffer_seconds: 60,
        compression: "GZIP".into(),
        log_group: None,
        processor: None,
        newline: false,
        partitioning: None,
        backup: None,
    };
    change(&mut s3);
    State::Delivery(DeliveryState {
        status: "ACTIVE".into(),
        failure: String::new(),
        source,
        destination: Some(To::S3(s3)),
        encryption: None,
        encryption_status: "DISABLED".into(),
        created: None,
    })
}

fn asked(state: &State) -> Vec<Failed> {
    let mut questions = Questions::default();
    questions.about(0, "p-lake", state);
    questions.asked.iter().map(|question| question.what).collect()
}

#[test]
fn only_what_can_fail_is_asked_for() {
    let source = || Some(DeliverySource { stream_arn: "arn:s/a".into(), role_arn: "r".into() });
    assert_eq!(asked(&delivery(|_| {}, source())), [Failed::Writes]);
    assert_eq!(asked(&delivery(|_| {}, None)), [Failed::Writes, Failed::RefusedRecords]);
    let processor = || Some(LambdaProcessor { function_arn: "arn:f".into(), buffer_seconds: 60 });
    let transformed = delivery(|s3| s3.processor = processor(), source());
    assert_eq!(asked(&transformed), [Failed::TransformedRecords, Failed::TransformCalls, Failed::Writes]);
    let partitioned = |s3: &mut S3Settings| {
        s3.partitioning = Some(Partitioning { retry_seconds: 300, query: None });
    };
    assert_eq!(asked(&delivery(partitioned, source())), [Failed::Writes, Failed::PartitionLimit]);
}

#[test]
fn tries_that_did_not_succeed_are_told_of_the_resource_they_are_of() {
    let mut questions = Questions::default();
    questions.about(3, "p-lake", &delivery(|_| {}, None));
    let count = |metric: &Metric| match (metric.name, metric.statistic) {
        ("DeliveryToS3.Success", Statistic::Count) => minutes([(0, 4.0), (30, 5.0), (70, 9.0)]),
        ("DeliveryToS3.Success", Statistic::Sum) => minutes([(0, 4.0), (30, 2.0)]),
        _ => Minutes::new(),
    };
    let answers: Vec<Minutes> = questions.metrics.iter().map(count).collect();
    let failed: Vec<_> = questions.judge(&answers, Hour::until(now())).collect();
    assert_eq!(failed, [(3, FailureCount { what: Failed::Writes, count: 3 })]);
}
