//! `GetMetricData` over the SDK.

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Metric, MetricDataQuery, MetricDataResult, MetricStat};
use jiff::Timestamp;

use super::error::failed;
use crate::execute::CallError;
use crate::signals::{ACTION, Metrics, Query, Series, Statistic, Window};

/// The metrics of an account and region.
#[derive(Clone, Debug)]
pub struct CloudWatch {
    client: Client,
}

impl CloudWatch {
    /// Over this client.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl Metrics for CloudWatch {
    async fn read(&self, queries: &[Query], window: Window) -> Result<Vec<Series>, CallError> {
        let mut series = vec![Series::new(); queries.len()];
        if queries.is_empty() {
            return Ok(series);
        }
        let asked: Vec<MetricDataQuery> =
            queries.iter().enumerate().map(|(place, query)| asked(place, query)).collect();
        let pages = self
            .client
            .get_metric_data()
            .set_metric_data_queries(Some(asked))
            .start_time(time(window.from))
            .end_time(time(window.to))
            .into_paginator()
            .send();
        let pages: Vec<_> = pages.try_collect().await.map_err(|error| failed(ACTION, &error))?;
        for result in pages.iter().flat_map(|page| page.metric_data_results()) {
            let place =
                result.id().and_then(|id| id.strip_prefix('q')).and_then(|place| place.parse::<usize>().ok());
            if let Some(own) = place.and_then(|place| series.get_mut(place)) {
                own.extend(points(result));
            }
        }
        Ok(series)
    }
}

fn asked(place: usize, query: &Query) -> MetricDataQuery {
    let (namespace, name, statistic) = query.measure.metric();
    let dimension = |(name, value): (&str, String)| Dimension::builder().name(name).value(value).build();
    let dimensions = query.measure.dimensions(&query.stream).into_iter().map(dimension).collect();
    let metric =
        Metric::builder().namespace(namespace).metric_name(name).set_dimensions(Some(dimensions)).build();
    let statistic = match statistic {
        Statistic::Sum => "Sum",
        Statistic::Maximum => "Maximum",
    };
    let stat = MetricStat::builder().metric(metric).period(60).stat(statistic).build();
    MetricDataQuery::builder().id(format!("q{place}")).metric_stat(stat).build()
}

fn points(result: &MetricDataResult) -> impl Iterator<Item = (Timestamp, f64)> {
    let at = |at: &DateTime| Timestamp::from_second(at.secs()).ok();
    result.timestamps().iter().zip(result.values()).filter_map(move |(time, value)| Some((at(time)?, *value)))
}

fn time(at: Timestamp) -> DateTime {
    DateTime::from_secs(at.as_second())
}
