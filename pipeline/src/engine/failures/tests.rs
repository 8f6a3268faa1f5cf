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
    assert_eq!(told(&[(3, 40.0)], |_| 1.0, 1, 2), 40);
    assert_eq!(told(&[(62, 40.0)], |_| 1.0, 1, 2), 0, "an hour ago is long ago");
}

#[test]
fn what_an_aggregate_holds_may_be_more_than_what_was_taken() {
    let done = minutes([(5, 100.0)]);
    assert_eq!(whole(untransformed(&minutes([(5, 2.0)]), &done, Hour::until(now()), 1)), 0);
}

#[test]
fn the_way_of_a_record_is_told_in_whole_minutes() {
    assert_eq!([0, 45, 46, 60, 900].map(minutes_on_the_way), [1, 1, 2, 2, 16]);
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
    questions.asked.iter().map(|(_, what, _)| *what).collect()
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
