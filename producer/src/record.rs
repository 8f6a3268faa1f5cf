//! What is put: bytes under a partition key.

use bytes::Bytes;
use pipectl_shards::HashKey;
use pipectl_shards::limits::PARTITION_KEY_MAX_CHARS;

use crate::outcome::Refusal;

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

    /// Why a stream that takes records of `limit` bytes would never take it; `None` when it may.
    #[must_use]
    pub fn refusal(&self, limit: usize) -> Option<Refusal> {
        if self.size() > limit {
            return Some(Refusal::TooLarge { size: self.size(), limit });
        }
        // Most keys are short enough in bytes already.
        if (1..=PARTITION_KEY_MAX_CHARS).contains(&self.partition_key.len()) {
            return None;
        }
        let characters = self.partition_key.chars().count();
        (!(1..=PARTITION_KEY_MAX_CHARS).contains(&characters)).then_some(Refusal::PartitionKey { characters })
    }
}
