//! Lines about records on their way into a stream, and to where they were found.

use pipectl_producer::ErrorCounts;
use schemars::JsonSchema;
use serde::Serialize;

/// How far a producer is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Progress {
    /// Records that were taken in.
    pub(crate) put: u64,
    /// Records that arrived.
    pub(crate) delivered: u64,
    /// Records that arrived in a second, just now.
    pub(crate) records_per_second: u64,
    /// Bytes that arrived in a second, just now.
    pub(crate) bytes_per_second: u64,
    /// Records in requests that are under way.
    pub(crate) in_flight: u64,
    /// Attempts on records beyond their first.
    pub(crate) retries: u64,
    /// Attempts on records that were throttled.
    pub(crate) throttles: u64,
    /// Requests that failed as a whole.
    pub(crate) failed_requests: u64,
    /// Records that were given up.
    pub(crate) not_delivered: u64,
}

/// A line that cannot be sent.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Problem<'a> {
    /// The file, or what was read instead.
    pub(crate) input: &'a str,
    /// The line, from 1.
    pub(crate) line: u64,
    /// Why it cannot be sent.
    pub(crate) reason: String,
    /// How it begins.
    pub(crate) excerpt: &'a str,
}

/// What became of the records: `put` is the sum of `delivered`, `expired`, `refused` and `cancelled`.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Account<'a> {
    /// The stream.
    pub(crate) stream: &'a str,
    /// Records that were taken in.
    pub(crate) put: u64,
    /// Acknowledged by Kinesis.
    pub(crate) delivered: u64,
    /// Given up because their time to live ended.
    pub(crate) expired: u64,
    /// Never tried, because they cannot be delivered as they are.
    pub(crate) refused: u64,
    /// Given up because the producer stopped.
    pub(crate) cancelled: u64,
    /// Bytes delivered, partition keys included.
    pub(crate) bytes: u64,
    /// `PutRecords` requests that were answered or failed.
    pub(crate) requests: u64,
    /// Requests that failed as a whole.
    pub(crate) failed_requests: u64,
    /// Attempts on records beyond their first.
    pub(crate) retries: u64,
    /// Attempts on records that were throttled.
    pub(crate) throttles: u64,
    /// Kinesis records that arrived: fewer than the records where they are aggregated.
    pub(crate) kinesis_records: u64,
    /// Bytes of those, partition keys included.
    pub(crate) kinesis_bytes: u64,
    /// What went wrong, by code, per Kinesis record.
    #[schemars(with = "std::collections::BTreeMap<String, u64>")]
    pub(crate) errors: &'a ErrorCounts,
    /// How long it took.
    pub(crate) seconds: f64,
    /// Why records were not delivered.
    pub(crate) reasons: Vec<Reason<'a>>,
}

/// Why so many records were not delivered.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Reason<'a> {
    /// Why.
    pub(crate) reason: &'a str,
    /// How many.
    pub(crate) records: u64,
}

/// What would be sent.
#[derive(Serialize, JsonSchema)]
pub(crate) struct DryRun<'a> {
    /// The stream.
    pub(crate) stream: &'a str,
    /// Records that were taken in.
    pub(crate) put: u64,
    /// Records that would be sent.
    pub(crate) would_send: u64,
    /// Records that cannot be.
    pub(crate) refused: u64,
    /// Bytes of the Kinesis records, partition keys included.
    pub(crate) bytes: u64,
    /// Kinesis records.
    pub(crate) kinesis_records: u64,
    /// Those among them that hold several records.
    pub(crate) aggregates: u64,
    /// `PutRecords` requests.
    pub(crate) requests: u64,
    /// What each shard would get.
    pub(crate) shards: Vec<ShardShare>,
}

/// What a shard would get.
#[derive(Serialize, JsonSchema)]
pub(crate) struct ShardShare {
    /// The shard's id.
    pub(crate) shard: String,
    /// Records.
    pub(crate) records: u64,
    /// Kinesis records.
    pub(crate) kinesis_records: u64,
    /// Bytes of those.
    pub(crate) bytes: u64,
    /// How long a provisioned shard needs for them at least.
    pub(crate) least_seconds: f64,
}

/// Where the records of a demo were found, counted in S3.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub(crate) struct Summary {
    /// Records that went in.
    pub(crate) records_in: u64,
    /// Records in data objects.
    pub(crate) delivered: u64,
    /// Records that the transform dropped.
    pub(crate) dropped: u64,
    /// Records under the error prefix.
    pub(crate) failed: u64,
    /// Records in none of these places.
    pub(crate) lost: u64,
    /// Records that are there more than once.
    pub(crate) duplicated: u64,
    /// Objects in the bucket.
    pub(crate) objects: u64,
    /// Their size as stored.
    pub(crate) bytes: u64,
    /// From the first call to the last record.
    pub(crate) seconds: f64,
}
