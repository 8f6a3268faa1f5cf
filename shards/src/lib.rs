//! The vocabulary of Kinesis sharding, shared by every crate of pipectl: hash keys, the ranges of them
//! that shards own, shard ids, the lineage that splits and merges leave behind, and what a shard carries.
//!
//! **Invariant:** nothing here waits, reads a clock or knows of AWS's API; it is arithmetic and names.
//!
//! ```
//! use pipectl_shards::{HashKey, HashKeyRange};
//!
//! let ranges = HashKeyRange::uniform(4.try_into()?);
//! let key = HashKey::of_partition_key("user-17");
//! assert_eq!(ranges.iter().filter(|range| range.contains(key)).count(), 1);
//! # Ok::<(), std::num::TryFromIntError>(())
//! ```

mod hash_key;
pub mod limits;
mod lineage;
mod range;
mod shard_id;

pub use hash_key::{HashKey, ParseHashKeyError};
pub use lineage::{Lineage, LineageError, Shard};
pub use range::{HashKeyRange, RangeError};
pub use shard_id::{ParseShardIdError, ShardId};
