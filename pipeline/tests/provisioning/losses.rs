//! What gives data up, on the local endpoint: a replaced stream takes its mapping along, and whoever reads a stream that
//! goes is named.

use pipectl_pipeline::engine::Health;
use pipectl_pipeline::plan::{Action, Selection};
use pipectl_pipeline::{ApplyOptions, PlanOptions};

use crate::bench::{Bench, apply, assert_no_changes, read, run};

const SOURCE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
streams: { events: { retention: 48h } }
functions: { watch: { vrl: '.a = 1', from: events } }
";

const READER: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: archive
deliveries: { lake: { from: clicks/events, to: { s3: { bucket: archive-lake } } } }
functions: { count: { vrl: '.a = 1', from: clicks/events } }
";

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_stream_takes_its_mapping_along() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let file = read(SOURCE);
    apply(&engine, &file).await;
    let mapping = async || {
        let status = engine.status(&file).await.expect("a status");
        let found = status.resources.into_iter().find(|it| it.address.as_str() == "functions.watch.from");
        let found = found.expect("the mapping");
        assert_eq!(found.health, Health::Ready);
        found.id.expect("its ARN")
    };
    let before = mapping().await;
    let selection = Selection { replace: vec!["streams.events".into()], ..Selection::default() };
    let options = PlanOptions { selection, ..PlanOptions::default() };
    let plan = engine.plan(&file, &options).await.expect("a plan");
    let step = plan.steps.iter().find(|step| step.address.as_str() == "functions.watch.from").expect("it");
    assert_eq!((step.action, step.reason.as_deref()), (Action::Replace, Some("streams.events is replaced")));
    run(&engine, &plan).await;
    assert_ne!(mapping().await, before, "a mapping that is made anew has another id");
    assert_no_changes(&engine, &file).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_another_pipeline_reads_is_destroyed_with_its_readers_named() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let source = read(SOURCE);
    apply(&engine, &source).await;
    apply(&engine, &read(READER)).await;
    let plan = engine.destroy_plan(&source, &PlanOptions::default()).await.expect("a plan");
    let [loss] = &plan.losses[..] else { panic!("{:?}", plan.losses) };
    let told = loss.to_string();
    for reader in [
        "functions.watch.from",
        "deliveries.lake of the pipeline archive",
        "functions.count.from of the pipeline archive",
    ] {
        assert!(told.contains(reader), "{reader}: {told}");
    }
    assert!(told.contains("it keeps them for 48h") && loss.recent == Some(0), "{told}");
    assert!(!told.contains("the Lambda function"), "each reader once: {told}");
    engine.apply(&plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    bench.endpoint.shutdown().await;
}
