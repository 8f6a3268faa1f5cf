//! The other implementations, each a process that answers line by line.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::vectors::User;

/// A running peer.
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    process: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a peer reads in a Kinesis record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// It is given on as it is.
    Passed,
    /// These are in it, their sub-sequence numbers counted from 0.
    Records(Vec<User>),
    /// It fails.
    Error(String),
}

/// The peers of this machine: those that the environment names, which have to work then.
pub(crate) fn peers() -> Vec<Peer> {
    let script = |name: &str| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/kinesis_agg").join(name);
    let mut peers = Vec::new();
    if let Some(python) = std::env::var_os("PIPECTL_KINESIS_AGG_PYTHON") {
        peers.push(Peer::start("PyPI", Command::new(python).arg(script("peer.py"))));
    }
    if std::env::var_os("PIPECTL_KINESIS_AGG_NODE_MODULES").is_some() {
        peers.push(Peer::start("npm", Command::new("node").arg(script("peer.js"))));
    }
    peers
}

impl Peer {
    fn start(name: &'static str, command: &mut Command) -> Self {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect(name);
        let requests = process.stdin.take();
        let answers = BufReader::new(process.stdout.take().unwrap());
        Self { name, process, requests, answers }
    }

    fn ask(&mut self, request: &Value) -> Value {
        writeln!(self.requests.as_mut().unwrap(), "{request}").expect(self.name);
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect(self.name);
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{} answers {answer:?}", self.name))
    }

    pub(crate) fn encode(&mut self, records: &[User]) -> Vec<u8> {
        let records: Vec<_> = records.iter().map(User::to_json).collect();
        let answer = self.ask(&json!({ "encode": records }));
        unhex(answer["data"].as_str().unwrap_or_else(|| panic!("{} answers {answer}", self.name)))
    }

    pub(crate) fn decode(&mut self, data: &[u8]) -> Seen {
        let answer = self.ask(&json!({ "decode": hex(data) }));
        if let Some(error) = answer["error"].as_str() {
            return Seen::Error(error.to_owned());
        }
        let Some(records) = answer["records"].as_array() else { return Seen::Passed };
        if records.iter().any(|record| !record["key"].is_string()) {
            return Seen::Error("a record without a key".to_owned());
        }
        for (sub, record) in records.iter().enumerate() {
            assert_eq!(record["sub"], sub, "{} counts otherwise", self.name);
        }
        Seen::Records(records.iter().map(User::from_json).collect())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.requests = None;
        let ended = self.process.wait();
        if !std::thread::panicking() {
            assert!(ended.unwrap().success(), "{}", self.name);
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect()
}
