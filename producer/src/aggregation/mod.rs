//! KPL's aggregated record: many user records in one Kinesis record, byte-compatible both ways.
//!
//! ```text
//! F3 89 9A C2 │ AggregatedRecord (protobuf, proto2) │ MD5 of the message, 16 bytes
//!
//! AggregatedRecord { repeated string partition_key_table     = 1;
//!                    repeated string explicit_hash_key_table = 2;
//!                    repeated Record records                 = 3; }
//! Record           { required uint64 partition_key_index     = 1;
//!                    optional uint64 explicit_hash_key_index = 2;
//!                    required bytes  data                    = 3;
//!                    repeated Tag    tags                    = 4; }
//! Tag              { required string key = 1;  optional string value = 2; }
//! ```
//!
//! [`Aggregator`] writes it, or [`Layout`] for those who keep their records, [`decode`] reads its bytes, and [`unpack`] and [`deaggregate`] apply the rules by which
//! the Kinesis Client Library (KCL) turns Kinesis records back into user records. The protobuf is written by hand
//! because both directions work on borrowed bytes: nothing is copied that the other side does not need.
//!
//! Source: "KPL Aggregated Record Format" in the KPL repository, `AggregatorUtil` in the KCL.

mod aggregator;
mod deaggregate;
mod decode;
mod java;
mod layout;
mod table;
mod unpack;
mod wire;

pub use aggregator::{Aggregate, Aggregator, UserRecord};
pub use deaggregate::{KinesisRecord, SubRecord, deaggregate, deaggregate_page, deaggregate_strictly};
pub use decode::{DecodeError, Decoded, DecodedRecord, Tag, decode};
pub use layout::{Layout, sign};
pub use unpack::{Deaggregated, Part, Parts, Unpacked, unpack};

/// What an aggregated record starts with.
pub const MAGIC: [u8; 4] = [0xf3, 0x89, 0x9a, 0xc2];

/// Bytes of the MD5 that it ends with.
pub const CHECKSUM_BYTES: usize = 16;

/// The partition key of an aggregate; the explicit hash key beside it decides where it goes.
pub const AGGREGATE_PARTITION_KEY: &str = "a";
