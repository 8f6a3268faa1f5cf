//! Lambda functions: how one is run, whatever calls it, and how one reads a stream.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::Code;

/// How a function is run.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSettings {
    /// 128 to 10240 MiB.
    pub memory_mib: u32,
    /// 1 to 900 seconds.
    pub timeout_seconds: u32,
    /// Environment variables of the function.
    pub environment: BTreeMap<String, String>,
}

impl Default for FunctionSettings {
    /// 256 MiB, as Lambda's share of a processor grows with the memory; a minute, which is ample for a batch.
    fn default() -> Self {
        Self { memory_mib: 256, timeout_seconds: 60, environment: BTreeMap::new() }
    }
}

/// A Lambda function of the user's own beside the deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// What it runs.
    pub code: Code,
    /// How it is run.
    pub settings: FunctionSettings,
    /// The stream it reads, and how; `None` for a function that something else calls.
    pub reads: Option<Reading>,
}

/// How a function reads a stream: an event source mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// Logical name of the stream.
    pub stream: String,
    /// Where it begins.
    pub start: Start,
    /// Most records of a batch, 1 to 10,000.
    pub batch_size: u32,
    /// How long records are gathered for a batch, 0 to 300 seconds.
    pub window_seconds: u32,
    /// Batches of one shard at a time, 1 to 10.
    pub parallel: u32,
    /// Length of the tumbling windows, 0 (none) to 900 seconds.
    pub tumbling_seconds: u32,
    /// How often a failed batch is tried again.
    pub retries: Retries,
    /// Older records are given up, 60 seconds to 7 days; `None` is never.
    pub max_age_seconds: Option<u32>,
    /// Whether a failed batch is halved before it is tried again.
    pub bisect: bool,
    /// Whether the function's answer names the records that failed.
    pub partial: bool,
    /// ARN of the queue, topic or bucket that is told of records that were given up.
    pub failures_to: Option<String>,
    /// Patterns of which a record has to match one to reach the function; none lets all of them through.
    pub filters: Vec<Value>,
    /// Whether it reads by an enhanced fan-out consumer of its own.
    pub fan_out: bool,
    /// Whether it reads at all; a mapping that is switched off keeps its place in the stream.
    pub enabled: bool,
}

impl Reading {
    /// Reads this stream as Lambda does by itself, but that failed batches are halved.
    #[must_use]
    pub fn of(stream: impl Into<String>) -> Self {
        Self {
            stream: stream.into(),
            start: Start::Latest,
            batch_size: 100,
            window_seconds: 0,
            parallel: 1,
            tumbling_seconds: 0,
            retries: Retries::UntilExpired,
            max_age_seconds: None,
            bisect: true,
            partial: false,
            failures_to: None,
            filters: Vec::new(),
            fan_out: false,
            enabled: true,
        }
    }
}

/// Where a mapping begins to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes from now on.
    Latest,
    /// With the oldest record that the stream holds.
    Oldest,
    /// With what arrived from then on.
    At(Timestamp),
}

/// How often a failed batch is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retries {
    /// Until its records expire, and meanwhile nothing after them is read.
    UntilExpired,
    /// This often, 0 to 10,000 times.
    Times(u32),
}
