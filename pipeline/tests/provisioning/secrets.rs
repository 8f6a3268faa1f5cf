//! A sensitive value reaches the function, and nothing that is kept: not the ledger, not a saved plan.

use std::path::Path;

use pipectl_pipeline::engine::RollbackError;
use pipectl_pipeline::plan::{BucketData, Moved, Plan, SavedPlan, Selection};
use pipectl_pipeline::spec::{Document, GivenValues, Request, TakeEveryTransform, load_all};
use pipectl_pipeline::{Engine, Error, PlanOptions};

use crate::aws;
use crate::bench::{Bench, run};

const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clickstream
vars:
  token: { sensitive: true }
  mode: test
transforms:
  parse:
    vrl: '.salt = \"${var.token}\"'
    environment: { TOKEN: 'Bearer ${var.token}', MODE: '${var.mode}' }
deliveries:
  lake: { transform: parse, to: { s3: { bucket: clickstream-lake } } }
";

const TOKEN: &str = "hunter2-hunter2";

/// The file with values.
fn document(values: &[&str]) -> Document {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("pipeline.yaml");
    std::fs::write(&path, FILE).expect("written");
    let options = values.iter().map(|value| (*value).to_owned()).collect();
    let values = GivenValues { options, ..GivenValues::default() };
    let set = load_all(&Request { values, ..Request::of(path) }, &TakeEveryTransform);
    set.unwrap_or_else(|found| panic!("{found}")).documents.remove(0)
}

fn of_file(document: &Document) -> PlanOptions {
    PlanOptions {
        source: document.source.to_string(),
        inputs: document.inputs.clone(),
        secrets: document.pipeline.secrets.clone(),
        ..PlanOptions::default()
    }
}

async fn plan(engine: &Engine, document: &Document) -> Plan {
    engine.plan(&document.pipeline, &of_file(document)).await.expect("a plan")
}

/// Whether any file below a folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, text),
        path => String::from_utf8_lossy(&std::fs::read(path).expect("a file")).contains(text),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ledger_keeps_seals_and_drift_and_no_changes_are_told_by_them() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let file = document(&["token=hunter2-hunter2"]);
    run(&engine, &plan(&engine, &file).await).await;
    let there = aws::environment(&engine, "clickstream-parse").await;
    assert_eq!(there["TOKEN"], format!("Bearer {TOKEN}"));
    assert!(holds(&bench.state(), "sealed:1:") && !holds(&bench.state(), TOKEN));
    assert!(!plan(&engine, &file).await.has_changes());
    assert!(!engine.drift(&file.pipeline).await.expect("a look").is_some());

    // Another value is a change of the file and no drift, for what is there is what was applied.
    let other = document(&["token=correct-horse"]);
    assert!(!engine.drift(&other.pipeline).await.expect("a look").is_some());
    let changed = plan(&engine, &other).await;
    assert_eq!(changed.counts().update, 1, "{:#?}", changed.steps);
    run(&engine, &changed).await;
    let told = engine.compare("clickstream", 1, 2).await.expect("both");
    let inputs: Vec<&str> = told.inputs.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(inputs, ["vars.token"]);
    let said = serde_json::to_string(&told).expect("JSON");
    assert!(
        !said.contains(TOKEN) && !said.contains("correct-horse") && said.contains("environment.TOKEN"),
        "{said}"
    );

    aws::set_environment(&engine, "clickstream-parse", "TOKEN", "Bearer stolen").await;
    let drift = engine.drift(&other.pipeline).await.expect("a look");
    let paths: Vec<&str> = drift.resources[0].changes.iter().map(|change| change.path.as_str()).collect();
    assert_eq!(paths, ["environment.TOKEN"]);
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_saved_plan_holds_no_secret_and_is_bound_to_the_variables() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let file = document(&["token=hunter2-hunter2"]);
    let saved = SavedPlan::new(
        plan(&engine, &file).await,
        BucketData::Refuse,
        false,
        Selection::default(),
        jiff::Timestamp::now(),
    );
    let bytes = saved.to_bytes();
    assert!(!String::from_utf8_lossy(&bytes).contains(TOKEN));
    let saved = SavedPlan::read(&bytes).expect("what was written");
    for (values, moved) in [
        (vec!["token=other-value"], vec![Moved::Variable("token".into())]),
        (vec!["token=hunter2-hunter2", "mode=prod"], vec![Moved::Variable("mode".into())]),
    ] {
        let now = document(&values);
        match engine.verify(&saved, &now.pipeline, &of_file(&now)).await {
            Err(Error::Moved(found)) => assert_eq!(found, moved),
            other => panic!("{other:?}"),
        }
    }
    let verified = engine.verify(&saved, &file.pipeline, &of_file(&file)).await.expect("nothing moved");
    run(&engine, &verified).await;
    assert_eq!(aws::environment(&engine, "clickstream-parse").await["TOKEN"], format!("Bearer {TOKEN}"));
    assert!(!holds(&bench.state(), TOKEN));
    assert!(!plan(&engine, &file).await.has_changes());
    bench.endpoint.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_needs_the_value_of_then_and_says_so() {
    let bench = Bench::start().await;
    let engine = bench.engine().await;
    let (first, second) = (document(&["token=hunter2-hunter2"]), document(&["token=correct-horse"]));
    run(&engine, &plan(&engine, &first).await).await;
    run(&engine, &plan(&engine, &second).await).await;
    let refused = engine.rollback_plan("clickstream", None, &of_file(&second)).await;
    match refused {
        Err(Error::Rollback(RollbackError::Sealed { number: 1, address })) => {
            assert_eq!(address, "transforms.parse");
        }
        other => panic!("{other:?}"),
    }
    let back = engine.rollback_plan("clickstream", None, &of_file(&first)).await.expect("a plan");
    run(&engine, &back).await;
    assert_eq!(aws::environment(&engine, "clickstream-parse").await["TOKEN"], format!("Bearer {TOKEN}"));
    assert!(!holds(&bench.state(), TOKEN) && !holds(&bench.state(), "correct-horse"));
    assert!(!plan(&engine, &first).await.has_changes());
    // What a revision keeps can be looked at without the secret.
    let kept = engine.revision("clickstream", 3).await.expect("the rollback");
    let again = kept.document(&TakeEveryTransform).expect("it holds");
    assert_eq!(again.pipeline.deliveries, first.pipeline.deliveries);
    bench.endpoint.shutdown().await;
}
