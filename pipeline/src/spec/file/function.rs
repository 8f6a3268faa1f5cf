//! `functions` as editors see it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A Lambda function of your own. With `from` it reads a stream, by an event source mapping that pipectl makes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{"required": ["vrl"]}, {"required": ["package"]}]))]
pub struct Function {
    /// Its name on AWS, in the account and region, instead of `<pipeline>-<name here>`. Another name makes another function.
    /// Letters, digits, `-` and `_`, at most 64.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_-]+$"), length(min = 1, max = 64), example = &"OrdersLoad")]
    pub name: Option<String>,
    /// A program in the Vector Remap Language, run by the function that pipectl ships. With `from` it runs over each
    /// record of the stream, as a transform's does, and what is in `.` at the end is a line of the function's log; a
    /// record that it fails on is tried again. Without, `.` is the event, and at the end the answer.
    pub vrl: Option<String>,
    /// A Lambda zip, relative to this file: handler `bootstrap`, runtime `provided.al2023`.
    #[schemars(regex(pattern = r"\.[zZ][iI][pP]$"), example = &"./target/lambda/enrich/bootstrap.zip")]
    pub package: Option<String>,
    /// Memory of the function, `128MiB` to `10240MiB`. Its share of a processor grows with it.
    #[schemars(regex(pattern = r"^[0-9]+(KiB|MiB|GiB)$"), extend("default" = "256MiB"))]
    pub memory: Option<String>,
    /// How long one call may take, `1s` to `900s`.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "60s"))]
    pub timeout: Option<String>,
    /// Environment variables of the function.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-zA-Z][a-zA-Z0-9_]+$"}))]
    pub environment: Option<IndexMap<String, String>>,
    /// What it was built for. Without it, what its package says.
    pub architecture: Option<Architecture>,
    /// ARNs of layers, with their versions, that the package is laid over in this order. At most five.
    #[schemars(length(max = 5), inner(regex(pattern = r"^arn:aws[a-z-]*:lambda:.*:layer:.*:[0-9]+$")))]
    pub layers: Option<Vec<String>>,
    /// A network of your own that the function is attached to. It then reaches the internet only as that does.
    pub vpc: Option<Vpc>,
    /// The ARN of an SQS queue or an SNS topic for what asynchronous calls gave up. Functions that read a stream
    /// are not called so: they have `failures.to`.
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:(sqs|sns):"))]
    pub dead_letters: Option<String>,
    /// Its log.
    pub logs: Option<Logs>,
    /// How many calls at a time are kept for it; it gets no more. Without it, it shares the account's.
    #[schemars(range(max = 100_000))]
    pub concurrency: Option<u32>,
    /// The stream that it reads, by its name in this file. Without it, something else calls the function.
    pub from: Option<String>,
    /// Where it begins: `latest` (what comes from now on), `oldest` (what the stream still holds) or a time such
    /// as `2026-11-21T08:00:00Z`. A change of it replaces the mapping, which then begins there anew.
    #[schemars(extend("default" = "latest"), example = &"oldest")]
    pub start: Option<String>,
    /// How records are put together for one call.
    pub batch: Option<Batch>,
    /// What happens to a batch that the function fails on.
    pub failures: Option<Failures>,
    /// Which records reach the function: at most five patterns, of which a record has to match one. A pattern is
    /// a mapping from what a record holds to the values that it lets through, as in EventBridge.
    #[schemars(length(max = 5), extend("items" = {"type": ["object", "string"]}))]
    pub filters: Option<Vec<serde_json::Value>>,
    /// Whether it has 2 MiB/s of every shard for itself, by an enhanced fan-out consumer, at a price by shard
    /// and volume. Without it, all readers of a shard share 2 MiB/s.
    #[schemars(extend("default" = false))]
    pub fan_out: Option<bool>,
    /// Whether it reads. Switched off, it keeps its place in the stream.
    #[schemars(extend("default" = true))]
    pub enabled: Option<bool>,
}

/// How records are put together for one call.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Most records of a batch.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 100))]
    pub size: Option<u32>,
    /// How long records are gathered, `0s` to `300s`. Longer means fewer and bigger batches.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "0s"))]
    pub window: Option<String>,
    /// How many batches of one shard are worked on at a time. Records of one partition key stay in order.
    #[schemars(range(min = 1, max = 10), extend("default" = 1))]
    pub parallel: Option<u32>,
    /// The length of tumbling windows, over which the function keeps a state: `0s` (none) to `900s`.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "0s"))]
    pub tumbling: Option<String>,
}

/// What happens to a batch that the function fails on. Without limits its shard waits until the records expire.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Failures {
    /// How often it is tried again: 0 to 10000 times, or `until-expired`.
    #[schemars(extend("default" = "until-expired"), example = 5)]
    pub retries: Option<RetryCount>,
    /// Records older than this are given up: `60s` to `7d`. Without it, when they expire.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), example = &"1h")]
    pub age: Option<String>,
    /// Whether it is halved before it is tried again, so that one bad record is soon alone.
    #[schemars(extend("default" = true))]
    pub bisect: Option<bool>,
    /// Whether the function answers which records failed (`batchItemFailures`), so that it is tried again from
    /// the first of them on. One of VRL always does.
    #[schemars(extend("default" = false))]
    pub partial: Option<bool>,
    /// The ARN of an SQS queue, an SNS topic or an S3 bucket that is told of what was given up.
    #[schemars(regex(pattern = r"^arn:aws[a-z-]*:(sqs|sns|s3):"), example = &"arn:aws:sqs:eu-west-1:123456789012:failed")]
    pub to: Option<String>,
}

/// A number of tries, or `until-expired`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum RetryCount {
    /// This often.
    Times(#[schemars(range(max = 10_000))] u32),
    /// For as long as the records are there.
    UntilExpired(UntilExpired),
}

/// The word `until-expired`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum UntilExpired {
    /// For as long as the records are there.
    #[serde(rename = "until-expired")]
    UntilExpired,
}

/// What a function runs on.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum Architecture {
    /// 64-bit x86.
    #[serde(rename = "x86_64")]
    X86,
    /// 64-bit Arm: a fifth cheaper.
    #[serde(rename = "arm64")]
    Arm,
}

/// A network of your own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Vpc {
    /// Ids of subnets.
    #[schemars(length(min = 1), inner(regex(pattern = r"^subnet-[0-9a-f]+$")))]
    pub subnets: Vec<String>,
    /// Ids of security groups.
    #[schemars(length(min = 1), inner(regex(pattern = r"^sg-[0-9a-f]+$")))]
    pub security_groups: Vec<String>,
}

/// What a function writes to its log, and how long that is kept.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Lines as they come, or JSON with levels.
    #[schemars(extend("default" = "text"))]
    pub format: Option<LogFormat>,
    /// The least level of the function's own lines, with `format: json`. `info` without it.
    pub level: Option<LogLevel>,
    /// The least level of Lambda's lines about the function, with `format: json`. `info` without it.
    pub system: Option<SystemLogLevel>,
    /// How long lines are kept: one of the times that CloudWatch Logs takes, such as `7d`, `14d`, `30d`, `365d`.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "14d"))]
    pub retention: Option<String>,
}

/// How a log is written.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum LogFormat {
    /// Lines as they come.
    Text,
    /// JSON, with levels.
    Json,
}

/// A level of a function's own lines.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
}

/// A level of Lambda's lines about a function.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum SystemLogLevel {
    Debug,
    Info,
    Warn,
}
