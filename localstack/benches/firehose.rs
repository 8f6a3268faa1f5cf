//! How many records a second a delivery takes: `PutRecordBatch` of 500 × 1 KiB into a bucket, over HTTP on loopback,
//! until the last of them is in an object. Nothing transforms or compresses them.
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
    fn call(&mut self, operation: &str, body: &[u8]) -> (bool, Vec<u8>) {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: Firehose_20150804.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let stream = self.0.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the endpoint reads");
        let (mut length, mut taken) = (0, false);
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).expect("the endpoint answers");
            taken |= line.starts_with("HTTP/1.1 200");
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().expect("a length is a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.0.read_exact(&mut answer).expect("the body is as long as it says");
        (taken, answer)
    }
}

fn rate(took: Duration) -> f64 {
    f64::from(RECORDS * REQUESTS) / took.as_secs_f64()
}

/// Puts all requests; one that is told to slow down is put again.
fn put(connection: &mut Connection, endpoint: &Endpoint, body: &[u8]) -> f64 {
    let before = delivered(endpoint);
    let started = Instant::now();
    for _ in 0..REQUESTS {
        while !connection.call("PutRecordBatch", body).0 {
            std::thread::yield_now();
        }
    }
    endpoint.world().firehose.flush();
    while delivered(endpoint) < before + u64::from(RECORDS * REQUESTS) {
        std::thread::yield_now();
    }
    rate(started.elapsed())
}

fn delivered(endpoint: &Endpoint) -> u64 {
    endpoint.deliveries()["d"]["delivered"].as_u64().unwrap_or_default()
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
    rate(started.elapsed())
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options =
        Options { bind, timings: Timings::all(Duration::ZERO), limits: Limits::Off, ..Options::default() };
    let endpoint = runtime.block_on(Endpoint::start(options)).expect("port 0 is free");
    endpoint.world().s3.create_bucket("lake", "us-east-1").expect("the name is free");
    let stream = TcpStream::connect(endpoint.address()).expect("the endpoint listens");
    stream.set_nodelay(true).expect("it is a TCP stream");
    let mut connection = Connection(BufReader::with_capacity(1 << 20, stream));
    let destination =
        json!({"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::lake"});
    let create = json!({"DeliveryStreamName": "d", "ExtendedS3DestinationConfiguration": destination});
    assert!(connection.call("CreateDeliveryStream", create.to_string().as_bytes()).0, "it is created");
    let records: Vec<Value> =
        (0..RECORDS).map(|_| json!({"Data": BASE64.encode(vec![b'x'; 1024])})).collect();
    let body = json!({"DeliveryStreamName": "d", "Records": records}).to_string().into_bytes();
    put(&mut connection, &endpoint, &body);
    let baseline = value_tree(&body);
    let put = put(&mut connection, &endpoint, &body);
    println!(
        "figure firehose_put_record_batch {put:.0} records/s ratio={:.2} baseline=value_tree",
        put / baseline
    );
    runtime.block_on(endpoint.shutdown());
}
