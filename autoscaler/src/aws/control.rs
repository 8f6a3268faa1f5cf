//! Streams over the SDK: `DescribeStreamSummary`, `ListShards`, `DescribeLimits`, and the calls that reshard.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::types::{MetricsName, ScalingType, Shard, ShardFilter, ShardFilterType, StreamMode};
use pipectl_shards::HashKeyRange;

use super::error::failed;
use crate::execute::{
    Call, CallError, CallErrorKind, Consumer, Description, OpenShard, Quota, Status, StreamControl,
    StreamName,
};

/// The streams of an account and region. The SDK retries what reads; what reshards is called once.
#[derive(Clone, Debug)]
pub struct AwsStreams {
    kinesis: Client,
    lambda: aws_sdk_lambda::Client,
}

impl AwsStreams {
    /// Over these clients.
    #[must_use]
    pub fn new(kinesis: Client, lambda: aws_sdk_lambda::Client) -> Self {
        Self { kinesis, lambda }
    }

    async fn arn(&self, stream: &StreamName) -> Result<String, CallError> {
        let answer = self.kinesis.describe_stream_summary().stream_name(stream.as_str()).send().await;
        let answer = answer.map_err(|error| failed(DESCRIBE, &error))?;
        let summary = answer.stream_description_summary.ok_or_else(|| malformed(DESCRIBE))?;
        Ok(summary.stream_arn)
    }

    async fn fan_out(&self, arn: &str) -> Result<Vec<Consumer>, CallError> {
        const ACTION: &str = "kinesis:ListStreamConsumers";
        let pages = self.kinesis.list_stream_consumers().stream_arn(arn).into_paginator().send();
        let pages: Vec<_> = pages.try_collect().await.map_err(|error| failed(ACTION, &error))?;
        let consumers = pages.iter().flat_map(|page| page.consumers());
        Ok(consumers.map(|consumer| Consumer::FanOut(consumer.consumer_name.clone())).collect())
    }

    async fn functions(&self, arn: &str) -> Result<Vec<Consumer>, CallError> {
        const ACTION: &str = "lambda:ListEventSourceMappings";
        let pages =
            self.lambda.list_event_source_mappings().event_source_arn(arn).into_paginator().items().send();
        let mappings = pages.try_collect().await.map_err(|error| failed(ACTION, &error))?;
        let name = |arn: &String| arn.split(':').nth(6).map(str::to_owned);
        let mut names: Vec<String> =
            mappings.iter().filter_map(|mapping| mapping.function_arn.as_ref().and_then(name)).collect();
        names.sort_unstable();
        names.dedup();
        Ok(names.into_iter().map(Consumer::Function).collect())
    }
}

const DESCRIBE: &str = "kinesis:DescribeStreamSummary";
const LIST: &str = "kinesis:ListShards";

fn no_retries() -> aws_sdk_kinesis::config::Builder {
    aws_sdk_kinesis::config::Builder::new().retry_config(RetryConfig::disabled())
}

fn malformed(action: &'static str) -> CallError {
    let message = "an answer that cannot be read".to_owned();
    CallError { kind: CallErrorKind::Unknown, action, message }
}

fn count(number: Option<i32>) -> u32 {
    number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

#[async_trait]
impl StreamControl for AwsStreams {
    async fn describe(&self, stream: &StreamName) -> Result<Description, CallError> {
        let answer = self.kinesis.describe_stream_summary().stream_name(stream.as_str()).send().await;
        let answer = answer.map_err(|error| failed(DESCRIBE, &error))?;
        let summary = answer.stream_description_summary.ok_or_else(|| malformed(DESCRIBE))?;
        let on = |wanted: &MetricsName| {
            let enhanced = summary.enhanced_monitoring().iter().flat_map(|some| some.shard_level_metrics());
            enhanced.into_iter().any(|metric| *metric == MetricsName::All || metric == wanted)
        };
        let mode = summary.stream_mode_details().map(|details| details.stream_mode());
        Ok(Description {
            status: match summary.stream_status().as_str() {
                "ACTIVE" => Status::Active,
                "CREATING" => Status::Creating,
                "DELETING" => Status::Deleting,
                _ => Status::Updating,
            },
            on_demand: mode == Some(&StreamMode::OnDemand),
            open_shards: count(Some(summary.open_shard_count)),
            shard_metrics: on(&MetricsName::IncomingBytes) && on(&MetricsName::IncomingRecords),
            consumers: count(summary.consumer_count),
            retention_hours: count(Some(summary.retention_period_hours)),
        })
    }

    async fn open_shards(&self, stream: &StreamName) -> Result<Vec<OpenShard>, CallError> {
        let mut shards = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = self.kinesis.list_shards();
            // The API takes the stream and filter or the token, never both.
            let call = match token {
                Some(token) => call.next_token(token),
                None => {
                    let latest = ShardFilter::builder().r#type(ShardFilterType::AtLatest).build();
                    call.stream_name(stream.as_str()).shard_filter(latest.map_err(|_| malformed(LIST))?)
                }
            };
            let page = call.send().await.map_err(|error| failed(LIST, &error))?;
            for shard in page.shards() {
                shards.push(open(shard).ok_or_else(|| malformed(LIST))?);
            }
            token = page.next_token;
            if token.is_none() {
                return Ok(shards);
            }
        }
    }

    async fn quota(&self) -> Result<Quota, CallError> {
        let answer = self.kinesis.describe_limits().send().await;
        let answer = answer.map_err(|error| failed("kinesis:DescribeLimits", &error))?;
        Ok(Quota { limit: count(Some(answer.shard_limit)), open: count(Some(answer.open_shard_count)) })
    }

    async fn consumers(&self, stream: &StreamName) -> Result<Vec<Consumer>, CallError> {
        let arn = self.arn(stream).await?;
        let mut consumers = self.fan_out(&arn).await?;
        consumers.extend(self.functions(&arn).await?);
        Ok(consumers)
    }

    async fn reshard(&self, stream: &StreamName, call: &Call) -> Result<(), CallError> {
        let action = call.action();
        match call {
            Call::UpdateShardCount(count) => {
                let count = i32::try_from(count.get()).unwrap_or(i32::MAX);
                let request = self.kinesis.update_shard_count().stream_name(stream.as_str());
                let request = request.target_shard_count(count).scaling_type(ScalingType::UniformScaling);
                let sent = request.customize().config_override(no_retries()).send().await;
                sent.map(drop).map_err(|error| failed(action, &error))
            }
            Call::Split { shard, at } => {
                let request = self.kinesis.split_shard().stream_name(stream.as_str());
                let request = request.shard_to_split(shard.to_string()).new_starting_hash_key(at.to_string());
                let sent = request.customize().config_override(no_retries()).send().await;
                sent.map(drop).map_err(|error| failed(action, &error))
            }
            Call::Merge { left, right } => {
                let request = self.kinesis.merge_shards().stream_name(stream.as_str());
                let request =
                    request.shard_to_merge(left.to_string()).adjacent_shard_to_merge(right.to_string());
                let sent = request.customize().config_override(no_retries()).send().await;
                sent.map(drop).map_err(|error| failed(action, &error))
            }
        }
    }
}

fn open(shard: &Shard) -> Option<OpenShard> {
    let range = shard.hash_key_range()?;
    let (start, end) = (range.starting_hash_key().parse().ok()?, range.ending_hash_key().parse().ok()?);
    Some(OpenShard { id: shard.shard_id().parse().ok()?, range: HashKeyRange::new(start, end).ok()? })
}
