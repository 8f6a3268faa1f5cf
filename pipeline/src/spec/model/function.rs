//! Lambda functions: how one is run, whatever calls it, and how one reads a stream.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::{Code, StreamRef};

/// How a function is run.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionSettings {
    /// 128 to 10240 MiB.
    pub memory_mib: u32,
    /// 1 to 900 seconds.
    pub timeout_seconds: u32,
    /// Environment variables of the function.
    pub environment: BTreeMap<String, String>,
    /// What it was built for; `None` is read from the package.
    pub architecture: Option<Architecture>,
    /// ARNs of the layers that its package is laid over, in this order; at most five.
    pub layers: Vec<String>,
    /// The network that it is attached to; `None` is Lambda's own, which reaches the internet.
    pub vpc: Option<Vpc>,
    /// ARN of the queue or topic that gets what an asynchronous call gave up.
    pub dead_letters: Option<String>,
    /// Its log.
    pub logs: FunctionLogs,
    /// Invocations at a time that are kept for it, and not passed; `None` shares the account's.
    pub concurrency: Option<u32>,
}

/// What a function runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// 64-bit x86.
    X86,
    /// 64-bit Arm.
    Arm,
}

impl Architecture {
    /// Lambda's name of it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Architecture::X86 => "x86_64",
            Architecture::Arm => "arm64",
        }
    }
}

/// A network of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vpc {
    /// Ids of subnets, one at least.
    pub subnets: BTreeSet<String>,
    /// Ids of security groups, one at least.
    pub security_groups: BTreeSet<String>,
}

/// What a function writes to its log, and how long that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionLogs {
    /// Lines as they come, or as JSON with levels.
    pub format: LogFormat,
    /// How long lines are kept, in days; one of those that CloudWatch Logs takes.
    pub retention_days: u32,
}

/// How a function's log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines as they come.
    Text,
    /// JSON, with the least level of the function's own lines and of those of Lambda.
    Json {
        /// TRACE, DEBUG, INFO, WARN, ERROR or FATAL.
        level: &'static str,
        /// DEBUG, INFO or WARN.
        system: &'static str,
    },
}

impl Default for FunctionLogs {
    /// Lines as they come, for two weeks.
    fn default() -> Self {
        Self { format: LogFormat::Text, retention_days: 14 }
    }
}

impl Default for FunctionSettings {
    /// 256 MiB, as Lambda's share of a processor grows with the memory; a minute, which is ample for a batch.
    fn default() -> Self {
        Self {
            memory_mib: 256,
            timeout_seconds: 60,
            environment: BTreeMap::new(),
            architecture: None,
            layers: Vec::new(),
            vpc: None,
            dead_letters: None,
            logs: FunctionLogs::default(),
            concurrency: None,
        }
    }
}

/// A Lambda function of the user's own beside the deliveries.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    /// Its name on AWS, where the file says one; see [`super::Pipeline::function_name`].
    pub name: Option<String>,
    /// What it runs: a program over each record of its stream, or over whatever event it is called with; or a package.
    pub code: Code,
    /// How it is run.
    pub settings: FunctionSettings,
    /// The stream it reads, and how; `None` for a function that something else calls.
    pub reads: Option<Reading>,
}

/// How a function reads a stream: an event source mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The stream.
    pub stream: StreamRef,
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
    pub fn of(stream: impl Into<StreamRef>) -> Self {
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
