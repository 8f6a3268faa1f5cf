//! One set of files for several stages, as its users run it: variables, overlays, several pipelines, and a secret
//! that is looked for in everything that is said and kept.

use std::path::Path;
use std::process::{Command, Stdio};

use pipectl_localstack::{Endpoint, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const CLICKS: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: clicks-${var.stage}
vars:
  stage: dev
  token: { sensitive: true, description: of the geo service }
streams:
  events: { shards: 1 }
transforms:
  parse: { vrl: '.a = 1', environment: { TOKEN: '${var.token}' } }
deliveries:
  lake: { from: events, transform: parse, to: { s3: { bucket: 'lake-${var.stage}' } } }
";

const ARCHIVE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: archive-${var.stage}
vars: { stage: dev }
deliveries:
  raw: { from: 'clicks-${var.stage}/events', to: { s3: { bucket: 'raw-${var.stage}' } } }
";

const SECRET: &str = "hunter2-hunter2";

struct World {
    _runtime: Runtime,
    endpoint: Endpoint,
    folder: TempDir,
}

struct Ran {
    code: Option<i32>,
    text: String,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options = Options { bind: "127.0.0.1:0".parse().expect("an address"), ..Options::default() };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { _runtime: runtime, endpoint, folder };
        std::fs::create_dir(world.folder.path().join("pipelines")).expect("a folder");
        // By name the reader comes first; it is applied last.
        world.write("pipelines/archive.yaml", ARCHIVE);
        world.write("pipelines/clicks.yml", CLICKS);
        world.write("bootstrap", "#!/bin/sh\nexit 0\n");
        world
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    /// What a command comes to, on both outputs.
    fn ran(&self, arguments: &[&str]) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("AWS_ENDPOINT_URL", self.endpoint.url()).env("AWS_REGION", "eu-west-1");
        command.env("PIPECTL_STATE", "state").env("PIPECTL_LAMBDA_BOOTSTRAP", "bootstrap");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("PIPECTL_VAR_TOKEN", SECRET).env("PIPECTL_VAR_OTHER", "x");
        let output = command.args(arguments).stdin(Stdio::null()).output().expect("it starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains(SECRET), "{arguments:?}: {text}");
        Ran { code: output.status.code(), text }
    }

    fn good(&self, arguments: &[&str]) -> String {
        let ran = self.ran(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.text);
        ran.text
    }

    fn bad(&self, arguments: &[&str]) -> String {
        let ran = self.ran(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text);
        ran.text
    }
}

/// Whether any file below a folder holds a text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, text),
        path => String::from_utf8_lossy(&std::fs::read(path).expect("a file")).contains(text),
    })
}

/// Asserts that texts come in this order.
fn in_order(text: &str, parts: &[&str]) {
    let mut at = 0;
    for part in parts {
        at += text[at..].find(part).unwrap_or_else(|| panic!("no `{part}` after byte {at} of: {text}"));
    }
}

#[test]
fn a_folder_is_applied_in_order_and_destroyed_in_the_other() {
    let world = World::new();
    let folder = ["-f", "pipelines", "--var", "stage=prod"];
    let with = |command: &[&'static str]| [command, &folder].concat();
    let text = world.good(&with(&["validate"]));
    in_order(&text, &["pipeline clicks-prod", "pipeline archive-prod"]);
    let text = world.good(&with(&["apply", "-y"]));
    in_order(&text, &["clicks-prod in", "archive-prod in"]);
    assert!(!holds(&world.folder.path().join("state"), SECRET));
    let text = world.good(&with(&["status"]));
    in_order(&text, &["clicks-prod", "archive-prod"]);
    assert_eq!(world.ran(&with(&["plan", "--detailed-exitcode"])).code, Some(0));
    world.good(&with(&["drift", "--detailed-exitcode"]));

    // The reader alone: what it reads is in the ledger.
    let alone = ["-f", "pipelines/archive.yaml", "--var", "stage=prod"];
    let text = world.good(&[&["plan"], &alone[..]].concat());
    assert!(text.contains("No changes"), "{text}");
    let text = world.bad(&["plan", "-f", "pipelines/archive.yaml", "--var", "stage=prud"]);
    assert!(
        text.contains("there is no pipeline `clicks-prud`") && text.contains("did you mean `clicks-prod`?"),
        "{text}"
    );

    let text = world.good(&with(&["history", "show", "1", "--pipeline", "clicks-prod"]));
    assert!(text.contains("stage = prod, from --var") && text.contains("token = (sensitive)"), "{text}");
    let text = world.good(&with(&["destroy", "-y"]));
    in_order(&text, &["archive-prod in", "clicks-prod in"]);
}

#[test]
fn what_is_about_one_pipeline_asks_which() {
    let world = World::new();
    for command in [
        &["history"][..],
        &["rollback", "-y"],
        &["plan", "-o", "p"],
        &["apply", "-y", "--target", "streams.a"],
        &["tail"],
    ] {
        let text = world.bad(&[command, &["-f", "pipelines"]].concat());
        assert!(text.contains("--pipeline NAME says which: clicks-dev, archive-dev"), "{command:?}: {text}");
    }
    let text = world.bad(&["plan", "-f", "pipelines", "--pipeline", "click-dev"]);
    assert!(text.contains("there is no pipeline `click-dev`"), "{text}");
    let text = world.bad(&["validate", "--pipeline", "pipelines/clicks.yml", "-f", "pipelines"]);
    assert!(text.contains("-f FILE names the file"), "{text}");
    let text = world.good(&["validate", "-f", "pipelines", "--pipeline", "clicks-dev"]);
    assert!(!text.contains("archive-dev"), "{text}");
}

#[test]
fn a_saved_plan_is_bound_to_overlays_and_variables() {
    let world = World::new();
    world.write("prod.yaml", "streams:\n  events: { shards: 2 }\ntags: { team: growth }\n");
    let file = ["-f", "pipelines/clicks.yml", "--overlay", "prod.yaml"];
    let with = |command: &[&'static str], more: &[&'static str]| [command, &file, more].concat();
    world.good(&with(&["plan", "-o", "change.plan"], &["--var", "stage=prod"]));
    assert!(!holds(world.folder.path(), SECRET));
    let text = world.bad(&with(&["apply", "change.plan"], &["--var", "stage=dev"]));
    // Another stage is another pipeline.
    assert!(text.contains("there is no pipeline `clicks-prod`"), "{text}");
    world.write("prod.yaml", "streams:\n  events: { shards: 4 }\n");
    let text = world.bad(&with(&["apply", "change.plan"], &["--var", "stage=prod"]));
    assert!(text.contains("the overlay prod.yaml is not the one that the plan was made with"), "{text}");
    let text = world.bad(&["apply", "change.plan", "-f", "pipelines/clicks.yml", "--var", "stage=prod"]);
    assert!(text.contains("the overlay prod.yaml"), "{text}");
    world.write("prod.yaml", "streams:\n  events: { shards: 2 }\ntags: { team: growth }\n");
    world.good(&with(&["apply", "change.plan"], &["--var", "stage=prod"]));
    let text = world.good(&with(&["status"], &["--var", "stage=prod"]));
    assert!(text.contains("open shards 2"), "{text}");
    let text = world.good(&with(&["history", "show", "1"], &["--var", "stage=prod"]));
    assert!(text.contains("prod.yaml"), "{text}");
}
