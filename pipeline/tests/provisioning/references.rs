//! A delivery that reads another pipeline's stream: found among the files, or in the ledger.

use pipectl_pipeline::engine::ReferenceError;
use pipectl_pipeline::spec::{Document, Request, TakeEveryTransform, load_all};
use pipectl_pipeline::{ApplyOptions, Engine, PlanOptions};

use crate::bench::{Bench, apply, assert_no_changes, read};

const SOURCE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
streams:
  events: { encryption: alias/mine }
";

const READER: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: archive
deliveries:
  lake: { from: clicks/events, to: { s3: { bucket: archive-lake } } }
";

fn document(text: &str) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipeline.yaml");
    std::fs::write(&path, text).expect("written");
    let set = load_all(&Request::of(path), &TakeEveryTransform);
    set.unwrap_or_else(|found| panic!("{found}")).documents.remove(0)
}

async fn refused(engine: &Engine, text: &str) -> String {
    match engine.resolve(&mut document(text)).await {
        Err(ReferenceError::Unknown(found)) => found.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_pipeline_is_found_in_the_ledger() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let nobody = refused(&engine, READER).await;
    assert!(nobody.contains("there is no pipeline `clicks`") && nobody.contains("clicks/events"), "{nobody}");

    apply(&engine, &read(SOURCE)).await;
    let wrong = refused(&engine, &READER.replace("clicks/events", "clicks/event")).await;
    assert!(wrong.contains("did you mean `clicks/events`?"), "{wrong}");
    let wrong = refused(&engine, &READER.replace("clicks/events", "click/events")).await;
    assert!(wrong.contains("did you mean `clicks`?"), "{wrong}");

    let mut reader = document(READER);
    engine.resolve(&mut reader).await.expect("it is there");
    let found = reader.pipeline.others().next().and_then(|other| other.found.clone()).expect("looked up");
    assert_eq!((found.name.as_str(), found.encryption.as_deref()), ("clicks-events", Some("alias/mine")));
    apply(&engine, &reader.pipeline).await;
    assert_no_changes(&engine, &reader.pipeline).await;
    let revision = engine.revision("archive", 1).await.expect("applied");
    let role = serde_json::to_string(&revision.resources).expect("JSON");
    assert!(role.contains("stream/clicks-events") && role.contains("alias/mine"), "{role}");

    // By its name on AWS, whatever that is by now; the delivery is replaced, as its stream is another.
    apply(&engine, &read(&SOURCE.replace("encryption", "name: OrdersProd, encryption"))).await;
    let mut reader = document(READER);
    engine.resolve(&mut reader).await.expect("it is there");
    let found = reader.pipeline.others().next().and_then(|other| other.found.clone()).expect("looked up");
    assert_eq!(found.name, "OrdersProd");
    apply(&engine, &reader.pipeline).await;
    assert_no_changes(&engine, &reader.pipeline).await;
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_that_was_destroyed_is_named_as_such_and_not_proposed() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let source = read(SOURCE);
    apply(&engine, &source).await;
    let plan = engine.destroy_plan(&source, &PlanOptions::default()).await.expect("a plan");
    engine.apply(&plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    let told = refused(&engine, READER).await;
    assert!(told.contains("the pipeline `clicks` was destroyed"), "{told}");
    assert!(told.contains("apply `clicks` again") && !told.contains("did you mean"), "{told}");
    bench.endpoint.shutdown().await;
}
