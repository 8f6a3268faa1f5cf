//! What AWS lets through: throughput of shards, calls a second, quotas of streams and accounts. Pure: `now` is passed
//! in, in milliseconds since the epoch, and each rule answers whether something passes.
//!
//! `bucket.rs` is the one meter that the others are made of; `shard.rs` has what a shard takes in and gives out,
//! `rates.rs` the table of calls a second, `quotas.rs` what is counted over a day or altogether, `on_demand.rs` how
//! a stream grows whose capacity is AWS's care.
//!
//! **How throughput is metered.** AWS describes a shard's capacity as a tank that refills at a steady rate, and so it
//! is here: a tank of one second's worth. A shard that was idle for a second takes 1,000 records at once; one that is
//! flooded takes 1,000 a second, however many flood it. A record of more than a second's worth (up to 10 MiB, where
//! the stream takes such) empties the tank and leaves it in debt until the rate has paid for it.
//!
//! **Who reads.** `GetRecords` is metered in calls and bytes. Deliveries and other readers in this process count
//! against the same 2 MiB a second of a shard, as on AWS, but not against its five calls: they wait where a client
//! would be refused, and they do not wait while they drain. Fan-out has throughput of its own.

mod bucket;
mod on_demand;
mod quotas;
mod rates;
mod shard;

pub(crate) use on_demand::{Demand, growth};
pub(crate) use quotas::{
    DAY, ENCRYPTION_CHANGES_PER_DAY, MODE_CHANGES_PER_DAY, ON_DEMAND_STREAMS, Rolling, SHARDS_PER_STREAM,
    STREAMS_IN_TRANSITION, shard_quota,
};
pub(crate) use rates::{Limited, Rates};
pub(crate) use shard::{ReadMeter, Throttle, WriteMeter};
