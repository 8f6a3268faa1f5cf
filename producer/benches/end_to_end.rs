//! Records a second from `Producer::put` over HTTP into the embedded endpoint, limits off, until the last of them is
//! acknowledged: two threads for the producer, the endpoint and the caller together.
//!
//! The baseline is the same without aggregation.

#![expect(clippy::print_stdout, reason = "a bench's figures are its output")]
#![expect(clippy::unwrap_used, reason = "a bench may end where its premises do")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::{BehaviorVersion, Region, SharedCredentialsProvider};
use bytes::Bytes;
use pipectl_localstack::{Endpoint, Limits, Options, Timings};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow;
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};

const SHARDS: i32 = 4;
const ROUNDS: usize = 5;
const AGGREGATED: u64 = 1_000_000;
const ALONE: u64 = 50_000;

fn client(url: &str) -> Client {
    let credentials = Credentials::new("test", "test", None, None, "test");
    let config = aws_sdk_kinesis::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .endpoint_url(url)
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}

/// Records a second of so many, on a stream of their own.
async fn rate(client: &Client, aggregation: Option<Aggregation>, records: u64) -> f64 {
    client.create_stream().stream_name("events").shard_count(SHARDS).send().await.unwrap();
    let sink = Arc::new(KinesisSink::new(client.clone(), "events"));
    let limits = flow::Limits { aggregation, rate_limit: None, ..flow::Limits::default() };
    let producer = Producer::start(sink, Settings { limits, ..Settings::default() }, |_, outcome| {
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    });
    // Its first look at the shards is not what is measured.
    producer.put(Record::new("first", "first")).await.unwrap();
    producer.flush().await.unwrap();
    let data = Bytes::from_static(&[b'x'; 100]);
    let keys: Vec<_> = (0..65_536).map(|n| format!("{n:08x}-0000-4000-8000-{n:012x}")).collect();
    let started = Instant::now();
    let mut keys = keys.iter().cycle();
    for _ in 0..records {
        let key = keys.next().unwrap();
        producer.put(Record::new(key, data.clone())).await.unwrap();
    }
    let report = producer.close().await;
    let took = started.elapsed();
    assert_eq!(report.account.delivered, records + 1, "{report:?}");
    client.delete_stream().stream_name("events").send().await.unwrap();
    records as f64 / took.as_secs_f64()
}

async fn measure() {
    let bind = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let options =
        Options { bind, timings: Timings::all(Duration::ZERO), limits: Limits::Off, ..Options::default() };
    let endpoint = Endpoint::start(options).await.unwrap();
    let client = client(&endpoint.url());
    let (mut aggregated, mut alone) = (0_f64, 0_f64);
    for _ in 0..ROUNDS {
        aggregated = aggregated.max(rate(&client, Some(Aggregation::default()), AGGREGATED).await);
        alone = alone.max(rate(&client, None, ALONE).await);
    }
    let ratio = aggregated / alone;
    println!("figure end_to_end {aggregated:.0} records/s ratio={ratio:.2} baseline=without_aggregation");
    endpoint.shutdown().await;
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.unwrap();
    // On a worker, where a producer's caller is: the thread that blocks here would be a third.
    runtime.block_on(async { tokio::spawn(measure()).await.unwrap() });
}
