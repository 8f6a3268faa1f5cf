//! KPL's metrics from the producer into CloudWatch, on the endpoint in virtual time.
//!
//! A test program of its own, for a process has one recorder of metrics.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Datapoint, Dimension, Statistic};
use pipectl_localstack::{InProcess, Options};
use pipectl_producer::aws::{CloudWatchSink, KinesisSink};
use pipectl_producer::flow::Limits;
use pipectl_producer::metrics::{self, Granularity, Level, Publisher, PublisherSettings, Registry};
use pipectl_producer::{Aggregation, Producer, Record, Settings};

const NAMESPACE: &str = "KinesisProducerLibrary";
const STREAM: &str = "events";
const RECORDS: u32 = 900;

struct Asked {
    client: aws_sdk_cloudwatch::Client,
}

impl Asked {
    async fn point(&self, metric: &str, dimensions: &[(&str, &str)]) -> Option<Datapoint> {
        let now = SystemTime::now();
        let hour = Duration::from_secs(3600);
        let dimension = |(name, value): &(&str, &str)| Dimension::builder().name(*name).value(*value).build();
        let call = self.client.get_metric_statistics().namespace(NAMESPACE).metric_name(metric);
        let call = call.set_dimensions(Some(dimensions.iter().map(dimension).collect()));
        let call =
            call.start_time(DateTime::from(now - hour)).end_time(DateTime::from(now + hour)).period(7200);
        let call = call.statistics(Statistic::Sum).statistics(Statistic::SampleCount);
        let call = call.statistics(Statistic::Maximum);
        let points = call.send().await.unwrap().datapoints.unwrap_or_default();
        points.into_iter().reduce(|one, other| {
            let sum = one.sum.zip(other.sum).map(|(one, other)| one + other);
            let count = one.sample_count.zip(other.sample_count).map(|(one, other)| one + other);
            Datapoint::builder().set_sum(sum).set_sample_count(count).build()
        })
    }

    /// Sum and number of samples.
    async fn told(&self, metric: &str, dimensions: &[(&str, &str)]) -> Option<(f64, f64)> {
        let point = self.point(metric, dimensions).await?;
        point.sum.zip(point.sample_count)
    }
}

fn settings() -> Settings {
    let aggregation = Some(Aggregation::default());
    let metrics = metrics::Settings {
        level: Level::Detailed,
        granularity: Granularity::Shard,
        stream: Some(STREAM.to_owned()),
    };
    Settings {
        limits: Limits { aggregation, ..Limits::default() },
        metrics,
        seed: Some(1),
        ..Settings::default()
    }
}

/// Delivers the records, and one that is too large.
async fn produce(endpoint: &InProcess) {
    let kinesis = aws_sdk_kinesis::Client::new(&endpoint.sdk_config());
    kinesis.create_stream().stream_name(STREAM).shard_count(2).send().await.unwrap();
    tokio::time::sleep(Duration::from_secs(60)).await;
    let producer = Producer::start(Arc::new(KinesisSink::new(kinesis, STREAM)), settings(), |_, _| ());
    for n in 0..RECORDS {
        producer.put(Record::new(format!("key-{n}"), vec![b'x'; 93])).await.unwrap();
    }
    producer.put(Record::new("key".to_owned(), vec![b'x'; 11 << 20])).await.unwrap();
    let report = producer.close().await;
    assert_eq!((report.account.delivered, report.account.refused), (u64::from(RECORDS), 1));
}

#[tokio::test(start_paused = true)]
async fn what_a_producer_did_is_in_cloudwatch_by_shard_by_stream_and_in_all() {
    let registry = Registry::default();
    ::metrics::set_global_recorder(registry.clone()).unwrap();
    let endpoint = InProcess::start(Options::default());
    let client = aws_sdk_cloudwatch::Client::new(&endpoint.sdk_config());
    let sink = Arc::new(CloudWatchSink::new(client.clone()));
    let publisher = Publisher::start(registry.clone(), sink, PublisherSettings::default());
    produce(&endpoint).await;
    assert!(publisher.close_within(Duration::from_secs(30)).await, "all was published");

    let asked = Asked { client };
    let (all, one_more) = (f64::from(RECORDS), f64::from(RECORDS + 1));
    let stream = ("StreamName", STREAM);
    let shards = ["shardId-000000000000", "shardId-000000000001"];
    for dimensions in [&[][..], &[stream][..]] {
        assert_eq!(asked.told("UserRecordsPut", dimensions).await, Some((all, one_more)), "{dimensions:?}");
        assert_eq!(asked.told("UserRecordsReceived", dimensions).await.map(|told| told.0), Some(one_more));
    }
    let mut by_shard = 0.0;
    for shard in shards {
        let (put, count) = asked.told("UserRecordsPut", &[stream, ("ShardId", shard)]).await.unwrap();
        assert!(put > 0.0 && put.total_cmp(&count).is_eq(), "{put} of {count} on {shard}");
        by_shard += put;
    }
    assert!(by_shard.total_cmp(&all).is_eq(), "{by_shard}");
    let kinesis = asked.told("KinesisRecordsPut", &[stream]).await.unwrap().0;
    // Those that were put before the shards were known went alone.
    assert!(kinesis < all / 4.0, "{kinesis} Kinesis records: they were aggregated");
    let (members, aggregates) = asked.told("UserRecordsPerKinesisRecord", &[stream]).await.unwrap();
    assert!(members.total_cmp(&all).is_eq() && aggregates.total_cmp(&kinesis).is_eq());
    assert_eq!(asked.told("RetriesPerRecord", &[stream]).await, Some((0.0, one_more)));
    assert_eq!(asked.told("BufferingTime", &[stream]).await.map(|told| told.1), Some(all));
    assert_eq!(asked.told("AllErrors", &[stream]).await, None, "there was none");

    let text = registry.render();
    assert!(text.contains("# TYPE UserRecordsPut histogram"), "{text}");
    assert!(text.contains("UserRecordsReceived{StreamName=\"events\"} 901"), "{text}");
}
