//! An endpoint that refuses what it is told to, a folder with a pipeline file, and `pipectl` run in it.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};
use pipectl_localstack::{Call, Endpoint, Options};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::lines;
use crate::outside::keep_longer;

/// Calls that are refused each time.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<Vec<(&'static str, String)>>);

impl Faults for Refusals {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        let refused = self.0.lock().expect("not poisoned");
        match refused.iter().find(|(operation, of)| *operation == call.operation && *of == call.resource) {
            Some(_) => Verdict::Refuse(AwsError::bad_request("InvalidArgumentException", "not today")),
            None => Verdict::Proceed,
        }
    }
}

/// An endpoint and a folder.
pub(crate) struct World {
    runtime: Runtime,
    endpoint: Endpoint,
    refusals: Arc<Refusals>,
    pub(crate) folder: TempDir,
}

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().expect("a runtime");
        let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let refusals = Arc::new(Refusals::default());
        let faults: Arc<dyn Faults> = Arc::clone(&refusals) as _;
        let options =
            Options { bind, region: "us-east-1".to_owned(), faults: Some(faults), ..Options::default() };
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let folder = tempfile::tempdir().expect("a folder");
        Self { runtime, endpoint, refusals, folder }
    }

    /// Refuses an operation on a resource from now on.
    pub(crate) fn refuse(&self, operation: &'static str, resource: &str) {
        self.refusals.0.lock().expect("not poisoned").push((operation, resource.to_owned()));
    }

    /// Refuses nothing any more.
    pub(crate) fn forgive(&self) {
        self.refusals.0.lock().expect("not poisoned").clear();
    }

    /// Writes the pipeline file.
    pub(crate) fn file(&self, entries: &str) {
        let text = format!("apiVersion: pipectl/v1\nkind: Pipeline\nname: clicks\n{entries}");
        std::fs::write(self.folder.path().join("pipeline.yaml"), text).expect("a file");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        command.current_dir(self.folder.path()).env_clear().env("HOME", self.folder.path());
        command.env("AWS_ENDPOINT_URL", self.endpoint.url()).args(["--state", "state"]).args(arguments);
        command
    }

    pub(crate) fn ran(&self, arguments: &[&str]) -> Ran {
        Ran::of(&self.command(arguments).stdin(Stdio::null()).output().expect("it starts"))
    }

    /// The same with a text on stdin, which it need not read.
    pub(crate) fn piped(&self, text: &str, arguments: &[&str]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        // What ends without reading closes the pipe.
        drop(child.stdin.take().expect("its input is ours").write_all(text.as_bytes()));
        Ran::of(&child.wait_with_output().expect("it ends"))
    }

    /// Runs a command that has to succeed.
    pub(crate) fn done(&self, arguments: &[&str]) -> Ran {
        let ran = self.ran(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:#?}");
        ran
    }

    /// Whether the file and what is there are the same.
    pub(crate) fn is_as_the_file_says(&self) -> bool {
        let ran = self.ran(&["plan", "--detailed-exitcode"]);
        assert!(matches!(ran.code, Some(0 | 2)), "{ran:#?}");
        ran.code == Some(0)
    }

    /// The revisions, the newest first: number, outcome, and what it went back to.
    pub(crate) fn history(&self) -> Vec<(u64, String, Option<u64>)> {
        let ran = self.done(&["history", "--json"]);
        let revisions = lines::of(&ran.stdout).into_iter().filter(|line| line["type"] == "revision");
        revisions
            .map(|it| {
                let outcome = it["outcome"].as_str().expect("an outcome").to_owned();
                (it["number"].as_u64().expect("a number"), outcome, it["returns_to"].as_u64())
            })
            .collect()
    }

    /// Puts an object of one byte, at `/bucket/key`.
    pub(crate) fn put_object(&self, path: &str) {
        let mut stream = TcpStream::connect(self.endpoint.address()).expect("it listens");
        let head = "host: localhost\r\nconnection: close\r\ncontent-length: 1";
        write!(stream, "PUT {path} HTTP/1.1\r\n{head}\r\n\r\nx").expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// Changes a stream's retention behind pipectl's back.
    pub(crate) fn keep_longer(&self, stream: &str, hours: i32) {
        let there = (self.endpoint.url(), "us-east-1");
        self.runtime.block_on(keep_longer(there, stream, hours));
    }
}
