//! Back to what an earlier revision deployed, whatever the file says now.

use pipectl_pipeline::engine::RollbackError;
use pipectl_pipeline::{Error, PlanOptions};

use crate::bench::{Bench, apply, assert_no_changes, direct, pipeline, program, run, stream};

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_brings_back_what_a_revision_deployed() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let mut second = pipeline();
    second.streams["events"] = stream(4);
    second.transforms["parse"] = program(".a = 2", 256);
    second.tags.clear();
    second.deliveries.insert("raw".into(), direct());
    apply(&engine, &second).await;

    let compared = engine.compare("clickstream", 1, 2).await.expect("both are there");
    let came = compared.resources.iter().filter(|change| !change.before).count();
    assert_eq!(came, 4, "{compared:#?}");

    let plan = engine.rollback_plan("clickstream", None, &PlanOptions::default()).await.expect("a plan");
    assert_eq!((plan.returns_to, plan.counts().delete), (Some(1), 4));
    run(&engine, &plan).await;
    assert_no_changes(&engine, &pipeline()).await;

    let history = engine.history("clickstream").await.expect("a history");
    let told: Vec<_> = history.iter().map(|it| (it.number, it.returns_to)).collect();
    assert_eq!(told, [(3, Some(1)), (2, None), (1, None)]);
    // And forward again, to what the second one deployed.
    let plan = engine.rollback_plan("clickstream", Some(2), &PlanOptions::default()).await.expect("a plan");
    run(&engine, &plan).await;
    assert_no_changes(&engine, &second).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_has_to_be_a_good_revision_to_go_back_to() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let none = engine.rollback_plan("clickstream", None, &PlanOptions::default()).await;
    assert!(matches!(none, Err(Error::Rollback(RollbackError::NothingGood(_)))), "{none:?}");
    let missing = engine.rollback_plan("clickstream", Some(7), &PlanOptions::default()).await;
    assert!(missing.is_err_and(|error| error.to_string().contains("no revision 7")));
    let destroy = engine.destroy_plan(&pipeline(), &PlanOptions::default()).await.expect("a plan");
    run(&engine, &destroy).await;
    let gone = engine.rollback_plan("clickstream", Some(2), &PlanOptions::default()).await;
    assert!(matches!(gone, Err(Error::Rollback(RollbackError::NotGood { .. }))), "{gone:?}");
    // What was destroyed can be brought back, as its revision is remembered.
    let back = engine.rollback_plan("clickstream", None, &PlanOptions::default()).await.expect("a plan");
    assert_eq!((back.returns_to, run(&engine, &back).await.done.create), (Some(1), 8));
    assert_no_changes(&engine, &pipeline()).await;
    bench.endpoint.shutdown().await;
}
