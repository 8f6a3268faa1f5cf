//! A saved plan is carried out as it is, or refused with what moved.

use pipectl_pipeline::plan::{BucketData, Moved, SavedPlan, Selection};
use pipectl_pipeline::{ApplyOptions, Engine, Error};

use crate::aws;
use crate::bench::{Bench, apply, assert_no_changes, options, pipeline, plan, run, stream};

async fn saved(engine: &Engine, shards: u32) -> SavedPlan {
    let mut file = pipeline();
    file.streams["events"] = stream(shards);
    let plan = plan(engine, &file).await;
    let saved = SavedPlan::new(plan, BucketData::Refuse, false, Selection::default(), jiff::Timestamp::now());
    SavedPlan::read(&saved.to_bytes()).expect("what was written")
}

async fn refused(engine: &Engine, saved: &SavedPlan, source: &str) -> Vec<Moved> {
    let mut file = pipeline();
    file.streams["events"] = stream(4);
    match engine.verify(saved, &file, &options(source)).await {
        Err(Error::Moved(moved)) => moved,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_carried_out_by_another_process_and_only_once() {
    let bench = Bench::start().await;
    apply(&bench.engine().await, &pipeline()).await;
    let saved = saved(&bench.engine().await, 4).await;
    let engine = bench.engine().await;
    let mut file = pipeline();
    file.streams["events"] = stream(4);
    let verified = engine.verify(&saved, &file, &options("the file")).await.expect("nothing moved");
    assert_eq!(run(&engine, &verified).await.done.update, 1);
    assert_no_changes(&engine, &file).await;
    assert!(refused(&engine, &saved, "the file").await.contains(&Moved::Ledger { planned: 1, found: 2 }));
    assert!(engine.apply(&saved.plan, &ApplyOptions::default(), &|_| {}).await.is_err());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_is_refused_once_the_file_the_ledger_or_the_cloud_moved() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    apply(&engine, &pipeline()).await;
    let saved = saved(&engine, 4).await;
    assert_eq!(refused(&engine, &saved, "another file").await, [Moved::File]);
    aws::keep_longer(&engine, "clickstream-events", 48).await;
    let moved = refused(&engine, &saved, "the file").await;
    let told: Vec<String> = moved.iter().map(Moved::to_string).collect();
    assert_eq!(told, ["streams.events: retention is 48h now"]);
    let mut file = pipeline();
    file.streams["events"] = stream(3);
    let now = engine.plan(&file, &options("the file")).await.expect("a plan");
    run(&engine, &now).await;
    assert!(refused(&engine, &saved, "the file").await.contains(&Moved::Ledger { planned: 1, found: 2 }));
    bench.endpoint.shutdown().await;
}
