//! A refresh: the ledger takes what is there, and AWS stays as it is.

use pipectl_pipeline::ApplyOptions;
use pipectl_pipeline::plan::Action;

use crate::aws;
use crate::bench::{Bench, apply, pipeline, plan, run, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_has_the_ledger_take_what_is_there_and_touches_nothing() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let mut file = pipeline();
    file.streams.insert("orders".into(), stream(1));
    apply(&engine, &file).await;
    aws::keep_longer(&engine, "clickstream-events", 48).await;
    aws::delete(&engine, "clickstream-orders").await;

    bench.calls.take();
    let (drift, refresh) = engine.refresh_plan(&file).await.expect("a look");
    assert_eq!((drift.resources.len(), refresh.taken.len(), refresh.kept.len()), (2, 2, 0), "{refresh:#?}");
    assert_eq!(engine.refresh(&refresh, &ApplyOptions::default()).await.expect("written"), 2);
    let calls = bench.calls.take();
    let reads = ["Describe", "List", "Get", "Head"];
    let changed: Vec<_> =
        calls.iter().filter(|call| !reads.iter().any(|verb| call.contains(&format!(":{verb}")))).collect();
    assert!(changed.is_empty(), "{changed:?}");

    assert!(!engine.drift(&file).await.expect("a look").is_some());
    let history = engine.history("clickstream").await.expect("a history");
    assert_eq!(history.iter().map(|it| it.refreshed).collect::<Vec<_>>(), [true, false]);
    assert_eq!(history[0].resources, history[1].resources - 1);
    // The file still says what it says: the next apply goes by it.
    let again = plan(&engine, &file).await;
    let counts = again.counts();
    assert_eq!((counts.create, counts.update), (1, 1), "{again:#?}");
    run(&engine, &again).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_after_the_ledger_moved_is_refused() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    aws::keep_longer(&engine, "clickstream-events", 48).await;
    let (_, refresh) = engine.refresh_plan(&pipeline()).await.expect("a look");
    apply(&engine, &pipeline()).await;
    let refused = engine.refresh(&refresh, &ApplyOptions::default()).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("revision 1")));
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_failed_apply_left_is_no_goal_of_a_rollback_for_being_looked_at() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut file = pipeline();
    file.streams["events"] = stream(4);
    file.streams.insert("orders".into(), stream(1));
    bench.calls.refuse("CreateStream", usize::MAX, "LimitExceededException", "no more shards");
    let change = plan(&engine, &file).await;
    let report = engine.apply(&change, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert_eq!(report.failures.len(), 1, "{report:#?}");
    bench.calls.forgive();
    aws::keep_longer(&engine, "clickstream-events", 48).await;
    let (_, refresh) = engine.refresh_plan(&file).await.expect("a look");
    assert_eq!(engine.refresh(&refresh, &ApplyOptions::default()).await.expect("written"), 3);
    let back = engine.rollback_plan("clickstream", None, &Default::default()).await.expect("a plan");
    assert_eq!(back.returns_to, Some(1));
    let step = back.steps.iter().find(|step| step.address.as_str() == "streams.events").expect("it");
    assert_eq!(step.action, Action::Update);
    bench.endpoint.shutdown().await;
}
