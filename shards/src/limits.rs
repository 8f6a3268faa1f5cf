//! What one shard of a provisioned stream carries, and what one call may ask of it.
//!
//! Source: "Quotas and limits" in the Kinesis Data Streams developer guide, and the API reference of each
//! call, read in November 2026.

/// Bytes a shard takes in a second, partition keys included.
pub const WRITE_BYTES_PER_SECOND: u64 = 1024 * 1024;

/// Records a shard takes in a second.
pub const WRITE_RECORDS_PER_SECOND: u64 = 1_000;

/// Bytes a shard gives out in a second, shared by everyone who calls `GetRecords`.
pub const READ_BYTES_PER_SECOND: u64 = 2 * 1024 * 1024;

/// `GetRecords` calls a shard answers in a second.
pub const READ_CALLS_PER_SECOND: u64 = 5;

/// Records that one `PutRecords` call may carry.
pub const PUT_RECORDS_MAX_COUNT: usize = 500;

/// Bytes that one `PutRecords` call may carry, partition keys included.
pub const PUT_RECORDS_MAX_BYTES: usize = 10 * 1024 * 1024;

/// Bytes of one record unless `UpdateMaxRecordSize` has raised it, data and partition key together.
pub const RECORD_MAX_BYTES: usize = 1024 * 1024;

/// The most that `UpdateMaxRecordSize` lets a record of a stream have.
pub const RECORD_MOST_BYTES: usize = 10 * 1024 * 1024;

/// Characters of a partition key.
pub const PARTITION_KEY_MAX_CHARS: usize = 256;

/// Records that one `GetRecords` call may ask for.
pub const GET_RECORDS_MAX_COUNT: usize = 10_000;

/// Bytes that one `GetRecords` call gives at most.
pub const GET_RECORDS_MAX_BYTES: usize = 10 * 1024 * 1024;

/// `UpdateShardCount` calls that a stream takes in a rolling day.
pub const UPDATE_SHARD_COUNT_PER_DAY: usize = 10;
