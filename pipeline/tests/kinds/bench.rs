//! An endpoint that remembers its calls and refuses those it is told to, and an engine beside it.

use std::collections::VecDeque;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, Endpoint, Options};
use pipectl_pipeline::apply::{Outcome, Report};
use pipectl_pipeline::plan::{Action, Plan, Step};
use pipectl_pipeline::spec::{self, Pipeline, TakeEveryTransform};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, PlanOptions};

/// The calls that were made, and those that will be refused.
#[derive(Debug, Default)]
pub(crate) struct Script {
    calls: Mutex<Vec<String>>,
    refusals: Mutex<VecDeque<(String, AwsError)>>,
}

impl Faults for Script {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        let words = format!("{}:{}", call.service, call.operation);
        if call.mutating {
            self.calls.lock().expect("not poisoned").push(words.clone());
        }
        let mut refusals = self.refusals.lock().expect("not poisoned");
        match refusals.iter().position(|(refused, _)| *refused == words) {
            Some(index) => Verdict::Refuse(refusals.remove(index).expect("it is there").1),
            None => Verdict::Proceed,
        }
    }
}

impl Script {
    /// Refuses the next of these calls.
    pub(crate) fn refuse(&self, call: &str, code: &'static str, message: &str) {
        let error = AwsError::bad_request(code, message);
        self.refusals.lock().expect("not poisoned").push_back((call.to_owned(), error));
    }

    /// The calls since the last time that may have changed something.
    pub(crate) fn calls(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().expect("not poisoned"))
    }
}

pub(crate) struct Bench {
    pub(crate) endpoint: Endpoint,
    pub(crate) script: Arc<Script>,
    pub(crate) engine: Engine,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        Self::start_at(None).await
    }

    /// The same with an endpoint whose time begins then.
    pub(crate) async fn start_at(starts_at: Option<Timestamp>) -> Self {
        let script = Arc::new(Script::default());
        let bind = "127.0.0.1:0".parse().expect("an address");
        let faults: Arc<dyn Faults> = Arc::clone(&script) as Arc<dyn Faults>;
        let options = Options { bind, faults: Some(faults), starts_at, ..Options::default() };
        let endpoint = Endpoint::start(options).await.expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        let bootstrap = folder.path().join("bootstrap");
        fs::write(&bootstrap, "#!/bin/sh\nexit 0\n").expect("written");
        package(&folder.path().join("own.zip"));
        let options = ConnectOptions {
            endpoint_url: Some(endpoint.url()),
            file_region: Some("eu-west-1".into()),
            lambda_bootstrap: Some(bootstrap),
            base: Some(folder.path().to_owned()),
            state: Some(folder.path().join("state")),
            ..ConnectOptions::default()
        };
        let engine = Engine::connect(options).await.expect("connected");
        Self { endpoint, script, engine, folder }
    }

    pub(crate) async fn plan(&self, file: &str) -> Plan {
        self.engine.plan(&read(file), &PlanOptions::default()).await.expect("a plan")
    }

    pub(crate) async fn run(&self, plan: &Plan) -> Report {
        let report = self.engine.apply(plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
        assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
        report
    }

    /// Applies a file, and finds that it then is as it says.
    pub(crate) async fn apply(&self, file: &str) -> Report {
        let report = self.run(&self.plan(file).await).await;
        let again = self.plan(file).await;
        let left = changes(&again);
        assert!(left.is_empty(), "{left:#?}");
        report
    }

    /// Applies a file that changes one resource, and answers its step.
    pub(crate) async fn change(&self, file: &str) -> Step {
        let plan = self.plan(file).await;
        let changes = changes(&plan);
        assert_eq!(changes.len(), 1, "{changes:#?}");
        let step = changes[0].clone();
        self.apply(file).await;
        step
    }

    pub(crate) async fn destroy(&self, file: &str) -> Report {
        let plan = self.engine.destroy_plan(&read(file), &PlanOptions::default()).await.expect("a plan");
        self.run(&plan).await
    }

    /// All that the ledger holds, as text.
    pub(crate) fn ledger(&self) -> String {
        fn all(folder: &Path, text: &mut String) {
            for entry in fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
                let path = entry.path();
                if path.is_dir() {
                    all(&path, text);
                } else {
                    text.push_str(&fs::read_to_string(&path).unwrap_or_default());
                }
            }
        }
        let mut text = String::new();
        all(&self.folder.path().join("state"), &mut text);
        text
    }

    pub(crate) async fn end(self) {
        self.endpoint.shutdown().await;
        drop(self.folder);
    }
}

/// The steps of a plan that change something.
pub(crate) fn changes(plan: &Plan) -> Vec<&Step> {
    plan.steps.iter().filter(|step| step.action != Action::NoChange).collect()
}

pub(crate) fn read(file: &str) -> Pipeline {
    let text = format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\n{file}");
    let read = spec::parse(Path::new("pipeline.yaml"), text.as_bytes(), &TakeEveryTransform);
    read.unwrap_or_else(|found| panic!("{found}")).pipeline
}

/// A package that Lambda takes.
fn package(path: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).expect("an entry");
    zip.write_all(b"#!/bin/sh\nexit 0\n").expect("written");
    zip.finish().expect("a zip");
}
