//! Reads a stream: all of its shards, through splits and merges, each child after all its parents.
//!
//! [`frontier`] decides which shard may be read when, purely; [`shard`] pages through one shard;
//! [`Reader`] runs them and gives out what they read.

pub mod frontier;
mod reader;
mod shard;
mod source;

pub use reader::{ReadError, Reader, Settings};
pub use source::{
    Arrived, Page, Position, ReadRecord, ShardDescription, ShardIterator, ShardSource, SourceError,
    SourceErrorKind,
};

use jiff::Timestamp;

/// Where reading starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At what is put from now on.
    Latest,
    /// At the oldest record that is still there.
    TrimHorizon,
    /// At the first record put at this time or after it.
    At(Timestamp),
}
