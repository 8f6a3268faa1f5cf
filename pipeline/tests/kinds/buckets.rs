//! Buckets: settings that are ours and settings that are not, and the functions they tell.

use pipectl_pipeline::plan::Action;

use crate::aws;
use crate::bench::Bench;

fn file(fields: &str) -> String {
    format!("functions:\n  load: {{ package: own.zip }}\nbuckets:\n  clicks-lake: {{ {fields} }}\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_a_bucket_is_set_kept_and_reset() {
    let bench = Bench::start().await;
    let all = file(
        "versioning: true, encryption: alias/lake, \
         lifecycle: [{ prefix: raw/, expire: 90d, archive: { after: 30d } }, { unfinished: 7d, noncurrent: 30d }]",
    );
    bench.apply(&all).await;
    let step = bench.change(&file("")).await;
    assert_eq!((step.address.as_str(), step.action), ("buckets.clicks-lake", Action::Update));
    let paths: Vec<_> = step.changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["versioning", "encryption", "lifecycle", "tags.pipectl:settings"]);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buckets_notifications_are_read_merged_and_written() {
    let bench = Bench::start().await;
    bench.apply(&file("notify: [{ function: load, prefix: a/ }]")).await;
    aws::notify_by_event_bridge(bench.engine.sdk_config(), &bench.endpoint.url(), "clicks-lake").await;
    bench.change(&file("notify: [{ function: load, prefix: b/, suffix: .gz }]")).await;
    bench.apply(&file("")).await;
    let kept = aws::has_event_bridge(bench.engine.sdk_config(), &bench.endpoint.url(), "clicks-lake").await;
    assert!(kept, "what others set is still there");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permission_is_there_before_the_notification_and_goes_with_it() {
    let bench = Bench::start().await;
    bench.apply(&file("notify: [{ function: load }]")).await;
    let calls = bench.script.calls();
    let position = |call: &str| calls.iter().position(|made| made == call).expect(call);
    assert!(position("lambda:AddPermission") < position("s3:PutBucketNotification"), "{calls:?}");
    bench.apply(&file("")).await;
    assert!(bench.script.calls().contains(&"lambda:RemovePermission".to_owned()));
    bench.end().await;
}
