//! Deliveries: partitions, backup and encryption, and what is changed in place.

use std::path::Path;

use pipectl_pipeline::plan::Action;
use pipectl_pipeline::spec::{TakeEveryTransform, parse};

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
async fn records_that_nothing_transforms_are_ended_with_a_line_break_each() {
    let bench = Bench::start().await;
    let of = |newline: bool| {
        file("", &format!("newline: {newline}, compression: none, buffer: {{ size: 1MiB, interval: 1s }}"))
    };
    bench.apply(&of(true)).await;
    assert!(!bench.plan(&of(true)).await.has_changes(), "what was applied is what is there");
    let config = bench.engine.sdk_config();
    crate::aws::put_to_delivery(config, "clicks-lake", &["{\"a\":1}", "{\"a\":2}", "{\"a\":3}"]).await;
    let text = crate::aws::first_object(config, &bench.endpoint.url(), "clicks-lake").await;
    assert_eq!(text.trim_end(), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}");
    let step = bench.change(&of(false)).await;
    assert_eq!(step.action, Action::Update);
    let said: Vec<_> =
        step.changes.iter().map(|it| (it.path.as_str(), it.before.as_deref(), it.after.as_deref())).collect();
    assert_eq!(said, [("to.s3.newline", Some("true"), None)]);
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

#[tokio::test(flavor = "multi_thread")]
async fn every_setting_of_a_destination_is_changed_in_place() {
    let bench = Bench::start().await;
    let with = |s3: &str| format!("transforms:\n  parse: {{ vrl: .a }}\n{}", file("transform: parse,", s3));
    bench.apply(&with("prefix: a/")).await;
    bench.script.calls();
    for s3 in [
        "prefix: b/",
        "prefix: b/, errors: failed/",
        "prefix: b/, buffer: { size: 16MiB, interval: 120s }",
        "prefix: b/, compression: zip",
        "prefix: b/, newline: true",
        "prefix: b/, newline: false",
        "prefix: b/, backup: { bucket: clicks-lake, prefix: raw/ }",
    ] {
        assert_eq!(bench.change(&with(s3)).await.action, Action::Update, "{s3}");
    }
    let backed_up = "backup: { bucket: clicks-other, prefix: raw/ }";
    let elsewhere = with(backed_up).replace("bucket: clicks-lake", "bucket: clicks-new");
    let plan = bench.plan(&elsewhere).await;
    let step =
        changes(&plan).into_iter().find(|step| step.address.as_str() == "deliveries.lake").expect("it");
    assert_eq!(step.action, Action::Update, "another bucket too");
    bench.apply(&elsewhere).await;
    let calls = bench.script.calls();
    assert!(!calls.iter().any(|call| call.ends_with("eDeliveryStream")), "{calls:?}");
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_has_one_lambda_processor_whatever_else_works_on_its_records() {
    let bench = Bench::start().await;
    let both = format!("transforms:\n  parse: {{ vrl: .a }}\n{}", file("transform: parse,", PARTITIONED));
    bench.apply(&both).await;
    let processors = crate::aws::processors(bench.engine.sdk_config(), "clicks-lake").await;
    assert_eq!(processors, ["Lambda", "MetadataExtraction"]);
    let lines = both.replace("prefix:", "newline: true, prefix:");
    assert_eq!(bench.change(&lines).await.action, Action::Update);
    let processors = crate::aws::processors(bench.engine.sdk_config(), "clicks-lake").await;
    assert_eq!(processors, ["Lambda", "MetadataExtraction", "AppendDelimiterToRecord"]);
    let two = both.replace("transform: parse", "transform: [parse, parse]");
    let text = format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\n{two}");
    let refused = parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform).expect_err("one at most");
    assert!(refused.to_string().contains("`deliveries.lake.transform` is text"), "{refused}");
    bench.end().await;
}
