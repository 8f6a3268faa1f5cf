//! How many records a second the endpoint takes and gives: `PutRecords` of 500 × 1 KiB and `GetRecords`, over HTTP on
//! loopback, one connection after another request by request.
//!
//! The baseline is what an emulator spends that reads the same request into a tree of JSON values and decodes its
//! base64 from there, before it has done anything with it.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use serde_json::{Value, json};

const RECORDS: u32 = 500;
const REQUESTS: u32 = 200;

struct Connection(BufReader<TcpStream>);

impl Connection {
    fn call(&mut self, operation: &str, body: &[u8]) -> Vec<u8> {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: Kinesis_20131202.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\nx-amz-date: 20260101T000000Z\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/kinesis/aws4_request, \
             SignedHeaders=host, Signature=0\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.0.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the endpoint reads");
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the endpoint answers");
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().expect("a length is a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).expect("the body is as long as it says");
        answer
    }

    fn json(&mut self, operation: &str, body: &Value) -> Value {
        serde_json::from_slice(&self.call(operation, body.to_string().as_bytes())).unwrap_or_default()
    }
}

fn request(record: &str) -> Vec<u8> {
    let records = (0..RECORDS).map(|n| json!({"Data": record, "PartitionKey": format!("user-{n}")}));
    json!({"StreamName": "s", "Records": records.collect::<Vec<_>>()}).to_string().into_bytes()
}

fn rate(records: u32, took: Duration) -> f64 {
    f64::from(records) / took.as_secs_f64()
}

fn put(connection: &mut Connection, body: &[u8]) -> f64 {
    let started = Instant::now();
    for _ in 0..REQUESTS {
        let answer = connection.call("PutRecords", body);
        assert!(answer.starts_with(br#"{"FailedRecordCount":0"#), "{}", String::from_utf8_lossy(&answer));
    }
    rate(RECORDS * REQUESTS, started.elapsed())
}

fn value_tree(body: &[u8]) -> f64 {
    let started = Instant::now();
    let mut decoded = 0_usize;
    for _ in 0..REQUESTS {
        let value: Value = serde_json::from_slice(body).expect("the request is JSON");
        for record in value["Records"].as_array().expect("it has records") {
            let data =
                BASE64.decode(record["Data"].as_str().unwrap_or_default()).expect("the data is base64");
            decoded += std::hint::black_box(data).len();
        }
    }
    assert!(decoded > 0);
    rate(RECORDS * REQUESTS, started.elapsed())
}

fn get(connection: &mut Connection) -> f64 {
    let shard =
        json!({"StreamName": "s", "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"});
    let mut iterator = connection.json("GetShardIterator", &shard)["ShardIterator"].clone();
    let (mut records, mut took) = (0, Duration::ZERO);
    loop {
        let body = json!({"ShardIterator": iterator}).to_string();
        let started = Instant::now();
        let answer = connection.call("GetRecords", body.as_bytes());
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
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options =
        Options { bind, timings: Timings::all(Duration::ZERO), limits: Limits::Off, ..Options::default() };
    let endpoint = runtime.block_on(Endpoint::start(options)).expect("port 0 is free");
    let stream = TcpStream::connect(endpoint.address()).expect("the endpoint listens");
    stream.set_nodelay(true).expect("it is a TCP stream");
    let mut connection = Connection(BufReader::with_capacity(1 << 20, stream));
    connection.json("CreateStream", &json!({"StreamName": "s", "ShardCount": 1}));
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
