//! An endpoint, a folder of two pipelines of which one reads the other, and `pipectl` run in it with a secret that nothing
//! may tell.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use pipectl_localstack::layers::Faults;
use pipectl_localstack::{Endpoint, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::outside::keep_longer;

pub(crate) const CLICKS: &str = "\
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

pub(crate) const ARCHIVE: &str = "\
apiVersion: pipectl/v1
kind: Pipeline
name: archive-${var.stage}
vars: { stage: dev }
deliveries:
  raw: { from: 'clicks-${var.stage}/events', to: { s3: { bucket: 'raw-${var.stage}' } } }
";

pub(crate) const SECRET: &str = "hunter2-hunter2";

/// An endpoint, a folder of pipelines, and a bootstrap.
pub(crate) struct World {
    runtime: Runtime,
    endpoint: Endpoint,
    pub(crate) folder: TempDir,
}

/// What a command came to.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) text: String,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(None)
    }

    /// The same with an endpoint that makes mistakes.
    pub(crate) fn with(faults: Option<Arc<dyn Faults>>) -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let options =
            Options { bind: "127.0.0.1:0".parse().expect("an address"), faults, ..Options::default() };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        let world = Self { runtime, endpoint, folder };
        std::fs::create_dir(world.folder.path().join("pipelines")).expect("a folder");
        // By name the reader comes first; it is applied last.
        world.write("pipelines/archive.yaml", ARCHIVE);
        world.write("pipelines/clicks.yml", CLICKS);
        world.write("bootstrap", "#!/bin/sh\nexit 0\n");
        world
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).expect("written");
    }

    /// A command as it is started.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("AWS_ENDPOINT_URL", self.endpoint.url()).env("AWS_REGION", "eu-west-1");
        command.env("PIPECTL_STATE", "state").env("PIPECTL_LAMBDA_BOOTSTRAP", "bootstrap");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("PIPECTL_VAR_TOKEN", SECRET).env("PIPECTL_VAR_OTHER", "x");
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// What a command comes to, on both outputs.
    pub(crate) fn ran(&self, arguments: &[&str]) -> Ran {
        let output = self.command(arguments).output().expect("it starts");
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(!text.contains(SECRET), "{arguments:?}: {text}");
        Ran { code: output.status.code(), text }
    }

    pub(crate) fn good(&self, arguments: &[&str]) -> String {
        let ran = self.ran(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {}", ran.text);
        ran.text
    }

    pub(crate) fn bad(&self, arguments: &[&str]) -> String {
        let ran = self.ran(arguments);
        assert_eq!(ran.code, Some(1), "{arguments:?}: {}", ran.text);
        ran.text
    }
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).expect("a file")
    }

    /// Changes a stream's retention behind pipectl's back.
    pub(crate) fn keep_longer(&self, stream: &str, hours: i32) {
        let there = (self.endpoint.url(), "eu-west-1");
        self.runtime.block_on(keep_longer(there, stream, hours));
    }
}

/// Whether any file below a folder holds a text.
pub(crate) fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok).any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, text),
        path => String::from_utf8_lossy(&std::fs::read(path).expect("a file")).contains(text),
    })
}

/// Asserts that texts come in this order.
pub(crate) fn in_order(text: &str, parts: &[&str]) {
    let mut at = 0;
    for part in parts {
        at += text[at..].find(part).unwrap_or_else(|| panic!("no `{part}` after byte {at} of: {text}"));
    }
}
