//! `functions` as editors see it.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A Lambda function of your own. With `from` it reads a stream, by an event source mapping that pipectl makes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Function {
    /// A Lambda zip, relative to this file: handler `bootstrap`, runtime `provided.al2023`.
    #[schemars(regex(pattern = r"\.[zZ][iI][pP]$"), example = &"./target/lambda/enrich/bootstrap.zip")]
    pub package: String,
    /// Memory of the function, `128MiB` to `10240MiB`. Its share of a processor grows with it.
    #[schemars(regex(pattern = r"^[0-9]+(KiB|MiB|GiB)$"), extend("default" = "256MiB"))]
    pub memory: Option<String>,
    /// How long one call may take, `1s` to `900s`.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "60s"))]
    pub timeout: Option<String>,
    /// Environment variables of the function.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-zA-Z][a-zA-Z0-9_]+$"}))]
    pub environment: Option<IndexMap<String, String>>,
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
    /// the first of them on.
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
