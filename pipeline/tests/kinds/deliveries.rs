//! Deliveries: partitions, backup and encryption, and what is changed in place.

use pipectl_pipeline::plan::Action;

use crate::bench::{Bench, changes};

/// A direct delivery with these fields of its own and of its bucket.
fn file(fields: &str, s3: &str) -> String {
    format!("deliveries:\n  lake: {{ {fields} to: {{ s3: {{ bucket: clicks-lake, {s3} }} }} }}\n")
}

const PARTITIONED: &str =
    "prefix: \"c=!{partitionKeyFromQuery:customer}/\", partition: { keys: { customer: .customer } }";

#[tokio::test(flavor = "multi_thread")]
async fn enabling_dynamic_partitioning_replaces_and_absent_equals_disabled() {
    let bench = Bench::start().await;
    bench.apply(&file("", "prefix: c/")).await;
    let step = bench.change(&file("", PARTITIONED)).await;
    assert_eq!((step.address.as_str(), step.action), ("deliveries.lake", Action::Replace));
    assert!(step.reason.is_some_and(|why| why.contains("dynamic partitioning")));
    let retry = PARTITIONED.replace("keys:", "retry: 60s, keys:");
    assert_eq!(bench.change(&file("", &retry)).await.action, Action::Update);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_switched_on_in_place_changed_in_place_and_off_by_replacement() {
    let bench = Bench::start().await;
    bench.apply(&file("", "backup: { bucket: clicks-lake, prefix: raw/ }")).await;
    let step = bench.change(&file("", "backup: { bucket: clicks-lake, prefix: kept/ }")).await;
    assert_eq!(step.action, Action::Update, "{step:#?}");
    let off = bench.change(&file("", "")).await;
    assert!(off.action == Action::Replace && off.reason.is_some_and(|why| why.contains("backup")));
    let on = file("", "backup: { bucket: clicks-lake, prefix: raw/ }");
    assert_eq!(bench.change(&on).await.action, Action::Update);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_a_bucket_of_its_own_is_reached_by_the_role() {
    let bench = Bench::start().await;
    let one = file("", "prefix: c/");
    bench.apply(&one).await;
    let both = file("", "prefix: c/, backup: { bucket: clicks-raw }");
    let plan = bench.plan(&both).await;
    let changed: Vec<_> = changes(&plan).iter().map(|step| (step.address.to_string(), step.action)).collect();
    assert_eq!(
        changed,
        [
            ("buckets.clicks-raw".to_owned(), Action::Create),
            ("deliveries.lake.role".to_owned(), Action::Update),
            ("deliveries.lake".to_owned(), Action::Update),
        ]
    );
    bench.apply(&both).await;
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sse_is_started_and_stopped_in_place_with_direct_put() {
    let bench = Bench::start().await;
    bench.apply(&file("encryption: aws-owned,", "")).await;
    assert_eq!(bench.change(&file("", "")).await.action, Action::Update);
    assert_eq!(bench.change(&file("encryption: aws-owned,", "")).await.action, Action::Update);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tags_only_change_does_not_call_update_destination() {
    let bench = Bench::start().await;
    bench.apply(&file("", "")).await;
    bench.script.calls();
    bench.apply(&format!("tags: {{ team: growth }}\n{}", file("", ""))).await;
    let calls = bench.script.calls();
    assert!(calls.contains(&"firehose:TagDeliveryStream".to_owned()), "{calls:?}");
    assert!(!calls.contains(&"firehose:UpdateDestination".to_owned()), "{calls:?}");
    bench.end().await;
}
