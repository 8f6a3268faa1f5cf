//! `PutRecords` over the SDK.

use async_trait::async_trait;
use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::config::retry::RetryConfig;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::{PutRecordsRequestEntry, PutRecordsResultEntry};
use pipectl_shards::ShardId;

use crate::aws::StreamReference;
use crate::aws::errors::{Sorted, sort};
use crate::outcome::SequenceNumber;
use crate::record::Record;
use crate::sink::{PutResult, RecordSink, SinkError, SinkErrorKind};

/// Puts records into a Kinesis data stream.
#[derive(Clone, Debug)]
pub struct KinesisSink {
    client: Client,
    stream: StreamReference,
}

impl KinesisSink {
    /// A sink for the stream with this name or ARN. The SDK's own retries are off for these calls: the
    /// producer knows which records need one.
    #[must_use]
    pub fn new(client: Client, stream: impl Into<String>) -> Self {
        Self { client, stream: StreamReference::new(stream.into()) }
    }
}

#[async_trait]
impl RecordSink for KinesisSink {
    async fn put_records(&self, records: &[Record]) -> Result<Vec<PutResult>, SinkError> {
        let entries = records.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
        let no_retries = aws_sdk_kinesis::config::Builder::new().retry_config(RetryConfig::disabled());
        let answer = self
            .client
            .put_records()
            .set_stream_name(self.stream.name.clone())
            .set_stream_arn(self.stream.arn.clone())
            .set_records(Some(entries))
            .customize()
            .config_override(no_retries)
            .send()
            .await
            .map_err(|error| {
                let Sorted { kind, code, message } = sort(&error);
                SinkError { kind, code, message }
            })?;
        Ok(answer.records.into_iter().map(result).collect())
    }
}

fn entry(record: &Record) -> Result<PutRecordsRequestEntry, SinkError> {
    PutRecordsRequestEntry::builder()
        .data(Blob::new(&record.data[..]))
        .partition_key(record.partition_key.as_str())
        .set_explicit_hash_key(record.explicit_hash_key.map(|key| key.to_string()))
        .build()
        .map_err(|error| SinkError {
            kind: SinkErrorKind::Fatal,
            code: "RequestNotBuilt".into(),
            message: error.to_string().into(),
        })
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
