//! `kill -9`: an endpoint in a process of its own, ended in the middle of its work.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::Endpoint;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::data_dir::{iterator, kinesis, options, read_on};
use crate::raw::send;

const FOLDER: &str = "PIPECTL_TEST_DATA_DIR";

/// Not a test: what the tests below start as a process of its own.
#[tokio::test]
#[ignore = "serves the tests of this file"]
async fn serve() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let endpoint = Endpoint::start(options(Path::new(&folder))).await.unwrap();
    println!("\nready {}", endpoint.address());
    std::future::pending::<()>().await;
}

pub(crate) async fn start(folder: &Path) -> (Child, SocketAddr) {
    start_as(Command::new(std::env::current_exe().expect("this test has a file")), folder).await
}

/// Starts an endpoint by a command that runs this program.
pub(crate) async fn start_as(mut command: Command, folder: &Path) -> (Child, SocketAddr) {
    let mut child = command
        .args(["--exact", "killed::serve", "--ignored", "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it starts once more");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout is a pipe")).lines();
    while let Some(line) = lines.next_line().await.expect("it prints text") {
        if let Some(address) = line.strip_prefix("ready ") {
            let address = address.parse().expect("it prints its address");
            // Whoever prints into a closed pipe ends early.
            tokio::spawn(async move { while lines.next_line().await.is_ok_and(|line| line.is_some()) {} });
            return (child, address);
        }
    }
    panic!("the endpoint did not start");
}

#[tokio::test]
async fn every_acknowledged_record_and_object_survives_kill_9_during_writes() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, at) = start(folder.path()).await;
    kinesis(at, "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 1})).await;
    send(at, "PUT /lake", &[], b"").await;
    let (acknowledged, mut told) = tokio::sync::mpsc::unbounded_channel();
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let acknowledged = acknowledged.clone();
            tokio::spawn(async move {
                for number in 0.. {
                    let text = format!("{writer}-{number}");
                    let record =
                        json!({"StreamName": "clicks", "PartitionKey": "k", "Data": BASE64.encode(&text)});
                    kinesis(at, "PutRecord", &record).await;
                    let put = send(at, &format!("PUT /lake/{text}"), &[], text.as_bytes()).await;
                    assert_eq!(put.status, 200);
                    acknowledged.send(text).unwrap();
                }
            })
        })
        .collect();
    let mut expected = Vec::new();
    while expected.len() < 200 {
        expected.push(told.recv().await.unwrap());
    }
    child.kill().await.unwrap();
    // The writers end in an error, as their endpoint is gone; what they were told until then counts.
    for writer in writers {
        writer.await.unwrap_err();
    }
    while let Ok(text) = told.try_recv() {
        expected.push(text);
    }

    let endpoint = Endpoint::start(options(folder.path())).await.unwrap();
    let at = endpoint.address();
    let records = read_on(at, iterator(at, "shardId-000000000000").await).await;
    for text in &expected {
        assert!(records.contains(text), "the record {text} is lost, of {}", expected.len());
        assert_eq!(send(at, &format!("GET /lake/{text}"), &[], b"").await.text(), *text);
    }
    // Each writer waits for its answer: at most one record of each was not acknowledged.
    assert!(records.len() <= expected.len() + 4, "{} of {}", records.len(), expected.len());
    endpoint.shutdown().await;
}

#[tokio::test]
async fn an_end_that_was_torn_off_is_cut_and_the_stream_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let put = |at: SocketAddr, text: &'static str| async move {
        let record = json!({"StreamName": "clicks", "PartitionKey": "k", "Data": BASE64.encode(text)});
        kinesis(at, "PutRecord", &record).await;
    };
    let first = Endpoint::start(options(folder.path())).await.unwrap();
    kinesis(first.address(), "CreateStream", &json!({"StreamName": "clicks", "ShardCount": 1})).await;
    put(first.address(), "whole").await;
    put(first.address(), "torn").await;
    first.shutdown().await;
    let streams = std::fs::read_dir(folder.path().join("kinesis")).unwrap();
    let stream = streams.filter_map(Result::ok).find(|entry| entry.path().is_dir()).unwrap().path();
    let journal = stream.join("00000001.log");
    let length = std::fs::metadata(&journal).unwrap().len();
    std::fs::File::options().write(true).open(&journal).unwrap().set_len(length - 3).unwrap();

    for expected in [vec!["whole", "more"], vec!["whole", "more", "more"]] {
        let endpoint = Endpoint::start(options(folder.path())).await.unwrap();
        put(endpoint.address(), "more").await;
        let at = endpoint.address();
        assert_eq!(read_on(at, iterator(at, "shardId-000000000000").await).await, expected);
        endpoint.shutdown().await;
    }
}
