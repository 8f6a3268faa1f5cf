//! What is put: bytes under a partition key.

use bytes::Bytes;
use pipectl_shards::HashKey;

/// One record of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Decides the shard, unless `explicit_hash_key` does; 1 to 256 characters.
    pub partition_key: String,
    /// The point in the hash-key space that decides the shard.
    pub explicit_hash_key: Option<HashKey>,
    /// The payload.
    pub data: Bytes,
}

impl Record {
    /// A record whose partition key decides its shard.
    #[must_use]
    pub fn new(partition_key: impl Into<String>, data: impl Into<Bytes>) -> Self {
        Self { partition_key: partition_key.into(), explicit_hash_key: None, data: data.into() }
    }

    /// The point in the hash-key space that decides its shard.
    #[must_use]
    pub fn hash_key(&self) -> HashKey {
        self.explicit_hash_key.unwrap_or_else(|| HashKey::of_partition_key(&self.partition_key))
    }

    /// What Kinesis counts against its limits: the data and the partition key, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }
}
