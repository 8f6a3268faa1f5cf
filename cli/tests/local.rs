//! `pipectl local` as its users start it: each option does what it says, over HTTP, in a process that can be killed.

mod lines;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use pipectl_localstack::layers::{Faults as _, Verdict};
use pipectl_localstack::{Call, FaultPlan, Profile};
use serde_json::{Value, json};
use tempfile::TempDir;

fn pipectl(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipectl"));
    command.current_dir(folder).env_clear().env("HOME", folder).args(arguments);
    command
}

fn said(folder: &Path, arguments: &[&str]) -> (Output, String) {
    let output = pipectl(folder, arguments).output().expect("it runs");
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    (output, String::from_utf8_lossy(&text).into_owned())
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// An endpoint in a process of its own. Dropping it kills the process, as `kill -9` does.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
    ready: Value,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = pipectl(folder, &["local", "--port", "0", "--json"]);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output is ours"));
        let mut line = String::new();
        let ready = loop {
            line.clear();
            assert_ne!(
                lines.read_line(&mut line).expect("it writes text"),
                0,
                "it ended before it was ready"
            );
            let event = lines::of(&line).remove(0);
            if event["type"] == "ready" {
                break event;
            }
        };
        let url = ready["url"].as_str().expect("its address");
        let address = url.trim_start_matches("http://").parse().expect("an address");
        Self { child, lines, address, ready }
    }

    fn port(&self) -> String {
        self.address.port().to_string()
    }

    /// The status and body of an answer; nothing when none came.
    fn call(&self, operation: &str, body: &Value) -> Option<(u16, String)> {
        let body = body.to_string();
        let request = format!(
            "POST / HTTP/1.1\r\nhost: {}\r\nconnection: close\r\nx-amz-target: Kinesis_20131202.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, \
             SignedHeaders=host;x-amz-date, Signature={:0>64}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            0,
            body.len()
        );
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        // For what hangs, so that the test fails and does not.
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a time is set");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n")?;
        Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned()))
    }

    fn create(&self, stream: &str) {
        let created = self.call("CreateStream", &json!({"StreamName": stream, "ShardCount": 1}));
        assert_eq!(created.map(|(status, _)| status), Some(200));
    }

    fn streams(&self) -> Value {
        let (_, body) = self.call("ListStreams", &json!({})).expect("an answer");
        serde_json::from_str::<Value>(&body).expect("JSON")["StreamNames"].clone()
    }

    /// How many of `count` batches of 500 records had records that were refused.
    fn refused_batches(&self, stream: &str, count: usize) -> usize {
        let summary = json!({"StreamName": stream});
        while !self.call("DescribeStreamSummary", &summary).is_some_and(|(_, body)| body.contains("ACTIVE")) {
        }
        let records: Vec<_> = (0..500).map(|_| json!({"Data": "AAAA", "PartitionKey": "k"})).collect();
        let batch = json!({"StreamName": stream, "Records": records});
        let answers = (0..count).map(|_| self.call("PutRecords", &batch).expect("an answer").1);
        answers.filter(|answer| answer.contains("ProvisionedThroughputExceededException")).count()
    }

    /// Kills it, and reads what it had written.
    fn killed(mut self) -> String {
        self.child.kill().expect("it runs");
        let mut text = String::new();
        self.lines.read_to_string(&mut text).expect("text");
        text
    }
}

#[test]
fn limits_are_on_unless_they_are_off() {
    let folder = folder();
    for (arguments, is_limited) in
        [(&["--limits", "off"][..], false), (&["--limits", "on"], true), (&[], true)]
    {
        let running = Running::start(folder.path(), arguments);
        running.create("clicks");
        assert_eq!(running.refused_batches("clicks", 20) > 0, is_limited, "{arguments:?}");
    }
}

/// The first call about a stream of this name.
fn first_call(stream: &str) -> Call {
    let (operation, resource) = ("DescribeStream".to_owned(), stream.to_owned());
    Call { service: "kinesis", operation, resource, mutating: false }
}

/// What a client is to see of the first call about each of these streams, none of which is there: an error by its name,
/// or nothing where the connection is closed.
fn planned(seed: u64, streams: &[String]) -> Vec<Option<String>> {
    let plan = FaultPlan::new(seed, Profile::HEAVY);
    let seen = |stream: &String| match plan.verdict(&first_call(stream), Timestamp::UNIX_EPOCH) {
        Verdict::Proceed => Some("ResourceNotFoundException".to_owned()),
        Verdict::Refuse(error) => Some(error.code.into_owned()),
        _ => None,
    };
    streams.iter().map(seen).collect()
}

/// Whether the answer comes at once by plans of these seeds. A late one shows nothing more, and takes up to a minute.
fn is_prompt(seeds: [u64; 2], stream: &str) -> bool {
    seeds.iter().all(|seed| {
        let plan = FaultPlan::new(*seed, Profile::HEAVY);
        match plan.verdict(&first_call(stream), Timestamp::UNIX_EPOCH) {
            Verdict::Slow(_) => false,
            Verdict::Close { after, .. } => after.is_zero(),
            _ => true,
        }
    })
}

#[test]
fn a_seed_brings_the_faults_of_its_plan_and_no_faults_none() {
    let folder = folder();
    let streams = (0..).map(|n| format!("none-{n}")).filter(|stream| is_prompt([7, 8], stream));
    let streams: Vec<_> = streams.take(60).collect();
    let seen = |arguments: &[&str]| {
        let running = Running::start(folder.path(), &[arguments, &["--limits", "off"]].concat());
        let code = |stream: &String| {
            let (_, body) = running.call("DescribeStream", &json!({"StreamName": stream}))?;
            let answer: Value = serde_json::from_str(&body).expect("JSON");
            Some(answer["__type"].as_str().expect("an error").to_owned())
        };
        streams.iter().map(code).collect::<Vec<_>>()
    };
    let (seventh, eighth) = (planned(7, &streams), planned(8, &streams));
    assert!(seventh != eighth && seventh.contains(&None), "{seventh:?}");
    assert_eq!(seen(&["--faults", "heavy", "--seed", "7"]), seventh);
    assert_eq!(seen(&["--faults", "heavy", "--seed", "8"]), eighth);
    assert_eq!(seen(&[]), vec![Some("ResourceNotFoundException".to_owned()); streams.len()]);
}

#[test]
fn a_seed_is_made_up_and_told_where_none_is_given() {
    let folder = folder();
    let running = Running::start(folder.path(), &["--faults", "heavy"]);
    assert!(running.ready["seed"].is_u64(), "{}", running.ready);
}

#[test]
fn a_wrong_signature_is_refused_only_where_signatures_are_verified() {
    let folder = folder();
    let status = |arguments: &[&str]| {
        let running = Running::start(folder.path(), arguments);
        running.call("ListStreams", &json!({})).expect("an answer").0
    };
    assert_eq!(status(&[]), 200);
    assert!([400, 403].contains(&status(&["--verify-signatures"])));
}

#[test]
fn latency_is_added_to_every_call() {
    let folder = folder();
    let running = Running::start(folder.path(), &["--latency", "400ms"]);
    let began = Instant::now();
    running.streams();
    assert!(began.elapsed() >= Duration::from_millis(400), "{:?}", began.elapsed());
}

#[test]
fn a_data_folder_outlives_a_kill_and_belongs_to_one() {
    let folder = folder();
    let running = Running::start(folder.path(), &["--data-dir", "aws"]);
    running.create("clicks");
    let (output, text) = said(folder.path(), &["local", "--port", "0", "--data-dir", "aws"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text.contains(&format!("in use by the process {}", running.child.id())), "{text}");
    drop(running);
    let running = Running::start(folder.path(), &["--data-dir", "aws"]);
    assert_eq!(running.streams(), json!(["clicks"]));
}

#[test]
fn verbose_tells_each_request_and_otherwise_none_is() {
    let folder = folder();
    for (arguments, is_told) in [(&["-v"][..], true), (&[], false)] {
        let running = Running::start(folder.path(), arguments);
        running.call("DescribeStream", &json!({"StreamName": "nothing"}));
        let told = running.killed();
        let events = lines::of(&told);
        let request = events.iter().find(|event| event["type"] == "request");
        assert_eq!(
            request.map(|event| &event["error"]),
            is_told.then_some(&json!("ResourceNotFoundException"))
        );
    }
}

#[test]
fn a_reset_empties_the_endpoint_that_runs_on_the_port() {
    let folder = folder();
    let running = Running::start(folder.path(), &[]);
    running.create("clicks");
    let (output, text) = said(folder.path(), &["local", "reset", "--port", &running.port()]);
    assert!(output.status.success(), "{text}");
    assert_eq!(running.streams(), json!([]));
}

#[test]
fn a_shell_that_reads_the_environment_talks_to_the_endpoint() {
    let folder = folder();
    let program = format!(
        "eval \"$('{}' local env --port 4999)\"; echo \"$AWS_ENDPOINT_URL $AWS_REGION\"",
        env!("CARGO_BIN_EXE_pipectl")
    );
    let output = Command::new("sh").env_clear().args(["-c", &program]).output().expect("a shell");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "http://127.0.0.1:4999 us-east-1\n");
    let (_, fish) = said(folder.path(), &["local", "env", "--shell", "fish"]);
    assert!(fish.starts_with("set -gx AWS_ENDPOINT_URL http://127.0.0.1:4566\n"), "{fish}");
}

#[test]
fn a_wrong_value_is_refused_with_what_would_do() {
    let folder = folder();
    std::fs::write(folder.path().join("file"), "").expect("a file");
    for (arguments, named, way_out) in [
        (&["--faults", "foo"][..], "--faults", "light, heavy"),
        (&["--seed", "7"], "--faults", "required"),
        (&["--limits", "maybe"], "--limits", "on, off"),
        (&["--latency", "5"], "--latency", "50ms"),
        (&["--host", "here"], "--host", "127.0.0.1"),
        (&["--engine", "foo"], "--engine", "embedded"),
        (&["--data-dir", "file"], "folder file", "--data-dir"),
        (&["env", "--shell", "tcsh"], "--shell", "powershell"),
    ] {
        let (output, text) = said(folder.path(), &[&["local"], arguments].concat());
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(named) && text.contains(way_out), "{arguments:?}: {text}");
    }
    let running = Running::start(folder.path(), &["--host", "localhost"]);
    assert!(running.address.ip().is_loopback());
}
