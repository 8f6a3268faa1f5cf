//! Event source mappings: what reads a Kinesis stream and invokes a function with its records.
//!
//! ```text
//! shard ─▶ filter ─▶ lanes (one per key hash) ─▶ batches ─▶ invocations ─▶ done, retried, or told to the destination
//! ```
//!
//! - [`poller`] decides everything: what to read, what to invoke, what to retry, halve or give up. It is pure: it is
//!   fed with what was read, what came back and the time, and answers with what to do. A [`shard`] is one of its
//!   shards, a [`lane`] the part of a shard whose keys hash to it.
//! - [`driver`] carries that out through the [`ports`]: it reads, invokes, delivers and waits.
//! - [`state`] holds the mappings as users see them: settings, states, tags.
//!
//! **Invariants**: a lane has one batch under way at most, so records of one partition key are given in order; a shard
//! is begun after its parents are done; a record is left behind only when the function succeeded with it, the filter
//! does not want it, or it was given up, which is told to the on-failure destination. Of a shard no more
//! records are read ahead than its lanes' batches hold together: a lane that waits takes room from the others.

mod adapters;
mod backoff;
mod batch;
mod checkpoint;
mod counters;
mod driver;
mod entry;
mod event;
mod failure;
mod filter;
mod image;
mod lane;
mod phase;
mod poller;
mod ports;
mod response;
mod settings;
mod shard;
mod source;
mod state;
#[cfg(test)]
mod tests;
mod window;
mod work;

pub(super) use counters::Counted;
pub use counters::{Counts, MappingAccount};
pub(super) use filter::Filters;
pub(super) use settings::{Destination, Settings, Start};
pub(super) use source::EventSource;
pub(super) use state::{Create, Mapping, Mappings, Update};
