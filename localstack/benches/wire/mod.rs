//! What both benches measure with: one connection over loopback, and the baseline that their figures are ratios of.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use serde_json::Value;

/// Records of a request.
pub(crate) const RECORDS: u32 = 500;
/// Requests of a measurement.
pub(crate) const REQUESTS: u32 = 200;

/// An endpoint that refuses nothing and whose states take no time.
pub(crate) async fn endpoint() -> Endpoint {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options =
        Options { bind, timings: Timings::all(Duration::ZERO), limits: Limits::Off, ..Options::default() };
    Endpoint::start(options).await.expect("port 0 is free")
}

/// One connection that speaks AWS's JSON protocol without an SDK, so that the endpoint is measured and not the SDK.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    target: &'static str,
}

impl Connection {
    /// `target` is what stands before the operation: `Kinesis_20131202`.
    pub(crate) fn to(endpoint: &Endpoint, target: &'static str) -> Self {
        let stream = TcpStream::connect(endpoint.address()).expect("the endpoint listens");
        stream.set_nodelay(true).expect("it is a TCP stream");
        Self { stream: BufReader::with_capacity(1 << 20, stream), target }
    }

    /// Whether the answer is a 200, and its body.
    pub(crate) fn call(&mut self, operation: &str, body: &[u8]) -> (bool, Vec<u8>) {
        let head = format!(
            "POST / HTTP/1.1\r\nhost: localhost\r\nx-amz-target: {}.{operation}\r\n\
             content-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
            self.target,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the endpoint reads");
        let (mut length, mut taken) = (0, false);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line).expect("the endpoint answers");
            taken |= line.starts_with("HTTP/1.1 200");
            if let Some(text) = line.strip_prefix("content-length: ") {
                length = text.trim().parse().expect("a length is a number");
            }
            if line == "\r\n" {
                break;
            }
        }
        let mut answer = vec![0; length];
        self.stream.read_exact(&mut answer).expect("the body is as long as it says");
        (taken, answer)
    }
}

/// Records a second.
pub(crate) fn rate(records: u32, took: Duration) -> f64 {
    f64::from(records) / took.as_secs_f64()
}

/// What an emulator spends that reads the same request into a tree of JSON values and decodes its base64 from there,
/// before it has done anything with it.
pub(crate) fn value_tree(body: &[u8]) -> f64 {
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
