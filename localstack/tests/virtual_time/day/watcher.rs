//! Reads the stream's metrics every minute, as an autoscaler does.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, Metric, MetricDataQuery, MetricStat};
use jiff::Timestamp;
use pipectl_localstack::Clock;

use super::producer::Put;
use super::{HOURS, MINUTE, STREAM};

const RECORDS: &str = "IncomingRecords";
const BYTES: &str = "IncomingBytes";
const REFUSED: &str = "WriteProvisionedThroughputExceeded";

/// The sum of each metric, by minute.
#[derive(Debug, Default)]
pub(super) struct Seen(BTreeMap<&'static str, Vec<f64>>);

impl Seen {
    /// Minute by minute.
    pub(super) fn is_what_was_put(&self, put: &Put) {
        let minutes =
            |of: fn(&(u32, u32)) -> u32| put.minutes.iter().map(|m| f64::from(of(m))).collect::<Vec<_>>();
        assert_eq!(self.0[RECORDS], minutes(|minute| minute.0));
        assert_eq!(self.0[BYTES], minutes(|minute| minute.1));
        assert_eq!(self.0[REFUSED], put.refused.iter().map(|count| f64::from(*count)).collect::<Vec<_>>());
    }
}

fn dimension(name: &str, value: &str) -> Dimension {
    Dimension::builder().name(name).value(value).build()
}

fn sum(id: &str, metric: Metric, seconds: i32) -> MetricDataQuery {
    let stat = MetricStat::builder().metric(metric).period(seconds).stat("Sum").build();
    MetricDataQuery::builder().id(id).metric_stat(stat).build()
}

fn seconds(time: Timestamp) -> DateTime {
    DateTime::from_secs(time.as_second())
}

/// After how long a minute is asked for: its points are seen some seconds after it has ended.
const LATER: Duration = Duration::from_secs(20);

/// The day.
pub(super) async fn run(metrics: &aws_sdk_cloudwatch::Client, clock: Clock) -> Seen {
    let mut seen = Seen::default();
    let names = [RECORDS, BYTES, REFUSED];
    let mut began = clock.now();
    tokio::time::sleep(LATER).await;
    for _ in 0..HOURS * 60 {
        tokio::time::sleep(MINUTE).await;
        let of_stream = |name: &str| {
            let metric = Metric::builder().namespace("AWS/Kinesis").metric_name(name);
            sum(&name.to_lowercase(), metric.dimensions(dimension("StreamName", STREAM)).build(), 60)
        };
        let queries = names.iter().map(|name| of_stream(name)).collect();
        let data = metrics
            .get_metric_data()
            .set_metric_data_queries(Some(queries))
            .start_time(seconds(began))
            .end_time(seconds(began + MINUTE));
        let results =
            data.send().await.expect("the metrics are there").metric_data_results.unwrap_or_default();
        for (name, result) in names.iter().zip(results) {
            assert_eq!(result.values().len(), 1, "{name} at {began}");
            seen.0.entry(name).or_default().extend(result.values());
        }
        began += MINUTE;
    }
    seen
}

/// What enhanced monitoring tells of the shards is, taken together, what the stream's metrics tell.
pub(super) async fn shards_sum_up_to_the_stream(
    metrics: &aws_sdk_cloudwatch::Client,
    (began, ended): (Timestamp, Timestamp),
    put: &Put,
) {
    for (name, expected) in [
        (RECORDS, f64::from(u32::try_from(put.records()).expect("not that many"))),
        (BYTES, f64::from(put.bytes())),
    ] {
        let any_shard = DimensionFilter::builder().name("ShardId").build();
        let listed = metrics.list_metrics().namespace("AWS/Kinesis").metric_name(name).dimensions(any_shard);
        let pages: Vec<_> = listed.into_paginator().send().try_collect().await.expect("they are listed");
        let listed: Vec<Metric> =
            pages.into_iter().flat_map(|page| page.metrics.unwrap_or_default()).collect();
        assert!(listed.len() > 100, "{} shards have {name}", listed.len());
        let mut total = 0.0;
        for some in listed.chunks(400) {
            let queries =
                some.iter().enumerate().map(|(n, metric)| sum(&format!("q{n}"), metric.clone(), 3600));
            let data = metrics.get_metric_data().set_metric_data_queries(Some(queries.collect()));
            let data = data.start_time(seconds(began)).end_time(seconds(ended));
            let results: Vec<_> =
                data.into_paginator().send().try_collect().await.expect("the metrics are there");
            let results = results.iter().flat_map(|page| page.metric_data_results());
            total += results.flat_map(|result| result.values()).sum::<f64>();
        }
        assert!((total - expected).abs() < 0.5, "{name}: {total} of the shards, {expected} of the stream");
    }
}
