//! Reads a stream: all of its shards, through splits and merges, each child after all its parents; as records, taken
//! out of their aggregates by KCL's rules; from any point, and on from where an earlier reading stopped.
//!
//! ```no_run
//! use std::path::Path;
//! use std::sync::Arc;
//! use pipectl_producer::aws::KinesisSource;
//! use pipectl_producer::read::{CheckpointFile, Reader, Settings, Start};
//!
//! # async fn follow(client: aws_sdk_kinesis::Client) -> Result<(), Box<dyn std::error::Error>> {
//! let source = Arc::new(KinesisSource::new(client, "clickstream-events"));
//! let mut file = CheckpointFile::open(Path::new("events.checkpoint"), source.identity().await?)?;
//! let start = file.read()?.map_or(Start::TrimHorizon, Start::Checkpoint);
//! let mut reader = Reader::start(source, Settings { start, ..Settings::default() });
//! while let Some(read) = reader.next().await? {
//!     // Deal with `read.record`, then, now and then:
//!     file.write(reader.checkpoint())?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! **Invariant:** what has not been given out is not in the checkpoint. Whoever keeps [`Reader::checkpoint`] only
//! after dealing with what it was given gets every record at least once, wherever it is killed; and exactly once
//! where it is not killed between the two.
//!
//! The pure parts decide: [`frontier`] which shard may be read when, `polling::Cursor` and `renewal` what an answer of
//! `GetRecords` or the end of a subscription means, `unfold` what becomes of a Kinesis record. The drivers around
//! them, one task for each shard under a supervisor, only call and wait, and [`Reader`] gives out what they bring.

mod checkpoint;
mod checkpoint_file;
pub mod frontier;
mod polling;
mod pushing;
mod reader;
mod renewal;
mod shared;
mod source;
mod subscription;
mod supervisor;
mod unfold;

pub use checkpoint::{Checkpoint, Origin, Place, Progress};
pub use checkpoint_file::{CheckpointError, CheckpointFile, StreamIdentity};
pub use reader::{ReadError, Reader, Settings};
pub use source::{
    Arrived, Page, Position, ReadRecord, ShardDescription, ShardIterator, ShardSource, SourceError,
    SourceErrorKind,
};
pub use subscription::{FanOut, Pushed, Subscription};
pub use unfold::{Damaged, Event, Gap};

use jiff::Timestamp;

/// Where reading starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At what is put from now on.
    Latest,
    /// At the oldest record that is still there.
    TrimHorizon,
    /// At the first record put at this time or after it.
    At(Timestamp),
    /// After what an earlier reading gave out.
    Checkpoint(Checkpoint),
}
