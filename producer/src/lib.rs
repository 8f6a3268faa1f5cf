//! Puts records into Kinesis data streams and reads them back.
//!
//! **Invariant:** every record handed to a [`Producer`] ends in exactly one [`Outcome`], and the
//! [`Account`] counts it there: `put = delivered + expired + refused + cancelled + outstanding`, at every
//! moment, with `outstanding = 0` once it is closed.
//!
//! From the outside in:
//! - [`input`] and [`generate`] make records, [`feed()`](feed::feed) hands them over;
//! - [`Producer`] is a handle on a task that moves them through [`flow`], the pure part that decides what is
//!   sent, retried and given up, into a [`RecordSink`];
//! - [`aggregation`] is KPL's record format, both ways; [`parcel`] gathers records into it by the shard that
//!   [`shard_map`] predicts;
//! - [`rehearsal`] is a sink that sends nothing and says what would have been sent;
//! - [`read`] follows all the shards of a stream;
//! - [`metrics`] are KPL's, for CloudWatch and Prometheus;
//! - [`aws`] holds what speaks to AWS for both directions.

mod account;
pub mod aggregation;
pub mod aws;
pub mod batch;
pub mod feed;
pub mod flow;
pub mod generate;
mod hash_keys;
pub mod input;
pub mod md5;
pub mod metrics;
mod outcome;
pub mod pace;
pub mod parcel;
mod producer;
pub mod read;
mod record;
pub mod rehearsal;
pub mod retry;
pub mod shard_map;
mod sink;
mod stats;

pub use account::Account;
pub use hash_keys::hash_keys;
pub use outcome::{Attempt, Attempts, Cancellation, Failure, Outcome, Refusal, SequenceNumber};
pub use parcel::Aggregation;
pub use producer::{Observer, Producer, Report, Settings, Stopped, TryPutError};
pub use record::Record;
pub use sink::{Capacity, Distribution, PutResult, RecordSink, Routing, SinkError, SinkErrorKind};
pub use stats::{ErrorCounts, Stats};
