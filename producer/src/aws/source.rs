//! `ListShards`, `GetShardIterator` and `GetRecords` over the SDK.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{Record, Shard, ShardIteratorType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::ShardId;

use crate::aws::StreamReference;
use crate::aws::errors::{Sorted, sort};
use crate::outcome::SequenceNumber;
use crate::read::{
    Arrived, Page, Position, ShardDescription, ShardIterator, ShardSource, SourceError, SourceErrorKind,
};
use crate::sink::SinkErrorKind;

/// Reads a Kinesis data stream.
#[derive(Clone, Debug)]
pub struct KinesisSource {
    client: Client,
    stream: StreamReference,
}

impl KinesisSource {
    /// A source on the stream with this name or ARN.
    #[must_use]
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        Self { client, stream: StreamReference::new(stream.into()) }
    }
}

fn no_retries() -> aws_sdk_kinesis::config::Builder {
    aws_sdk_kinesis::config::Builder::new().retry_config(RetryConfig::disabled())
}

#[async_trait]
impl ShardSource for KinesisSource {
    async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
        let mut shards = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let call = self.client.list_shards();
            // The API takes the stream or the token, never both.
            let call = match &token {
                Some(token) => call.next_token(token),
                None => {
                    call.set_stream_name(self.stream.name.clone()).set_stream_arn(self.stream.arn.clone())
                }
            };
            let page = call.send().await.map_err(|error| source_error(&error))?;
            for shard in page.shards() {
                shards.push(described(shard)?);
            }
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(shards),
            }
        }
    }

    async fn iterator(&self, shard: ShardId, position: &Position) -> Result<ShardIterator, SourceError> {
        let call = self
            .client
            .get_shard_iterator()
            .set_stream_name(self.stream.name.clone())
            .set_stream_arn(self.stream.arn.clone())
            .shard_id(shard.to_string());
        let call = match position {
            Position::Latest => call.shard_iterator_type(ShardIteratorType::Latest),
            Position::TrimHorizon => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
            Position::At(time) => call
                .shard_iterator_type(ShardIteratorType::AtTimestamp)
                .timestamp(DateTime::from_nanos(time.as_nanosecond()).unwrap_or(DateTime::from_secs(0))),
            Position::After(sequence) => call
                .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
                .starting_sequence_number(sequence.as_str()),
        };
        let answer = call
            .customize()
            .config_override(no_retries())
            .send()
            .await
            .map_err(|error| source_error(&error))?;
        answer.shard_iterator.map(ShardIterator).ok_or_else(|| malformed("an answer without an iterator"))
    }

    async fn records(&self, iterator: &ShardIterator, limit: i32) -> Result<Page, SourceError> {
        let answer = self
            .client
            .get_records()
            .shard_iterator(&iterator.0)
            .set_stream_arn(self.stream.arn.clone())
            .limit(limit)
            .customize()
            .config_override(no_retries())
            .send()
            .await
            .map_err(|error| source_error(&error))?;
        let behind = answer.millis_behind_latest().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0);
        Ok(Page {
            behind: Duration::from_millis(behind),
            next: answer.next_shard_iterator.map(ShardIterator),
            records: answer.records.into_iter().map(arrived).collect(),
        })
    }
}

fn described(shard: &Shard) -> Result<ShardDescription, SourceError> {
    let id = |text: &str| text.parse::<ShardId>().map_err(|error| malformed(&error.to_string()));
    Ok(ShardDescription {
        id: id(shard.shard_id())?,
        parents: shard
            .parent_shard_id()
            .into_iter()
            .chain(shard.adjacent_parent_shard_id())
            .map(id)
            .collect::<Result<_, _>>()?,
        closed: shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_some()),
    })
}

fn arrived(record: Record) -> Arrived {
    let time = record
        .approximate_arrival_timestamp
        .and_then(|time| time.to_millis().ok())
        .and_then(|millis| Timestamp::from_millisecond(millis).ok());
    Arrived {
        sequence: SequenceNumber::new(&record.sequence_number),
        time,
        partition_key: record.partition_key,
        data: Bytes::from(record.data.into_inner()),
    }
}

fn malformed(message: &str) -> SourceError {
    SourceError { kind: SourceErrorKind::Fatal, code: "MalformedAnswer".into(), message: message.into() }
}

fn source_error<E>(error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let Sorted { kind, code, message } = sort(error);
    let kind = match kind {
        _ if &*code == "ExpiredIteratorException" => SourceErrorKind::ExpiredIterator,
        SinkErrorKind::Throttled => SourceErrorKind::Throttled,
        SinkErrorKind::Transient => SourceErrorKind::Transient,
        SinkErrorKind::Fatal => SourceErrorKind::Fatal,
    };
    SourceError { kind, code, message }
}
