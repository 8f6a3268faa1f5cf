//! What fails in a pipeline that is there and well: `status` tells it, where it may be known.

use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use pipectl_pipeline::engine::{Failed, Health, Status};

use crate::aws;
use crate::bench::{Bench, read};

/// A direct delivery through a transform whose process ends without an answer.
const FILE: &str = "transforms:\n  broken: { package: own.zip }\ndeliveries:\n  lake: { transform: broken, to: { s3: { \
                    bucket: clicks-lake, compression: none, buffer: { interval: 1s } } } }\n";

fn failed(status: &Status, address: &str) -> Vec<(Failed, u64)> {
    let resource = status.resources.iter().find(|it| it.address.as_str() == address).expect("a resource");
    assert_eq!(resource.health, Health::Ready);
    resource.failures.iter().map(|failure| (failure.what, failure.count)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_that_end_under_the_error_prefix_are_told_by_status() {
    // CloudWatch tells of a minute when it has ended, and this one soon has.
    let begin = Timestamp::from_second(1_800_000_045).expect("a time");
    let began = Instant::now();
    let bench = Bench::start_at(Some(begin)).await;
    bench.apply(FILE).await;
    let config = bench.engine.sdk_config();
    let quiet = bench.engine.status(&read(FILE)).await.expect("a status");
    assert_eq!(failed(&quiet, "deliveries.lake"), []);
    assert_eq!(quiet.failures_unknown, None);
    // The minute in which a delivery was made does not count.
    let seconds = (begin.as_second() + began.elapsed().as_secs().cast_signed()) / 60 * 60 + 65;
    let next = Timestamp::from_second(seconds).expect("a time");
    tokio::time::sleep_until((began + next.duration_since(begin).unsigned_abs()).into()).await;
    aws::put_to_delivery(config, "clicks-lake", &["a", "b", "c"]).await;
    let kept = aws::first_object(config, &bench.endpoint.url(), "clicks-lake").await;
    assert_eq!(kept.lines().count(), 3, "{kept}");
    // By then none of them can be on its way any more, and what was counted of it is there.
    let later = next + SignedDuration::from_mins(6);
    let of_delivery = [(Failed::TransformedRecords, 3), (Failed::TransformCalls, 4)];
    let deadline = Instant::now() + Duration::from_secs(150);
    let status = loop {
        let status = bench.engine.status_at(&read(FILE), later).await.expect("a status");
        if failed(&status, "deliveries.lake") == of_delivery {
            break status;
        }
        assert!(Instant::now() < deadline, "{status:#?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(failed(&status, "transforms.broken"), [(Failed::Calls, 4)]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_that_may_not_be_read_leave_the_rest_of_the_status() {
    let bench = Bench::start().await;
    bench.apply(FILE).await;
    bench.script.refuse("monitoring:GetMetricData", "AccessDenied", "you are not authorized to read metrics");
    let status = bench.engine.status(&read(FILE)).await.expect("a status all the same");
    assert!(status.resources.iter().all(|it| it.health == Health::Ready && it.failures.is_empty()));
    let why = status.failures_unknown.expect("it is not known");
    assert!(why.contains("cloudwatch:GetMetricData") && why.contains("not authorized"), "{why}");
    bench.end().await;
}
