//! An account with its clients, and what each test needs of it.

use std::time::Duration;

use aws_sdk_kinesis::operation::put_records::PutRecordsOutput;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, ShardIteratorType, StreamStatus};
use pipectl_localstack::{InProcess, Options, Timings};

pub(crate) const ARN: &str = "arn:aws:kinesis:us-east-1:000000000000:stream/s";

/// An account, whose limits are on and whose changes take the time they take at AWS.
pub(crate) struct Aws {
    pub(crate) endpoint: InProcess,
    pub(crate) kinesis: aws_sdk_kinesis::Client,
    pub(crate) firehose: aws_sdk_firehose::Client,
    pub(crate) lambda: aws_sdk_lambda::Client,
    pub(crate) s3: aws_sdk_s3::Client,
    pub(crate) cloudwatch: aws_sdk_cloudwatch::Client,
}

impl Aws {
    pub(crate) fn start() -> Self {
        let endpoint = InProcess::start(Options { timings: Timings::aws(), ..Options::default() });
        let config = endpoint.sdk_config();
        // What is refused is to be seen, not tried again.
        let config = config.into_builder().retry_config(aws_config::retry::RetryConfig::disabled()).build();
        Self {
            kinesis: aws_sdk_kinesis::Client::new(&config),
            firehose: aws_sdk_firehose::Client::new(&config),
            lambda: aws_sdk_lambda::Client::new(&config),
            s3: aws_sdk_s3::Client::new(&config),
            cloudwatch: aws_sdk_cloudwatch::Client::new(&config),
            endpoint,
        }
    }

    /// With a stream `s` that is ACTIVE.
    pub(crate) async fn with_stream(shards: i32) -> Self {
        let aws = Self::start();
        aws.kinesis.create_stream().stream_name("s").shard_count(shards).send().await.unwrap();
        aws.until_active().await;
        aws
    }

    pub(crate) async fn status(&self) -> StreamStatus {
        let summary = self.kinesis.describe_stream_summary().stream_name("s").send().await.unwrap();
        summary.stream_description_summary.unwrap().stream_status
    }

    pub(crate) async fn until_active(&self) {
        while self.status().await != StreamStatus::Active {
            seconds(1).await;
        }
    }

    /// Puts so many records of so many bytes, with keys of four characters.
    pub(crate) async fn put(&self, count: usize, bytes: usize) -> PutRecordsOutput {
        let entry = |n: usize| {
            let data = Blob::new(vec![b'x'; bytes]);
            PutRecordsRequestEntry::builder().partition_key(format!("{n:04}")).data(data).build().unwrap()
        };
        let records = (0..count).map(entry).collect();
        self.kinesis.put_records().stream_name("s").set_records(Some(records)).send().await.unwrap()
    }

    /// An iterator from the oldest record of a shard.
    pub(crate) async fn iterator(&self, shard: &str) -> String {
        let call = self.kinesis.get_shard_iterator().stream_name("s").shard_id(shard);
        let answer = call.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.unwrap();
        answer.shard_iterator.unwrap()
    }

    /// Waits until the minute that is now has ended and its points are seen.
    pub(crate) async fn until_published(&self) {
        seconds(180).await;
    }

    /// The sum of a metric in the last hour, by name and dimension.
    pub(crate) async fn sum(&self, namespace: &str, name: &str, dimension: (&str, &str)) -> Option<f64> {
        use aws_sdk_cloudwatch::primitives::DateTime;
        use aws_sdk_cloudwatch::types::{Dimension, Statistic};
        let now = self.endpoint.world().clock.now().as_second();
        let dimension = Dimension::builder().name(dimension.0).value(dimension.1).build();
        let call = self.cloudwatch.get_metric_statistics().namespace(namespace).metric_name(name);
        let call = call.dimensions(dimension).statistics(Statistic::Sum).period(7200);
        let call = call.start_time(DateTime::from_secs(now - 3600)).end_time(DateTime::from_secs(now + 60));
        let points = call.send().await.unwrap().datapoints.unwrap_or_default();
        points.iter().filter_map(|point| point.sum).reduce(|one, other| one + other)
    }
}

pub(crate) async fn seconds(count: u64) {
    tokio::time::sleep(Duration::from_secs(count)).await;
}
