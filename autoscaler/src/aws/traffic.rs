//! The traffic of a stream from CloudWatch, and what it is like from Kinesis.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_cloudwatch::error::DisplayErrorContext;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use aws_sdk_kinesis::types::StreamMode;

use crate::estimate::live::{Period, Shape, TrafficError, TrafficSource};

/// The metrics that are asked for, all in one call; the id of each is `m` and its place.
const METRICS: [&str; 4] =
    ["IncomingBytes", "IncomingRecords", "WriteProvisionedThroughputExceeded", "GetRecords.Bytes"];
/// Pages of an answer, at most: a year of hours of four metrics is one.
const MOST_PAGES: usize = 100;

/// Metrics of streams.
#[derive(Clone, Debug)]
pub struct StreamMetrics {
    cloudwatch: aws_sdk_cloudwatch::Client,
    kinesis: aws_sdk_kinesis::Client,
    /// When the window ends.
    now: SystemTime,
}

impl StreamMetrics {
    /// Asks these clients, for what was before `now`.
    #[must_use]
    pub fn new(
        cloudwatch: aws_sdk_cloudwatch::Client,
        kinesis: aws_sdk_kinesis::Client,
        now: SystemTime,
    ) -> Self {
        Self { cloudwatch, kinesis, now }
    }
}

#[async_trait]
impl TrafficSource for StreamMetrics {
    async fn periods(
        &self,
        stream: &str,
        seconds: u32,
        window_seconds: u32,
    ) -> Result<Vec<Period>, TrafficError> {
        let start = self.now - Duration::from_secs(u64::from(window_seconds));
        let queries: Vec<MetricDataQuery> =
            METRICS.iter().enumerate().map(|(place, name)| query(place, name, stream, seconds)).collect();
        let mut periods = BTreeMap::new();
        let mut token = None;
        for _ in 0..MOST_PAGES {
            let call = self
                .cloudwatch
                .get_metric_data()
                .set_metric_data_queries(Some(queries.clone()))
                .start_time(DateTime::from(start))
                .end_time(DateTime::from(self.now))
                .set_next_token(token);
            let page = call.send().await.map_err(|error| failed("cloudwatch:GetMetricData", &error))?;
            for result in page.metric_data_results() {
                fill(&mut periods, result);
            }
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        Ok(periods.into_values().collect())
    }

    async fn shape(&self, stream: &str) -> Result<Shape, TrafficError> {
        let call = "kinesis:DescribeStreamSummary";
        let answer = self.kinesis.describe_stream_summary().stream_name(stream).send().await;
        let answer = answer.map_err(|error| failed(call, &error))?;
        let summary = answer
            .stream_description_summary
            .ok_or_else(|| TrafficError { call, message: "the answer has no summary".to_owned() })?;
        let mode = summary.stream_mode_details.map(|details| details.stream_mode);
        Ok(Shape {
            open_shards: count(summary.open_shard_count),
            on_demand: mode == Some(StreamMode::OnDemand),
            retention_hours: count(summary.retention_period_hours),
            fan_out_consumers: count(summary.consumer_count.unwrap_or(0)),
        })
    }
}

fn query(place: usize, name: &str, stream: &str, seconds: u32) -> MetricDataQuery {
    let dimension = Dimension::builder().name("StreamName").value(stream).build();
    let metric = Metric::builder().namespace("AWS/Kinesis").metric_name(name).dimensions(dimension).build();
    let period = i32::try_from(seconds).unwrap_or(i32::MAX);
    let stat = MetricStat::builder().metric(metric).period(period).stat("Sum").build();
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).build()
}

/// Puts the points of one metric where their periods are.
fn fill(periods: &mut BTreeMap<i64, Period>, result: &MetricDataResult) {
    let place = result.id().and_then(|id| id.strip_prefix('m')).and_then(|place| place.parse::<usize>().ok());
    for (time, value) in result.timestamps().iter().zip(result.values()) {
        #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are below 2^53 for aeons")]
        let start = time.secs() as f64;
        let period = periods.entry(time.secs()).or_insert(Period { start, ..Period::default() });
        match place {
            Some(0) => period.bytes = *value,
            Some(1) => period.records = *value,
            Some(2) => period.throttled = *value,
            Some(3) => period.read = *value,
            _ => {}
        }
    }
}

fn count(number: i32) -> u32 {
    u32::try_from(number).unwrap_or(0)
}

fn failed(call: &'static str, error: &(impl std::error::Error + Send + Sync + 'static)) -> TrafficError {
    TrafficError { call, message: DisplayErrorContext(error).to_string() }
}
