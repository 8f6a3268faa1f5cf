//! How many records a second the endpoint takes and gives: `PutRecords` of 500 × 1 KiB and `GetRecords`, over HTTP on
//! loopback, request by request on one connection. The baseline is [`value_tree`].

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

mod wire;

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use wire::{Connection, RECORDS, REQUESTS, rate, value_tree};

fn json_call(connection: &mut Connection, operation: &str, body: &Value) -> Value {
    serde_json::from_slice(&connection.call(operation, body.to_string().as_bytes()).1).unwrap_or_default()
}

fn request(record: &str) -> Vec<u8> {
    let records = (0..RECORDS).map(|n| json!({"Data": record, "PartitionKey": format!("user-{n}")}));
    json!({"StreamName": "s", "Records": records.collect::<Vec<_>>()}).to_string().into_bytes()
}

fn put(connection: &mut Connection, body: &[u8]) -> f64 {
    let started = Instant::now();
    for _ in 0..REQUESTS {
        let (_, answer) = connection.call("PutRecords", body);
        assert!(answer.starts_with(br#"{"FailedRecordCount":0"#), "{}", String::from_utf8_lossy(&answer));
    }
    rate(RECORDS * REQUESTS, started.elapsed())
}

fn get(connection: &mut Connection) -> f64 {
    let shard =
        json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    let mut iterator = json_call(connection, "GetShardIterator", &shard)["ShardIterator"].clone();
    let (mut records, mut took) = (0, Duration::ZERO);
    loop {
        let body = json!({"ShardIterator": iterator}).to_string();
        let started = Instant::now();
        let (_, answer) = connection.call("GetRecords", body.as_bytes());
        took += started.elapsed();
        let answer: Value = serde_json::from_slice(&answer).expect("the answer is JSON");
        records += answer["Records"]
            .as_array()
            .map_or(0, |records| u32::try_from(records.len()).unwrap_or(u32::MAX));
        if answer["MillisBehindLatest"] == 0 {
            return rate(records, took);
        }
        iterator = answer["NextShardIterator"].clone();
    }
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let endpoint = runtime.block_on(wire::endpoint());
    let mut connection = Connection::to(&endpoint, "Kinesis_20131202");
    json_call(&mut connection, "CreateStream", &json!({"StreamName": "s", "ShardCount": 1}));
    let body = request(&BASE64.encode(vec![b'x'; 1024]));
    put(&mut connection, &body);
    let baseline = value_tree(&body);
    let put = put(&mut connection, &body);
    let get = get(&mut connection);
    for (name, value) in [("kinesis_put_records", put), ("kinesis_get_records", get)] {
        println!("figure {name} {value:.0} records/s ratio={:.2} baseline=value_tree", value / baseline);
    }
    runtime.block_on(endpoint.shutdown());
}
