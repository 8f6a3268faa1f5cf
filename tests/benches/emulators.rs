//! `PutRecords` of 500 × 1 KiB and `GetRecords`, on `pipectl local` and on other emulators in the same run.
//!
//! `PIPECTL_BENCH_EMULATORS="localstack=http://127.0.0.1:4566 ministack=http://127.0.0.1:4567"` names those that run
//! already; each ratio is ours against one of them. All of them see the same bytes, over one connection.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::net::{Ipv4Addr, TcpListener};
use std::time::{Duration, Instant};

use pipectl_tests::figure::{Figure, median};
use pipectl_tests::raw::Connection;
use pipectl_tests::run::Pipectl;
use serde_json::{Value, json};

const RECORDS: u32 = 500;
/// Few enough for the slowest emulator, which takes most of a second for one.
const REQUESTS: u32 = 20;
const STREAM: &str = "bench-emulators";

/// Records a second, in and out.
#[derive(Clone, Copy)]
struct Rates {
    put: f64,
    get: f64,
}

/// 1 KiB of `x`, in base64.
fn request() -> Vec<u8> {
    let data = format!("{}eA==", "eHh4".repeat(341));
    let records = (0..RECORDS).map(|n| json!({"Data": data, "PartitionKey": format!("user-{n}")}));
    json!({"StreamName": STREAM, "Records": records.collect::<Vec<_>>()}).to_string().into_bytes()
}

fn measure(url: &str) -> Rates {
    let mut connection = Connection::open(url).expect("the emulator listens");
    connection.json("CreateStream", &json!({"StreamName": STREAM, "ShardCount": 1}));
    let shard = active(&mut connection);
    let body = request();
    let put = |connection: &mut Connection| {
        let started = Instant::now();
        let (status, answer) = connection.call("PutRecords", &body).expect("the emulator answers");
        let took = started.elapsed();
        let answer: Value = serde_json::from_slice(&answer).unwrap_or_default();
        let failed = answer["FailedRecordCount"].as_u64().unwrap_or(0);
        assert!(status == 200 && failed == 0, "{url}: status {status}, {failed} records failed");
        took
    };
    put(&mut connection);
    let put = (0..REQUESTS).map(|_| put(&mut connection)).collect();
    let rates = Rates { put: f64::from(RECORDS) / median(put), get: get(&mut connection, &shard) };
    connection.json("DeleteStream", &json!({"StreamName": STREAM}));
    rates
}

/// Waits until the stream takes records; the id of its one shard.
fn active(connection: &mut Connection) -> String {
    for _ in 0..600 {
        let stream = connection.json("DescribeStream", &json!({"StreamName": STREAM}));
        let description = &stream["StreamDescription"];
        if let (Some("ACTIVE"), Some(shard)) =
            (description["StreamStatus"].as_str(), description["Shards"][0]["ShardId"].as_str())
        {
            return shard.to_owned();
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the stream is not ACTIVE after half a minute");
}

/// Reads everything from the trim horizon; the time of the calls alone.
fn get(connection: &mut Connection, shard: &str) -> f64 {
    let start = json!({"StreamName": STREAM, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"});
    let mut iterator = connection.json("GetShardIterator", &start)["ShardIterator"].clone();
    let (mut records, mut took) = (0, Duration::ZERO);
    let expected = RECORDS * (REQUESTS + 1);
    while records < expected {
        let body = json!({"ShardIterator": iterator}).to_string();
        let started = Instant::now();
        let (status, answer) = connection.call("GetRecords", body.as_bytes()).expect("the emulator answers");
        took += started.elapsed();
        let answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
        assert_eq!(status, 200, "{answer}");
        records += u32::try_from(answer["Records"].as_array().map_or(0, Vec::len)).unwrap_or(u32::MAX);
        iterator = answer["NextShardIterator"].clone();
    }
    assert_eq!(records, expected, "an emulator gives back what it took");
    f64::from(records) / took.as_secs_f64()
}

fn ours() -> Rates {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("a listener has an address");
    drop(listener);
    let port = address.port().to_string();
    let mut endpoint = Pipectl::new(folder.path(), ["local", "--limits", "off", "--port", &port]).spawn();
    let url = format!("http://{address}");
    let began = Instant::now();
    while Connection::open(&url).is_err() {
        assert!(began.elapsed() < Duration::from_secs(20), "no answer at {url}");
        std::thread::sleep(Duration::from_millis(1));
    }
    let rates = measure(&url);
    endpoint.kill().expect("it runs until it is killed");
    endpoint.wait().expect("it was started here");
    rates
}

fn main() {
    let named = std::env::var("PIPECTL_BENCH_EMULATORS").unwrap_or_default();
    let others: Vec<_> = named.split_whitespace().filter_map(|entry| entry.split_once('=')).collect();
    if others.is_empty() {
        println!("emulators: PIPECTL_BENCH_EMULATORS names none, so there is nothing to compare with");
        return;
    }
    let ours = ours();
    for (baseline, url) in others {
        let theirs = measure(url);
        for (name, value, baseline_value) in
            [("local_put_records", ours.put, theirs.put), ("local_get_records", ours.get, theirs.get)]
        {
            let figure = Figure { name, value, unit: "records/s", baseline, baseline_value };
            println!("{}", figure.line());
        }
    }
}
