//! An endpoint in this process, the binary beside it, and the few calls that set the scene.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::lines;

pub(crate) const STREAM: &str = "events";

/// An endpoint with one stream.
pub(crate) struct World {
    runtime: Runtime,
    endpoint: Option<Endpoint>,
    address: String,
    folder: TempDir,
}

impl World {
    /// A stream of so many shards, on an endpoint without limits.
    pub(crate) fn of(shards: u32) -> Self {
        Self::with(shards, Limits::Off)
    }

    pub(crate) fn with(shards: u32, limits: Limits) -> Self {
        let options = Options {
            bind: ([127, 0, 0, 1], 0).into(),
            timings: Timings::all(Duration::ZERO),
            limits,
            ..Options::default()
        };
        let runtime = Runtime::new().expect("a runtime");
        let endpoint = runtime.block_on(Endpoint::start(options)).expect("a free port");
        let address = endpoint.url().trim_start_matches("http://").trim_end_matches('/').to_owned();
        let world = Self {
            runtime,
            endpoint: Some(endpoint),
            address,
            folder: tempfile::tempdir().expect("a folder"),
        };
        world.create(STREAM, shards);
        world
    }

    pub(crate) fn create(&self, stream: &str, shards: u32) {
        self.call("CreateStream", &json!({"StreamName": stream, "ShardCount": shards}));
        self.wait_until_active(stream);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.runtime.block_on(future)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, content).expect("a file");
        path
    }

    /// `pipectl COMMAND --stream STREAM` with these arguments, on the endpoint.
    pub(crate) fn command(&self, command: &str, stream: &str, arguments: &[&str]) -> Command {
        let mut call = Command::new(env!("CARGO_BIN_EXE_pipectl"));
        call.current_dir(self.folder()).env_clear().env("HOME", self.folder());
        call.env("AWS_ENDPOINT_URL", format!("http://{}", self.address)).env("AWS_REGION", "eu-west-1");
        call.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        call.args([command, "--stream", stream]).args(arguments);
        call.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        call
    }

    /// `pipectl produce` into the stream, to its end.
    pub(crate) fn produce(&self, arguments: &[&str]) -> Ended {
        Ended::of(self.command("produce", STREAM, arguments).output().expect("it runs"))
    }

    /// What `pipectl tail` finds in a stream, record by record and sorted.
    pub(crate) fn lines(&self, stream: &str) -> Vec<String> {
        let arguments = ["--from", "trim-horizon", "--no-follow", "--json"];
        let ended = Ended::of(self.command("tail", stream, &arguments).output().expect("it runs"));
        assert_eq!(ended.code, Some(0), "{}", ended.stderr);
        let data = |event: &Value| match (event["data"].as_str(), event["data_base64"].as_str()) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(encoded)) => BASE64_STANDARD.decode(encoded).expect("base64"),
            (None, None) => panic!("no data in {event}"),
        };
        let text = |data: Vec<u8>| String::from_utf8(data).expect("text");
        let mut lines: Vec<String> = ended.events("record").iter().map(data).map(text).collect();
        lines.sort_unstable();
        lines
    }

    /// The stream's shards that are open, in the order of their hash keys, as (id, first hash key, last hash key).
    fn open_shards(&self) -> Vec<(String, u128, u128)> {
        let listed =
            self.call("ListShards", &json!({"StreamName": STREAM, "ShardFilter": {"Type": "AT_LATEST"}}));
        let shard = |shard: &Value| {
            let key = |name: &str| shard["HashKeyRange"][name].as_str().and_then(|key| key.parse().ok());
            let id = shard["ShardId"].as_str().expect("an id").to_owned();
            (id, key("StartingHashKey").expect("a key"), key("EndingHashKey").expect("a key"))
        };
        let mut shards: Vec<_> = listed["Shards"].as_array().expect("shards").iter().map(shard).collect();
        shards.sort_by_key(|(_, start, _)| *start);
        shards
    }

    /// Splits the first open shard in the middle.
    pub(crate) fn split(&self) {
        let (id, start, end) = self.open_shards().remove(0);
        let middle = (start + (end - start) / 2).to_string();
        let split = json!({"StreamName": STREAM, "ShardToSplit": id, "NewStartingHashKey": middle});
        self.call("SplitShard", &split);
        self.wait_until_active(STREAM);
    }

    /// Merges the last two open shards.
    pub(crate) fn merge(&self) {
        let shards = self.open_shards();
        let [.., (first, ..), (second, ..)] = &shards[..] else { panic!("one shard cannot be merged") };
        let merge = json!({"StreamName": STREAM, "ShardToMerge": first, "AdjacentShardToMerge": second});
        self.call("MergeShards", &merge);
        self.wait_until_active(STREAM);
    }

    fn wait_until_active(&self, stream: &str) {
        let summary = json!({"StreamName": stream});
        while self.call("DescribeStreamSummary", &summary)["StreamDescriptionSummary"]["StreamStatus"]
            != "ACTIVE"
        {
            std::thread::yield_now();
        }
    }

    /// An answer of Kinesis, which must be a good one.
    pub(crate) fn call(&self, operation: &str, body: &Value) -> Value {
        let body = body.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-amz-target: Kinesis_20131202.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/kinesis/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={:0>64}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            0,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
        serde_json::from_str(body).unwrap_or_default()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(endpoint) = self.endpoint.take() {
            self.runtime.block_on(endpoint.shutdown());
        }
    }
}

/// What a call came to.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    pub(crate) fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }

    /// Its events of one type, under `--json`.
    pub(crate) fn events(&self, kind: &str) -> Vec<Value> {
        lines::of(&self.stdout).into_iter().filter(|event| event["type"] == kind).collect()
    }

    /// The account at its end, under `--json`.
    pub(crate) fn account(&self) -> Value {
        self.events("account").pop().expect("an account")
    }
}
