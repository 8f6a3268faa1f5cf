//! Who reads a stream, and whether anything comes in.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};

use super::error::failed;
use super::{Clients, Identity};
use crate::cloud::{CallError, StreamReader, StreamUse};

/// What is of late.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Seconds of a data point: few of them for a day.
const HOUR: i32 = 60 * 60;

/// The account behind these clients.
#[derive(Debug)]
pub(crate) struct KinesisUse {
    clients: Clients,
    identity: Arc<Identity>,
}

impl KinesisUse {
    pub(crate) fn new(clients: &Clients, identity: &Arc<Identity>) -> Self {
        Self { clients: clients.clone(), identity: Arc::clone(identity) }
    }

    /// The functions that read it by a mapping, by a consumer of it or without: the first page of each.
    async fn functions(&self, arn: &str) -> Result<Vec<StreamReader>, CallError> {
        const CALL: &str = "lambda:ListEventSourceMappings";
        let answer = self.clients.lambda.list_event_source_mappings().event_source_arn(arn).send().await;
        let answer = answer.map_err(|error| failed(CALL, error))?;
        let name =
            |arn: &str| arn.split(":function:").nth(1).map(|name| StreamReader::Function(name.to_owned()));
        let mappings = answer.event_source_mappings.unwrap_or_default();
        Ok(mappings.iter().filter_map(|mapping| name(mapping.function_arn()?)).collect())
    }

    async fn consumers(&self, arn: &str) -> Result<Vec<StreamReader>, CallError> {
        const CALL: &str = "kinesis:ListStreamConsumers";
        let answer = self.clients.kinesis.list_stream_consumers().stream_arn(arn).send().await;
        let answer = answer.map_err(|error| failed(CALL, error))?;
        let consumers = answer.consumers.unwrap_or_default();
        Ok(consumers.into_iter().map(|consumer| StreamReader::Consumer(consumer.consumer_name)).collect())
    }
}

#[async_trait]
impl StreamUse for KinesisUse {
    async fn readers(&self, stream: &str) -> Result<Vec<StreamReader>, CallError> {
        let arn = self.identity.place().await?.stream(stream);
        let (mut functions, consumers) = tokio::try_join!(self.functions(&arn), self.consumers(&arn))?;
        functions.extend(consumers);
        Ok(functions)
    }

    async fn records_of_a_day(&self, stream: &str) -> Result<u64, CallError> {
        const CALL: &str = "cloudwatch:GetMetricStatistics";
        let now = SystemTime::now();
        let request = self
            .clients
            .cloudwatch
            .get_metric_statistics()
            .namespace("AWS/Kinesis")
            .metric_name("IncomingRecords")
            .dimensions(Dimension::builder().name("StreamName").value(stream).build())
            .start_time(DateTime::from(now - DAY))
            .end_time(DateTime::from(now))
            .period(HOUR)
            .statistics(Statistic::Sum);
        let answer = request.send().await.map_err(|error| failed(CALL, error))?;
        let sum: f64 = answer.datapoints().iter().filter_map(|point| point.sum()).sum();
        Ok(whole(sum))
    }
}

/// A count that CloudWatch tells as a fraction.
fn whole(sum: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a float that is cast is cut to what fits, and a count of records is no fraction"
    )]
    let count = sum.round().max(0.0) as u64;
    count
}
