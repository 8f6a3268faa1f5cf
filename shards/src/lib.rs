//! The vocabulary of Kinesis sharding: hash keys, ranges, shard ids and lineage.
