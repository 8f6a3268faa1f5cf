//! Streams: their mode, limits and metrics, and those that others read.

use pipectl_pipeline::plan::Action;
use pipectl_pipeline::{Error, PlanOptions};

use crate::aws;
use crate::bench::{Bench, read};

#[tokio::test(flavor = "multi_thread")]
async fn the_record_size_and_the_metrics_of_shards_are_changed_in_place_and_back() {
    let bench = Bench::start().await;
    let plain = "streams:\n  events: { shards: 2 }\n";
    bench.apply(plain).await;
    let all = "streams:\n  events: { shards: 2, max-record: 5MiB, shard-metrics: all }\n";
    assert_eq!(bench.change(all).await.action, Action::Update);
    let some = "streams:\n  events: { shards: 2, max-record: 5MiB, shard-metrics: [IncomingBytes] }\n";
    let step = bench.change(some).await;
    assert_eq!(step.changes.len(), 1, "{step:#?}");
    assert_eq!(bench.change(plain).await.action, Action::Update);
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioned_becomes_on_demand_with_a_left_over_shard_count() {
    let bench = Bench::start().await;
    bench.apply("streams:\n  events: { shards: 3 }\n").await;
    bench.script.calls();
    let step = bench.change("streams:\n  events: { shards: on-demand }\n").await;
    assert_eq!((step.action, step.changes.len()), (Action::Update, 1), "{step:#?}");
    assert!(!bench.script.calls().contains(&"kinesis:UpdateShardCount".to_owned()));
    bench.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_consumers_of_others_is_deleted_only_when_asked() {
    let bench = Bench::start().await;
    let file = "streams:\n  events: { fan-out: [dashboard] }\n";
    bench.apply(file).await;
    aws::register_consumer(bench.engine.sdk_config(), "clicks-events", "theirs").await;

    let refused = bench.engine.destroy_plan(&read(file), &PlanOptions::default()).await.expect_err("in use");
    assert!(refused.to_string().contains("clicks-events"), "{refused}");
    assert!(Error::hint(&refused).is_some_and(|hint| hint.contains("--delete-consumers")), "{refused}");
    let options = PlanOptions { delete_consumers: true, ..PlanOptions::default() };
    let plan = bench.engine.destroy_plan(&read(file), &options).await.expect("a plan");
    assert_eq!(bench.run(&plan).await.done.delete, 2);
    bench.end().await;
}
