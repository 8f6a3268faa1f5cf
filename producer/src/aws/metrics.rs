//! `PutMetricData` over the SDK.

use async_trait::async_trait;
use aws_sdk_cloudwatch::Client;
use aws_sdk_cloudwatch::config::retry::RetryConfig;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, MetricDatum, StandardUnit};
use metrics::Unit;

use crate::aws::errors::{Sorted, sort};
use crate::metrics::{Datum, MetricSink};
use crate::sink::SinkError;

/// Puts metrics into CloudWatch.
#[derive(Clone, Debug)]
pub struct CloudWatchSink {
    client: Client,
}

impl CloudWatchSink {
    /// A sink for the account and region of this client. The SDK's own retries are off for these calls: what fails
    /// is sent again with the next interval.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self { client }
    }
}

#[async_trait]
impl MetricSink for CloudWatchSink {
    async fn put_metric_data(&self, namespace: &str, data: &[Datum]) -> Result<(), SinkError> {
        let data = data.iter().map(datum).collect();
        let no_retries = aws_sdk_cloudwatch::config::Builder::new().retry_config(RetryConfig::disabled());
        let put = self.client.put_metric_data().namespace(namespace).set_metric_data(Some(data));
        let put = put.customize().config_override(no_retries).send().await;
        put.map(drop).map_err(|error| {
            let Sorted { kind, code, message } = sort(&error);
            SinkError { kind, code, message }
        })
    }
}

fn datum(datum: &Datum) -> MetricDatum {
    let dimension = |(name, value): &(String, String)| Dimension::builder().name(name).value(value).build();
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    let counts = datum.values.iter().map(|(_, count)| *count as f64).collect();
    MetricDatum::builder()
        .metric_name(&datum.name)
        .set_dimensions(Some(datum.dimensions.iter().map(dimension).collect()))
        .timestamp(DateTime::from_millis(datum.at.as_millisecond()))
        .unit(unit(datum.unit))
        .set_values(Some(datum.values.iter().map(|(value, _)| *value).collect()))
        .set_counts(Some(counts))
        .build()
}

fn unit(unit: Option<Unit>) -> StandardUnit {
    match unit {
        Some(Unit::Count) => StandardUnit::Count,
        Some(Unit::Percent) => StandardUnit::Percent,
        Some(Unit::Seconds) => StandardUnit::Seconds,
        Some(Unit::Milliseconds) => StandardUnit::Milliseconds,
        Some(Unit::Microseconds) => StandardUnit::Microseconds,
        Some(Unit::Bytes) => StandardUnit::Bytes,
        Some(Unit::CountPerSecond) => StandardUnit::CountSecond,
        // CloudWatch counts kilobytes and bits where these count kibibytes: no unit is better than a wrong one.
        _ => StandardUnit::None,
    }
}
