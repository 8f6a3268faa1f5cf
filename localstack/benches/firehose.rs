//! How many records a second a delivery takes: `PutRecordBatch` of 500 × 1 KiB into a bucket, over HTTP on loopback,
//! until the last of them is in an object. Nothing transforms or compresses them. The baseline is [`value_tree`].

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]

mod wire;

use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::Endpoint;
use serde_json::{Value, json};
use wire::{Connection, RECORDS, REQUESTS, rate, value_tree};

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
    rate(RECORDS * REQUESTS, started.elapsed())
}

fn delivered(endpoint: &Endpoint) -> u64 {
    endpoint.deliveries()["d"]["delivered"].as_u64().unwrap_or_default()
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let endpoint = runtime.block_on(wire::endpoint());
    endpoint.world().s3.create_bucket("lake", "us-east-1").expect("the name is free");
    let mut connection = Connection::to(&endpoint, "Firehose_20150804");
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
