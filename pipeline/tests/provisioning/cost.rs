//! What a plan costs: calls, and round trips one after the other. Counted, not timed.

use pipectl_pipeline::PlanOptions;

use crate::bench::{Bench, apply, direct, options, pipeline, plan, stream};
use crate::rounds::Rounds;

/// Two streams, a transform with its role and log group, a delivery with its own, and a bucket, and one more
/// stream: ten resources.
fn ten() -> pipectl_pipeline::spec::Pipeline {
    let mut file = pipeline();
    file.streams.insert("orders".into(), stream(1));
    file.streams.insert("audit".into(), stream(1));
    file
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_changes_makes_at_most_one_and_a_half_calls_a_resource() {
    let bench = Bench::start().await;
    apply(&bench.engine().await, &ten()).await;
    let engine = bench.engine().await;
    bench.calls.take();
    let trusting = PlanOptions { trust_tags: true, ..options("the file") };
    let again = engine.plan(&ten(), &trusting).await.expect("a plan");
    assert!(!again.has_changes(), "{again:#?}");
    assert_eq!(again.steps.len(), 10);
    let calls = bench.calls.take();
    assert!(calls.len() <= 15, "{} calls: {calls:#?}", calls.len());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_changes_is_four_round_trips_at_most_with_its_ledger_in_s3() {
    let bench = Bench::start().await;
    let near = bench.engine_at(&bench.endpoint.url(), None).await;
    apply(&near, &ten()).await;
    let rounds = Rounds::start(bench.endpoint.address()).await;
    let far = bench.engine_at(&rounds.url(), None).await;
    let trusting = PlanOptions { trust_tags: true, ..options("the file") };
    assert!(!far.plan(&ten(), &trusting).await.expect("a plan").has_changes());
    assert!((2..=4).contains(&rounds.count()), "{} rounds", rounds.count());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_apply_takes_no_more_steps_in_a_row_than_its_graph_is_deep() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let mut file = ten();
    file.deliveries.insert("raw".into(), direct());
    let first = plan(&engine, &file).await;
    let report = crate::bench::run(&engine, &first).await;
    // Role or log group, function, delivery at most: whatever else there is runs beside them.
    assert!((1..=3).contains(&report.critical_path.steps.len()), "{:?}", report.critical_path);
    assert!(report.critical_path.seconds <= report.seconds, "{report:?}");
    bench.endpoint.shutdown().await;
}
