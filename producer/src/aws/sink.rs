//! `PutRecords` over the SDK, and what tells how a stream routes records: `ListShards` and `DescribeStreamSummary`.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::error::BuildError;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{
    PutRecordsRequestEntry, PutRecordsResultEntry, RecordDistributionStrategy, Shard, ShardFilter,
    ShardFilterType, StreamMode,
};
use pipectl_shards::{HashKeyRange, ShardId};

use crate::aws::StreamReference;
use crate::aws::connection::{Connection, no_retries};
use crate::aws::errors::Sorted;
use crate::outcome::SequenceNumber;
use crate::record::Record;
use crate::sink::{Capacity, Distribution, PutResult, RecordSink, Routing, SinkError, SinkErrorKind};

/// Puts records into a Kinesis data stream.
#[derive(Clone, Debug)]
pub struct KinesisSink {
    connection: Arc<Connection>,
    stream: StreamReference,
}

impl KinesisSink {
    /// A sink for the stream with this name or ARN. The SDK's own retries are off for these calls: the
    /// producer knows which records need one. What is refused for expired credentials or for the time it was signed at
    /// has another try at once, with credentials looked up anew and by the service's clock; where that does not help
    /// and calls were let in before, it counts as a failure that passes.
    #[must_use]
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        let connection = Arc::new(Connection::new(client));
        Self { connection, stream: StreamReference::new(stream.into()) }
    }
}

#[async_trait]
impl RecordSink for KinesisSink {
    async fn put_records(&self, records: &[Record]) -> Result<Vec<PutResult>, SinkError> {
        let entries = || records.iter().map(entry).collect::<Result<Vec<_>, _>>();
        let mut first = Some(entries()?);
        let put = |client: Client| {
            // What could be built once can be again.
            let entries = first.take().or_else(|| entries().ok());
            client
                .put_records()
                .set_stream_name(self.stream.name.clone())
                .set_stream_arn(self.stream.arn.clone())
                .set_records(entries)
                .customize()
                .config_override(no_retries())
                .send()
        };
        let answer = self.connection.call(put).await.map_err(sink_error)?;
        Ok(answer.records.into_iter().map(result).collect())
    }

    async fn routing(&self) -> Result<Routing, SinkError> {
        let (shards, summary) = tokio::join!(self.open_shards(), self.summary());
        let summary = match summary {
            Ok(summary) => summary,
            // Not allowed, most often: a producer can do without.
            Err(error) if error.kind == SinkErrorKind::Fatal => {
                tracing::debug!(%error, "the stream cannot be described");
                Routing::default()
            }
            Err(error) => return Err(error),
        };
        Ok(Routing { shards: shards?, ..summary })
    }
}

impl KinesisSink {
    /// The bytes, data and partition key, that a record of the stream may have; `None` where it does not tell.
    ///
    /// # Errors
    /// It could not be asked: for now, or, if the error is fatal, because the caller may not describe the stream.
    pub async fn max_record_bytes(&self) -> Result<Option<usize>, SinkError> {
        self.summary().await.map(|summary| summary.max_record_bytes)
    }

    async fn open_shards(&self) -> Result<Vec<(ShardId, HashKeyRange)>, SinkError> {
        let latest = ShardFilter::builder().r#type(ShardFilterType::AtLatest).build().map_err(not_built)?;
        let (mut shards, mut token) = (Vec::new(), None::<String>);
        loop {
            let list = |client: Client| {
                let call = client.list_shards();
                // The API takes the stream or the token, never both.
                let call = match &token {
                    Some(token) => call.next_token(token),
                    None => call
                        .set_stream_name(self.stream.name.clone())
                        .set_stream_arn(self.stream.arn.clone())
                        .shard_filter(latest.clone()),
                };
                call.customize().config_override(no_retries()).send()
            };
            let page = self.connection.call(list).await.map_err(sink_error)?;
            shards.extend(page.shards().iter().filter_map(open_shard));
            match page.next_token {
                Some(next) => token = Some(next),
                None => return Ok(shards),
            }
        }
    }

    /// What a stream tells of itself, but for its shards.
    async fn summary(&self) -> Result<Routing, SinkError> {
        let describe = |client: Client| {
            client
                .describe_stream_summary()
                .set_stream_name(self.stream.name.clone())
                .set_stream_arn(self.stream.arn.clone())
                .customize()
                .config_override(no_retries())
                .send()
        };
        let answer = self.connection.call(describe).await.map_err(sink_error)?;
        let Some(summary) = answer.stream_description_summary else {
            return Ok(Routing::default());
        };
        let mode = summary.stream_mode_details.map(|details| details.stream_mode);
        let capacity = match mode {
            Some(StreamMode::OnDemand) => Some(Capacity::OnDemand),
            Some(StreamMode::Provisioned) => Some(Capacity::Provisioned),
            _ => None,
        };
        // Left out for provisioned streams, which know nothing but keys.
        let distribution = match summary.record_distribution_strategy {
            Some(RecordDistributionStrategy::Auto) => Distribution::Auto,
            Some(RecordDistributionStrategy::UserPartitionKey) | None => Distribution::ByKey,
            Some(_) => Distribution::Unknown,
        };
        let kibibytes = summary.max_record_size_in_kib.and_then(|kibibytes| usize::try_from(kibibytes).ok());
        let max_record_bytes = kibibytes.map(|kibibytes| kibibytes * 1024);
        Ok(Routing { shards: Vec::new(), distribution, capacity, max_record_bytes })
    }
}

fn sink_error(Sorted { kind, code, message }: Sorted) -> SinkError {
    SinkError { kind, code, message }
}

/// One that cannot be read leaves a hole, which the map notices.
fn open_shard(shard: &Shard) -> Option<(ShardId, HashKeyRange)> {
    if shard.sequence_number_range()?.ending_sequence_number().is_some() {
        return None;
    }
    let range = shard.hash_key_range()?;
    let (start, end) = (range.starting_hash_key().parse().ok()?, range.ending_hash_key().parse().ok()?);
    Some((shard.shard_id().parse().ok()?, HashKeyRange::new(start, end).ok()?))
}

fn entry(record: &Record) -> Result<PutRecordsRequestEntry, SinkError> {
    PutRecordsRequestEntry::builder()
        .data(Blob::new(&record.data[..]))
        .partition_key(record.partition_key.as_str())
        .set_explicit_hash_key(record.explicit_hash_key.map(|key| key.to_string()))
        .build()
        .map_err(not_built)
}

fn not_built(error: BuildError) -> SinkError {
    SinkError {
        kind: SinkErrorKind::Fatal,
        code: "RequestNotBuilt".into(),
        message: error.to_string().into(),
    }
}

fn result(entry: PutRecordsResultEntry) -> PutResult {
    let shard = entry.shard_id.as_deref().and_then(|id| id.parse::<ShardId>().ok());
    match (shard, entry.sequence_number, entry.error_code) {
        (Some(shard), Some(sequence), None) => {
            PutResult::Put { shard, sequence: SequenceNumber::new(&sequence) }
        }
        (_, _, code) => PutResult::Failed {
            code: code.as_deref().unwrap_or("MalformedAnswer").into(),
            message: entry.error_message.as_deref().unwrap_or("no message").into(),
        },
    }
}
