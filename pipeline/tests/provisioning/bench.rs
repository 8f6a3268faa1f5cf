//! An endpoint, engines on it, and a pipeline with every kind of resource.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use pipectl_localstack::layers::Faults;
use pipectl_localstack::{Endpoint, Options};
use pipectl_pipeline::apply::{Outcome, Report};
use pipectl_pipeline::plan::{Action, Plan};
use pipectl_pipeline::spec::model::{Delivery, Stream, Transform};
use pipectl_pipeline::spec::{self, Pipeline, TakeEveryTransform};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, PlanOptions};

use crate::calls::Calls;

pub(crate) struct Bench {
    pub(crate) endpoint: Endpoint,
    /// The calls that reach it.
    pub(crate) calls: Arc<Calls>,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let bind = "127.0.0.1:0".parse().expect("an address");
        let calls = Arc::new(Calls::default());
        let faults: Arc<dyn Faults> = Arc::clone(&calls) as _;
        let options = Options { bind, faults: Some(faults), ..Options::default() };
        let endpoint = Endpoint::start(options).await.expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bootstrap"), "#!/bin/sh\nexit 0\n").expect("written");
        Self { endpoint, calls, folder }
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// An engine with its ledger in a folder.
    pub(crate) async fn engine(&self) -> Engine {
        self.engine_at(&self.endpoint.url(), Some(self.state())).await
    }

    /// An engine that reaches the endpoint by another way, with its ledger in a folder or in S3.
    pub(crate) async fn engine_at(&self, url: &str, state: Option<PathBuf>) -> Engine {
        let options = ConnectOptions {
            endpoint_url: Some(url.to_owned()),
            file_region: Some("eu-west-1".into()),
            lambda_bootstrap: Some(self.folder.path().join("bootstrap")),
            state,
            sandbox: true,
            ..ConnectOptions::default()
        };
        Engine::connect(options).await.expect("connected")
    }
}

/// What the text of a file means.
pub(crate) fn read(text: &str) -> Pipeline {
    spec::parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform).expect("it holds").pipeline
}

/// A stream, a transform and a delivery: eight resources.
const FILE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clickstream
tags: { team: growth }
streams:
  events: { shards: 2 }
transforms:
  parse: { vrl: '.a = 1', environment: { MODE: test } }
deliveries:
  lake: { from: events, transform: parse, to: { s3: { bucket: clickstream-lake, prefix: clicks/ } } }
  raw: { to: { s3: { bucket: clickstream-raw } } }
";

pub(crate) fn pipeline() -> Pipeline {
    let mut file = read(FILE);
    file.deliveries.shift_remove("raw");
    file
}

/// A delivery that is fed directly, with a bucket of its own.
pub(crate) fn direct() -> Delivery {
    read(FILE).deliveries["raw"].clone()
}

pub(crate) fn stream(shards: u32) -> Stream {
    read(&FILE.replace("shards: 2", &format!("shards: {shards}"))).streams["events"].clone()
}

/// The transform with another program, and as much memory.
pub(crate) fn program(text: &str, memory_mib: u32) -> Transform {
    let settings = format!("vrl: '{text}', memory: {memory_mib}MiB");
    read(&FILE.replace("vrl: '.a = 1'", &settings)).transforms["parse"].clone()
}

pub(crate) fn options(source: &str) -> PlanOptions {
    PlanOptions { source: source.to_owned(), ..PlanOptions::default() }
}

pub(crate) async fn plan(engine: &Engine, pipeline: &Pipeline) -> Plan {
    engine.plan(pipeline, &options("the file")).await.expect("a plan")
}

pub(crate) async fn run(engine: &Engine, plan: &Plan) -> Report {
    let report = engine.apply(plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
    report
}

pub(crate) async fn apply(engine: &Engine, pipeline: &Pipeline) -> Report {
    run(engine, &plan(engine, pipeline).await).await
}

pub(crate) async fn assert_no_changes(engine: &Engine, pipeline: &Pipeline) {
    let again = plan(engine, pipeline).await;
    let changes: Vec<_> = again.steps.iter().filter(|step| step.action != Action::NoChange).collect();
    assert!(changes.is_empty(), "{changes:#?}");
}
