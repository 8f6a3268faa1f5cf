//! Reads a stream in two runs, the second on from the checkpoint of the first, within an aggregate.
//!
//!     cargo run -p pipectl-producer --example read
//!
//! It brings its own endpoint. For AWS make the client of `aws_config::load_defaults(…)` instead.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use pipectl_localstack::{InProcess, Options};
use pipectl_producer::aggregation::{Aggregator, UserRecord};
use pipectl_producer::aws::KinesisSource;
use pipectl_producer::read::{CheckpointFile, Reader, Settings, Start};

const STREAM: &str = "orders";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = InProcess::start(Options::default());
    let client = Client::new(&endpoint.sdk_config());
    client.create_stream().stream_name(STREAM).shard_count(1).send().await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    put(&client).await?;

    let source = Arc::new(KinesisSource::new(client, STREAM));
    let folder = tempfile::tempdir()?;
    for run in 1..=2 {
        // The file belongs to this stream, and to one reader at a time.
        let mut file = CheckpointFile::open(&folder.path().join("orders"), source.identity().await?)?;
        let start = file.read()?.map_or(Start::TrimHorizon, Start::Checkpoint);
        let settings = Settings { start, follow: false, ..Settings::default() };
        let mut reader = Reader::start(source.clone(), settings);
        println!("run {run}");
        // The first run stops after two records, in the middle of the aggregate.
        let mut left = if run == 1 { 2 } else { usize::MAX };
        while left > 0
            && let Some(read) = reader.next().await?
        {
            let text = String::from_utf8_lossy(&read.record.data);
            println!("  {text} ({}, in its aggregate: {:?})", read.shard, read.sub_sequence);
            left -= 1;
        }
        // After the work is done, never before.
        file.write(reader.checkpoint())?;
    }
    endpoint.shutdown().await;
    Ok(())
}

/// Three records in an aggregate, as KPL puts them.
async fn put(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let mut aggregator = Aggregator::default();
    for (key, text) in [("ann", "one teapot"), ("bob", "two cups"), ("ann", "a kettle")] {
        aggregator.push(&UserRecord { partition_key: key, explicit_hash_key: None, data: text.as_bytes() });
    }
    let aggregate = aggregator.take().ok_or("it has records")?;
    let put = client.put_record().stream_name(STREAM).partition_key("a");
    put.data(Blob::new(aggregate.data)).send().await?;
    Ok(())
}
