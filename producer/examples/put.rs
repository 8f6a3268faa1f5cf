//! Puts a million small records into a stream of `pipectl local`, aggregated, and says what became of them:
//!
//! ```sh
//! pipectl local --port 4566 --limits off &
//! cargo run --release --package pipectl-producer --example put -- http://127.0.0.1:4566
//! ```

use std::error::Error;
use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_sdk_kinesis::config::{BehaviorVersion, Region};
use aws_sdk_kinesis::{Client, Config};
use pipectl_producer::aws::KinesisSink;
use pipectl_producer::flow::Limits;
use pipectl_producer::{Aggregation, Outcome, Producer, Record, Settings};

const STREAM: &str = "example-put";

fn client(url: &str) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "example"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(url);
    Client::from_conf(config.build())
}

#[tokio::main]
#[expect(clippy::print_stdout, clippy::print_stderr, reason = "an example's answer is its output")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "http://127.0.0.1:4566".to_owned());
    let kinesis = client(&url);
    // It may be there from the last time.
    let _ = kinesis.create_stream().stream_name(STREAM).shard_count(4).send().await;

    let limits = Limits { aggregation: Some(Aggregation::default()), ..Limits::default() };
    let settings = Settings { limits, ..Settings::default() };
    let producer =
        Producer::start(Arc::new(KinesisSink::new(kinesis, STREAM)), settings, |record, outcome| {
            if !matches!(outcome, Outcome::Delivered { .. }) {
                eprintln!("{}: {}", record.partition_key, outcome.name());
            }
        });
    for n in 0..1_000_000 {
        // Waits while the memory budget is used up.
        producer.put(Record::new(format!("user-{}", n % 5_000), format!("click {n}").into_bytes())).await?;
    }
    let account = producer.close().await.account;
    println!("{} put, {} delivered, {} retries", account.put, account.delivered, account.retries);
    Ok(())
}
