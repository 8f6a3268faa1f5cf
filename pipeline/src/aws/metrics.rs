//! What CloudWatch counted of the pipeline's resources, in as few calls as can be.

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric as Asked, MetricDataQuery, MetricDataResult, MetricStat};
use jiff::Timestamp;

use super::Clients;
use super::error::failed;
use crate::cloud::{CallError, Metric, Metrics, Minutes, Statistic};

/// Queries that one call takes (GetMetricData).
const QUERIES: usize = 500;
/// Seconds of a data point: all that is asked for is published each minute.
const MINUTE: i32 = 60;

/// The metrics of the account and region behind these clients.
#[derive(Debug)]
pub(crate) struct CloudWatch {
    client: Client,
}

impl CloudWatch {
    pub(crate) fn new(clients: &Clients) -> Self {
        Self { client: clients.cloudwatch.clone() }
    }
}

#[async_trait]
impl Metrics for CloudWatch {
    async fn minutes(
        &self,
        metrics: &[Metric],
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Minutes>, CallError> {
        const CALL: &str = "cloudwatch:GetMetricData";
        let mut all = vec![Minutes::new(); metrics.len()];
        let queries: Vec<MetricDataQuery> =
            metrics.iter().enumerate().map(|(place, metric)| query(place, metric)).collect();
        for some in queries.chunks(QUERIES) {
            let request = self.client.get_metric_data().set_metric_data_queries(Some(some.to_vec()));
            let request = request.start_time(time(from)).end_time(time(until));
            let pages: Vec<_> =
                request.into_paginator().send().try_collect().await.map_err(|error| failed(CALL, error))?;
            // A result of many points comes in several pages.
            for result in pages.iter().flat_map(|page| page.metric_data_results()) {
                let place =
                    result.id().and_then(|id| id.strip_prefix('m')).and_then(|it| it.parse::<usize>().ok());
                if let Some(own) = place.and_then(|place| all.get_mut(place)) {
                    own.extend(points(result));
                }
            }
        }
        Ok(all)
    }
}

fn query(place: usize, metric: &Metric) -> MetricDataQuery {
    let (dimension, resource) = &metric.of;
    let asked = Asked::builder()
        .namespace(metric.namespace)
        .metric_name(metric.name)
        .dimensions(Dimension::builder().name(*dimension).value(resource).build())
        .build();
    let statistic = match metric.statistic {
        Statistic::Sum => "Sum",
        Statistic::Count => "SampleCount",
    };
    let stat = MetricStat::builder().metric(asked).period(MINUTE).stat(statistic).build();
    MetricDataQuery::builder().id(format!("m{place}")).metric_stat(stat).build()
}

fn points(result: &MetricDataResult) -> impl Iterator<Item = (Timestamp, f64)> {
    let at = |at: &DateTime| Timestamp::from_second(at.secs()).ok();
    result.timestamps().iter().zip(result.values()).filter_map(move |(time, value)| Some((at(time)?, *value)))
}

fn time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
