//! `ListShards`, `GetShardIterator` and `GetRecords` over the SDK, and which stream it is.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kinesis::operation::get_shard_iterator::builders::GetShardIteratorFluentBuilder;
use aws_sdk_kinesis::primitives::DateTime;
use aws_sdk_kinesis::types::{ChildShard, HashKeyRange as AwsRange, Record, Shard, ShardIteratorType};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use bytes::Bytes;
use jiff::Timestamp;
use pipectl_shards::{HashKeyRange, ShardId};

use crate::aws::StreamReference;
use crate::aws::connection::{Connection, no_retries};
use crate::aws::errors::{Sorted, sort};
use crate::outcome::SequenceNumber;
use crate::read::{
    Arrived, Page, Position, ShardDescription, ShardIterator, ShardSource, SourceError, SourceErrorKind,
    StreamIdentity,
};
use crate::sink::SinkErrorKind;

/// Reads a Kinesis data stream.
#[derive(Clone, Debug)]
pub struct KinesisSource {
    connection: Arc<Connection>,
    stream: StreamReference,
}

impl KinesisSource {
    /// A source on the stream with this name or ARN. Expired credentials are looked up anew, and a wrong clock is got
    /// over, as with [`KinesisSink`](crate::aws::KinesisSink).
    #[must_use]
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        let connection = Arc::new(Connection::new(client));
        Self { connection, stream: StreamReference::new(stream.into()) }
    }

    /// Which stream it is, by `DescribeStreamSummary`. A failure that may pass is tried again by the SDK.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub async fn identity(&self) -> Result<StreamIdentity, SourceError> {
        let describe = |client: Client| {
            client
                .describe_stream_summary()
                .set_stream_name(self.stream.name.clone())
                .set_stream_arn(self.stream.arn.clone())
                .send()
        };
        let answer = self.connection.call(describe).await.map_err(of_source)?;
        let summary = answer.stream_description_summary;
        let summary = summary.ok_or_else(|| malformed("an answer without a description"))?;
        // It comes as a floating-point number of seconds: what lies below a millisecond is noise.
        let millis = (summary.stream_creation_timestamp.as_nanos() + 500_000).div_euclid(1_000_000);
        let created = i64::try_from(millis).ok().and_then(|millis| Timestamp::from_millisecond(millis).ok());
        Ok(StreamIdentity { arn: summary.stream_arn, created })
    }
}

#[async_trait]
impl ShardSource for KinesisSource {
    async fn shards(&self) -> Result<Vec<ShardDescription>, SourceError> {
        let mut shards = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let list = |client: Client| {
                let call = client.list_shards();
                // The API takes the stream or the token, never both.
                let call = match &token {
                    Some(token) => call.next_token(token),
                    None => {
                        call.set_stream_name(self.stream.name.clone()).set_stream_arn(self.stream.arn.clone())
                    }
                };
                call.send()
            };
            let page = self.connection.call(list).await.map_err(of_source)?;
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
        let ask = |client: Client| {
            let call = client
                .get_shard_iterator()
                .set_stream_name(self.stream.name.clone())
                .set_stream_arn(self.stream.arn.clone())
                .shard_id(shard.to_string());
            at(call, position).customize().config_override(no_retries()).send()
        };
        let answer = self.connection.call(ask).await;
        let answer = answer.map_err(|error| ahead_of_time(of_source(error), position))?;
        answer.shard_iterator.map(ShardIterator).ok_or_else(|| malformed("an answer without an iterator"))
    }

    async fn records(&self, iterator: &ShardIterator, limit: i32) -> Result<Page, SourceError> {
        let get = |client: Client| {
            client
                .get_records()
                .shard_iterator(&iterator.0)
                .set_stream_arn(self.stream.arn.clone())
                .limit(limit)
                .customize()
                .config_override(no_retries())
                .send()
        };
        let answer = self.connection.call(get).await.map_err(of_source)?;
        let behind = answer.millis_behind_latest().and_then(|millis| u64::try_from(millis).ok()).unwrap_or(0);
        Ok(Page {
            behind: Duration::from_millis(behind),
            next: answer.next_shard_iterator.map(ShardIterator),
            records: answer.records.into_iter().map(arrived).collect(),
            children: children(answer.child_shards.as_deref().unwrap_or_default()),
        })
    }
}

fn at(call: GetShardIteratorFluentBuilder, position: &Position) -> GetShardIteratorFluentBuilder {
    match position {
        Position::Latest => call.shard_iterator_type(ShardIteratorType::Latest),
        Position::TrimHorizon => call.shard_iterator_type(ShardIteratorType::TrimHorizon),
        Position::At(time) => call
            .shard_iterator_type(ShardIteratorType::AtTimestamp)
            .timestamp(DateTime::from_nanos(time.as_nanosecond()).unwrap_or(DateTime::from_secs(0))),
        Position::AtSequence(sequence) => call
            .shard_iterator_type(ShardIteratorType::AtSequenceNumber)
            .starting_sequence_number(sequence.as_str()),
        Position::After(sequence) => call
            .shard_iterator_type(ShardIteratorType::AfterSequenceNumber)
            .starting_sequence_number(sequence.as_str()),
    }
}

fn described(shard: &Shard) -> Result<ShardDescription, SourceError> {
    let id = |text: &str| text.parse::<ShardId>().map_err(|error| malformed(&error.to_string()));
    Ok(ShardDescription {
        id: id(shard.shard_id())?,
        range: range(shard.hash_key_range())
            .ok_or_else(|| malformed("a shard without a range of hash keys"))?,
        parents: shard
            .parent_shard_id()
            .into_iter()
            .chain(shard.adjacent_parent_shard_id())
            .map(id)
            .collect::<Result<_, _>>()?,
        closed: shard.sequence_number_range().is_some_and(|range| range.ending_sequence_number().is_some()),
    })
}

/// The shards that go on from one that has ended. One that cannot be read is left out: a listing will tell it.
pub(crate) fn children(shards: &[ChildShard]) -> Vec<ShardDescription> {
    let described = |child: &ChildShard| {
        let parents = child.parent_shards().iter().map(|id| id.parse().ok()).collect::<Option<_>>()?;
        let id = child.shard_id().parse().ok()?;
        Some(ShardDescription { id, parents, closed: false, range: range(child.hash_key_range())? })
    };
    shards.iter().filter_map(described).collect()
}

fn range(range: Option<&AwsRange>) -> Option<HashKeyRange> {
    let range = range?;
    let (start, end) = (range.starting_hash_key().parse().ok()?, range.ending_hash_key().parse().ok()?);
    HashKeyRange::new(start, end).ok()
}

pub(crate) fn arrived(record: Record) -> Arrived {
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

/// A time that has not come yet by AWS's clock is refused; by this machine's it may have. So it is asked for again.
fn ahead_of_time(error: SourceError, position: &Position) -> SourceError {
    let ahead = matches!(position, Position::At(_))
        && &*error.code == "InvalidArgumentException"
        && error.message.contains("timestampInMillis");
    if ahead { SourceError { kind: SourceErrorKind::Transient, ..error } } else { error }
}

pub(crate) fn malformed(message: &str) -> SourceError {
    SourceError { kind: SourceErrorKind::Fatal, code: "MalformedAnswer".into(), message: message.into() }
}

pub(crate) fn source_error<E>(error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    of_source(sort(error))
}

pub(crate) fn of_source(Sorted { kind, code, message }: Sorted) -> SourceError {
    let kind = match kind {
        _ if &*code == "ExpiredIteratorException" => SourceErrorKind::ExpiredIterator,
        SinkErrorKind::Throttled => SourceErrorKind::Throttled,
        SinkErrorKind::Transient => SourceErrorKind::Transient,
        SinkErrorKind::Fatal => SourceErrorKind::Fatal,
    };
    SourceError { kind, code, message }
}
