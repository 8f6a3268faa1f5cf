//! The committed schema is the one of the types, and what the commands write fits it.

use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Call, Faults, Verdict};
use pipectl_localstack::{Endpoint, Options};
use pipectl_pipeline::spec::{self, Pipeline, TakeEveryTransform};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, PlanOptions};
use serde_json::Value;

use super::super::json;
use super::*;
use crate::error::{CommandError, Kind};

const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks
streams:
  events: { shards: 2 }
transforms:
  parse: { vrl: '.a = 1' }
deliveries:
  lake: { from: events, transform: parse, to: { s3: { bucket: clicks-lake } } }
";

#[test]
fn the_committed_schema_of_events_is_fresh() {
    assert!(
        include_str!("../../../schema/events-v1.schema.json") == schema(),
        "the events have changed: cargo run -p pipectl -- schema --events > cli/schema/events-v1.schema.json"
    );
}

/// Refuses the first stream for good and the first delivery for a while.
#[derive(Debug, Default)]
struct Unlucky {
    met: Mutex<Vec<String>>,
}

impl Faults for Unlucky {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        let mut met = self.met.lock().expect("not poisoned");
        if met.contains(&call.operation) {
            return Verdict::Proceed;
        }
        met.push(call.operation.clone());
        match call.operation.as_str() {
            "CreateStream" => Verdict::Refuse(AwsError::bad_request("AccessDeniedException", "no")),
            "CreateDeliveryStream" => Verdict::Refuse(AwsError::bad_request(
                "InvalidArgumentException",
                "Firehose is unable to assume role r. Please check the role provided.",
            )),
            _ => Verdict::Proceed,
        }
    }
}

/// Lines as they would be written.
#[derive(Default)]
struct Lines(Mutex<Vec<Value>>);

impl Lines {
    fn add(&self, line: &Line<'_>) {
        let text = json::text(line);
        self.0.lock().expect("not poisoned").push(serde_json::from_str(&text).expect("a line is JSON"));
    }
}

async fn apply(engine: &Engine, pipeline: &Pipeline, lines: &Lines) {
    let options = PlanOptions { source: FILE.to_owned(), ..PlanOptions::default() };
    let plan = engine.plan(pipeline, &options).await.expect("a plan");
    plan.steps.iter().for_each(|step| lines.add(&Line::Change(StepSummary::of(step))));
    lines.add(&Line::Plan(PlanSummary::of(&plan)));
    lines.add(&Line::Price(&plan.price(&pipectl_pricing::Prices::builtin(), None)));
    let hear = |event| lines.add(&Line::Apply(&event));
    engine.apply(&plan, &ApplyOptions::default(), &hear).await.expect("it runs");
}

async fn everything() -> Vec<Value> {
    let bind = "127.0.0.1:0".parse().expect("an address");
    let faults: Option<Arc<dyn Faults>> = Some(Arc::new(Unlucky::default()));
    let endpoint = Endpoint::start(Options { bind, faults, ..Options::default() }).await.expect("it starts");
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("bootstrap"), "#!/bin/sh\n").expect("written");
    let options = ConnectOptions {
        endpoint_url: Some(endpoint.url()),
        region: Some("eu-west-1".into()),
        lambda_bootstrap: Some(folder.path().join("bootstrap")),
        state: Some(folder.path().join("state")),
        sandbox: true,
        ..ConnectOptions::default()
    };
    let engine = Engine::connect(options).await.expect("connected");
    let document = spec::parse(Path::new("f"), FILE.as_bytes(), &TakeEveryTransform).expect("it holds");
    let lines = Lines::default();
    apply(&engine, &document.pipeline, &lines).await;
    apply(&engine, &document.pipeline, &lines).await;
    lines.add(&Line::Status(&engine.status(&document.pipeline).await.expect("a status")));
    lines.add(&Line::Drift(&engine.drift(&document.pipeline).await.expect("a look")));
    for revision in engine.history("clicks").await.expect("a history") {
        let short = OfPipeline { pipeline: "clicks", revision: &revision };
        lines.add(&Line::Revision(AnyRevision::Short(short)));
    }
    let first = engine.revision("clicks", 1).await.expect("the first");
    lines.add(&Line::Revision(AnyRevision::Whole(&first)));
    lines.add(&Line::Comparison(&engine.compare("clicks", 1, 2).await.expect("both")));
    endpoint.shutdown().await;
    let wrong = FILE.replace("shards", "shard");
    let found = spec::parse(Path::new("f"), wrong.as_bytes(), &TakeEveryTransform).expect_err("it is wrong");
    found.report().iter().for_each(|report| lines.add(&Line::Diagnostic(report)));
    lines.add(&Line::Error((&CommandError::new(Kind::Aws, "no").hint("yes")).into()));
    lines.add(&Line::version());
    lines.0.into_inner().expect("not poisoned")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_that_is_written_fits_the_schema() {
    let schema: Value = serde_json::from_str(&schema()).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let lines = everything().await;
    for line in &lines {
        let wrong: Vec<String> = validator.iter_errors(line).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{line:#}\n{wrong:#?}");
    }
    let of = |field: &str, kind: &str| lines.iter().any(|line| line[field] == kind);
    for kind in [
        "version",
        "change",
        "plan",
        "price",
        "status",
        "drift",
        "revision",
        "comparison",
        "diagnostic",
        "error",
    ] {
        assert!(of("type", kind), "no line of type {kind}");
    }
    for event in
        ["started", "step-started", "retrying", "step-failed", "step-skipped", "step-done", "finished"]
    {
        assert!(of("event", event), "no event {event}");
    }
    let broken = serde_json::json!({ "type": "apply", "event": "no-such-event" });
    assert!(!validator.is_valid(&broken));
}
