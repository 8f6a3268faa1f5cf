//! One pipeline on one target: a folder with its file, commands run in it, and a look at what became of it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::aws::{Clients, Object};
use crate::clicks::{self, ByStatus};
use crate::run::Pipectl;
use crate::target::{Lack, REGION, Target, runtime};

/// How long objects may take to appear.
const PATIENCE: Duration = Duration::from_secs(120);

/// A pipeline with a name of its own, so that scenarios share an endpoint without meeting.
pub struct Scenario {
    /// The endpoint.
    pub target: Target,
    /// What looks at it.
    pub clients: Clients,
    /// The pipeline's name.
    pub name: String,
    folder: TempDir,
}

impl Scenario {
    /// A scenario on the target the environment names.
    pub fn new(title: &str) -> Self {
        Self::on(Target::from_environment(), title)
    }

    /// A scenario on this target.
    ///
    /// # Panics
    ///
    /// When no temporary folder can be made.
    pub fn on(target: Target, title: &str) -> Self {
        let clients = target.clients();
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        // Names outlive a test that failed on a shared endpoint; the next run must not meet them.
        let name = format!("{title}-{:08x}", fastrand::u32(..));
        Self { target, clients, name, folder }
    }

    /// The folder its commands run in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bucket of its delivery.
    pub fn bucket(&self) -> String {
        format!("{}-lake", self.name)
    }

    /// Writes a file into its folder and returns the path.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub fn write(&self, file: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(file);
        fs::write(&path, content).expect("a file can be written in a temporary folder");
        path
    }

    /// Writes the click-stream pipeline: two shards, a VRL transform, gzip into S3 after a second.
    pub fn write_clickstream(&self) {
        self.write("pipeline.yaml", clickstream(&self.name, &self.bucket(), "team: growth"));
    }

    /// `pipectl` with these arguments, in its folder and on its target.
    pub fn pipectl<A: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = A>) -> Pipectl {
        let command = Pipectl::new(self.folder(), arguments).env("AWS_REGION", REGION);
        match self.target.url() {
            Some(url) => command
                .env("AWS_ENDPOINT_URL", url)
                .env("AWS_ACCESS_KEY_ID", "test")
                .env("AWS_SECRET_ACCESS_KEY", "test"),
            None => std::env::vars_os()
                .filter(|(name, _)| name.to_str().is_some_and(|name| name.starts_with("AWS_")))
                .fold(command, |command, (name, value)| command.env(&name.to_string_lossy(), value)),
        }
    }

    /// `pipectl produce` into its stream with these arguments, so that the endpoint can deliver it.
    pub fn produce<const N: usize>(&self, arguments: [&str; N]) -> Pipectl {
        let alone = self.target.lacks(Lack::KeepsAggregates).then_some("--no-aggregation");
        self.pipectl(["produce", "events"].into_iter().chain(alone).chain(arguments))
    }

    /// The objects of its bucket below a prefix.
    pub fn objects(&self, prefix: &str) -> Vec<Object> {
        runtime().block_on(self.clients.objects(&self.bucket(), prefix))
    }

    /// Waits until the objects below `clicks/` hold `records` lines, and counts them by status code.
    ///
    /// # Panics
    ///
    /// When there are more, or not as many in time, or one that is not a JSON object with a status.
    pub fn delivered(&self, records: usize) -> ByStatus {
        let lines = self.lines_below("clicks/", records);
        let status = |line: &String| {
            let value: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            value["status"].as_u64().unwrap_or_else(|| panic!("no status in: {line}"))
        };
        clicks::count(lines.iter().map(status))
    }

    /// Waits until the objects below a prefix hold as many lines, and returns them.
    ///
    /// # Panics
    ///
    /// When there are more, or not as many in time.
    pub fn lines_below(&self, prefix: &str, wanted: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let objects = self.objects(prefix);
            let lines: Vec<String> = objects.iter().flat_map(Object::lines).collect();
            assert!(lines.len() <= wanted, "{} lines below {prefix}, only {wanted} were sent", lines.len());
            if lines.len() == wanted {
                return lines;
            }
            let waited = started.elapsed();
            assert!(waited < PATIENCE, "{} of {wanted} lines below {prefix} after {waited:?}", lines.len());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Every resource of the pipeline that exists, as `kind name`, sorted.
    pub fn resources(&self) -> Vec<String> {
        runtime().block_on(self.clients.resources(&self.name))
    }
}

/// The click-stream pipeline of the scenarios. `tags` is the inside of a YAML mapping in one line.
pub fn clickstream(name: &str, bucket: &str, tags: &str) -> String {
    format!(
        r#"apiVersion: pipectl/v1
kind: Pipeline
name: {name}
region: {REGION}
tags: {{ {tags} }}

streams:
  events:
    shards: 2

transforms:
  parse:
    vrl: |
      log, err = parse_apache_log(.message, format: "combined")
      if err != null {{
        # Real logs have lines that are cut off.
        log = parse_regex!(.message, r'^(?P<host>\S+) .*" (?P<status>\d{{3}}) ')
        log.status = to_int!(log.status)
      }}
      if log.agent == "drop-me" {{ abort }}
      . = log

deliveries:
  lake:
    from: events
    transform: parse
    to:
      s3:
        bucket: {bucket}
        prefix: "clicks/dt=!{{timestamp:yyyy-MM-dd}}/"
        errors: "errors/!{{firehose:error-output-type}}/"
        buffer: {{ size: 1MiB, interval: 1s }}
        compression: gzip
"#
    )
}
