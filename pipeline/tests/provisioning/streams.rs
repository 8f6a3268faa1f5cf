//! Streams: what other tools got wrong.

use pipectl_pipeline::plan::Action;
use pipectl_pipeline::spec::model::Capacity;

use crate::aws;
use crate::bench::{Bench, apply, assert_no_changes, options, pipeline, plan, run, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_never_recreated_on_a_shard_change() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    for shards in [16, 3] {
        file.streams["events"] = stream(shards);
        let change = plan(&engine, &file).await;
        assert_eq!((change.counts().update, change.counts().replace), (1, 0));
        bench.calls.take();
        run(&engine, &change).await;
        assert!(!bench.calls.take().iter().any(|call| call == "kinesis:DeleteStream"));
    }
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_open_shards_are_counted() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    file.streams["events"] = stream(4);
    apply(&engine, &file).await;
    assert!(aws::all_shards(&engine, "clickstream-events").await > 4, "closed ones are listed, too");
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_demand_takes_over_whatever_shard_count_was_left() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let mut file = pipeline();
    file.streams["events"] = stream(3);
    apply(&engine, &file).await;
    file.streams["events"].capacity = Capacity::OnDemand;
    assert_eq!(apply(&engine, &file).await.done.update, 1);
    assert_no_changes(&engine, &file).await;
    assert!(!engine.drift(&file).await.expect("a look").is_some());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_to_sixteen_goes_by_doubling_and_resumes() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    // Somebody got half way.
    aws::reshard(&engine, "clickstream-events", 4).await;
    let mut file = pipeline();
    file.streams["events"] = stream(16);
    let change = plan(&engine, &file).await;
    let step = change.steps.iter().find(|step| step.action == Action::Update).expect("one");
    let operations: Vec<String> = step.operations.iter().map(ToString::to_string).collect();
    assert_eq!(operations, ["set the shard count to 8", "set the shard count to 16"]);
    run(&engine, &change).await;
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_fails_at_once_and_is_not_tried_for_an_hour() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    bench.calls.refuse(
        "CreateStream",
        usize::MAX,
        "LimitExceededException",
        "This request would exceed the shard limit",
    );
    let first = plan(&engine, &pipeline()).await;
    let options = pipectl_pipeline::ApplyOptions::default();
    let report = engine.apply(&first, &options, &|_| {}).await.expect("it runs");
    let [failure] = &report.failures[..] else { panic!("{report:#?}") };
    assert_eq!(failure.call.as_deref(), Some("kinesis:CreateStream"));
    assert_eq!(failure.code.as_deref(), Some("LimitExceededException"));
    assert!(failure.request_id.is_some());
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("quota")), "{failure:?}");
    let calls = bench.calls.take();
    // The SDK takes the error for a throttle and tries four times; the engine adds nothing to that.
    assert_eq!(calls.iter().filter(|call| *call == "kinesis:CreateStream").count(), 4);
    bench.calls.forgive();
    apply(&engine, &pipeline()).await;
    assert_no_changes(&engine, &pipeline()).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_of_reshards_that_is_used_up_fails_at_once_and_is_told_beforehand() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let message = "Rate exceeded for stream s. UpdateShardCount was successful 10 times in the last 24 hours, which is \
                   the limit.";
    bench.calls.refuse("UpdateShardCount", usize::MAX, "LimitExceededException", message);
    let mut file = pipeline();
    file.streams["events"] = stream(9_000);
    let change = plan(&engine, &file).await;
    assert!(change.notes.iter().any(|note| note.contains("AWS takes 10 in 24 hours")), "{:?}", change.notes);
    let options = pipectl_pipeline::ApplyOptions::default();
    let report = engine.apply(&change, &options, &|_| {}).await.expect("it runs");
    let [failure] = &report.failures[..] else { panic!("{report:#?}") };
    assert!(failure.message.contains("24 hours"), "{failure:?}");
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("a day old")), "{failure:?}");
    bench.calls.forgive();
    let message = "This request would exceed the shard limit";
    bench.calls.refuse("UpdateShardCount", usize::MAX, "LimitExceededException", message);
    let change = plan(&engine, &file).await;
    let report = engine.apply(&change, &options, &|_| {}).await.expect("it runs");
    let [failure] = &report.failures[..] else { panic!("{report:#?}") };
    assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("quota")), "{failure:?}");
    bench.calls.forgive();
    file.streams["events"] = stream(3);
    assert_eq!(plan(&engine, &file).await.notes, [] as [String; 0]);
    apply(&engine, &file).await;
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_is_checked_when_planning() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let mut file = pipeline();
    file.streams["events"] = stream(9_000);
    file.streams.insert("orders".into(), stream(9_000));
    file.streams.insert("audit".into(), stream(9_000));
    let refused = engine.plan(&file, &options("the file")).await.expect_err("too many");
    assert!(refused.to_string().contains("opens 27000 more shards"), "{refused}");
    assert!(refused.hint().is_some_and(|hint| hint.contains("Service Quotas")));
    assert!(!bench.calls.take().iter().any(|call| call == "kinesis:CreateStream"));
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retention_change_is_waited_for_and_the_same_retention_is_no_call() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    file.streams["events"].retention_hours = 48;
    bench.calls.take();
    apply(&engine, &file).await;
    let calls = bench.calls.take();
    let at = |name: &str| calls.iter().rposition(|call| call == name).expect("the call");
    assert!(at("kinesis:DescribeStreamSummary") > at("kinesis:IncreaseStreamRetentionPeriod"));
    apply(&engine, &file).await;
    assert!(!bench.calls.take().iter().any(|call| call.contains("Retention")));
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_its_tags_from_its_creation_and_they_change_in_place() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let calls = bench.calls.take();
    assert!(!calls.iter().any(|call| call == "kinesis:AddTagsToStream"), "{calls:#?}");
    let mut file = pipeline();
    file.tags.insert("team".into(), "platform".into());
    apply(&engine, &file).await;
    let calls = bench.calls.take();
    assert!(calls.iter().any(|call| call == "kinesis:AddTagsToStream"));
    assert!(!calls.iter().any(|call| call == "kinesis:CreateStream" || call == "kinesis:DeleteStream"));
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}
