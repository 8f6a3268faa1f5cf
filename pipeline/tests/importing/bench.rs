//! An endpoint, an engine on it, and files that are applied, imported and planned again.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use pipectl_localstack::{Endpoint, Options};
use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::import::{Imported, Wanted};
use pipectl_pipeline::plan::{Action, Plan, Selection, Step};
use pipectl_pipeline::spec::{self, Pipeline, TakeEveryTransform};
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, PlanOptions};

pub(crate) struct Bench {
    pub(crate) endpoint: Endpoint,
    folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) async fn start() -> Self {
        let bind = "127.0.0.1:0".parse().expect("an address");
        let endpoint = Endpoint::start(Options { bind, ..Options::default() }).await.expect("it starts");
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("bootstrap"), "#!/bin/sh\nexit 0\n").expect("written");
        fs::create_dir(folder.path().join("back")).expect("made");
        package(&folder.path().join("own.zip"));
        Self { endpoint, folder }
    }

    /// An engine with a ledger of its own, whose packages lie in this folder below the bench's.
    pub(crate) async fn engine(&self, state: &str, base: &str) -> Engine {
        let options = ConnectOptions {
            endpoint_url: Some(self.endpoint.url()),
            file_region: Some("eu-west-1".into()),
            lambda_bootstrap: Some(self.folder.path().join("bootstrap")),
            base: Some(self.folder.path().join(base)),
            state: Some(self.folder.path().join(state)),
            sandbox: true,
            ..ConnectOptions::default()
        };
        Engine::connect(options).await.expect("connected")
    }

    /// Where a package of what was imported lies.
    fn back(&self, path: &str) -> PathBuf {
        self.folder.path().join("back").join(path)
    }

    /// Imports, and writes the packages to where the file looks for them.
    pub(crate) async fn import(&self, wanted: &Wanted) -> Imported {
        let imported = self.engine("none", "back").await.import(wanted).await.expect("a file");
        for (path, zip) in &imported.packages {
            fs::write(self.back(path), zip).expect("written");
        }
        imported
    }

    /// What a file would change for somebody who has no ledger of it and adopts what it names.
    pub(crate) async fn plan_of(&self, imported: &Imported) -> Plan {
        let selection = Selection { adopt: imported.adopt.clone(), ..Selection::default() };
        let options = PlanOptions { source: imported.text.clone(), selection, ..PlanOptions::default() };
        let engine = self.engine("another", "back").await;
        engine.plan(&read(&imported.text), &options).await.expect("a plan")
    }
}

pub(crate) fn read(text: &str) -> Pipeline {
    let read = spec::parse(Path::new("file"), text.as_bytes(), &TakeEveryTransform);
    read.unwrap_or_else(|found| panic!("{found}\n{text}")).pipeline
}

pub(crate) async fn apply(engine: &Engine, file: &Pipeline) {
    let plan = engine.plan(file, &PlanOptions::default()).await.expect("a plan");
    let report = engine.apply(&plan, &ApplyOptions::default(), &|_| {}).await.expect("it runs");
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:#?}");
}

/// The steps that change something beside whose a resource is.
pub(crate) fn changes(plan: &Plan) -> Vec<&Step> {
    let changes = |step: &&Step| {
        let ownership = step.changes.iter().all(|change| change.path.starts_with("tags.pipectl:"));
        step.action != Action::NoChange && !(step.action == Action::Update && ownership)
    };
    plan.steps.iter().filter(changes).collect()
}

/// A package that Lambda takes.
fn package(path: &Path) {
    let mut zip = zip::ZipWriter::new(fs::File::create(path).expect("a file"));
    let options = zip::write::SimpleFileOptions::default().unix_permissions(0o755);
    zip.start_file("bootstrap", options).expect("an entry");
    zip.write_all(b"#!/bin/sh\nexit 0\n").expect("written");
    zip.finish().expect("a zip");
}
