//! What a delivery has beside its plain destination: partitions, a backup, a key.

use std::collections::{BTreeMap, BTreeSet};

use super::{Buffer, Compression, Destination};

/// Dynamic partitioning: objects by what is in the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partitioning {
    /// Keys of the prefix by name, each with the jq expression that finds its value in a record; those that a
    /// transform gives are not among them.
    pub keys: BTreeMap<String, String>,
    /// How long a delivery is tried again, 0 to 7200 seconds.
    pub retry_seconds: u32,
}

/// A place for the records as they came in.
#[derive(Clone, Debug, PartialEq)]
pub struct Backup {
    /// The bucket, the pipeline's as the destination's is.
    pub bucket: String,
    /// Firehose prefix expression; `None` means AWS's own `YYYY/MM/dd/HH/`.
    pub prefix: Option<String>,
    /// When an object is written.
    pub buffer: Buffer,
    /// How an object is compressed.
    pub compression: Compression,
}

/// What encrypts the records that a delivery holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryKey {
    /// A key that AWS owns, which costs nothing.
    AwsOwned,
    /// A KMS key of the account, by its ARN.
    Customer(String),
}

/// The keys that a prefix names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionKeys {
    /// `!{partitionKeyFromQuery:…}`.
    pub query: BTreeSet<String>,
    /// `!{partitionKeyFromLambda:…}`.
    pub lambda: BTreeSet<String>,
}

impl Destination {
    /// The buckets that a delivery writes to.
    pub fn buckets(&self) -> impl Iterator<Item = &str> {
        let (bucket, backup) = match self {
            Destination::S3(s3) => (&s3.bucket, s3.backup.as_ref().map(|backup| backup.bucket.as_str())),
            Destination::Http(http) => (&http.backup.bucket, None),
        };
        std::iter::once(bucket.as_str()).chain(backup)
    }
}
