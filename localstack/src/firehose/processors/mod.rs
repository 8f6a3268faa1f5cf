//! Processors: what happens to a record between its arrival and its buffer.
//!
//! ```text
//! Decompression ─▶ CloudWatchLogProcessing ─▶ RecordDeAggregation ─▶ Lambda ─▶ MetadataExtraction ─▶ AppendDelimiterToRecord
//! ```
//!
//! The order is AWS's, whatever the order in which a client names them. Everything here is a pure step; the Lambda
//! processor is in [`super::transform`], and [`super::delivery`] runs them all.

pub(crate) mod jq;
pub(crate) mod partition;
pub(crate) mod split;
pub(crate) mod unpack;
