//! The pipeline file as editors see it: the types from which the JSON Schema is made.
//!
//! The texts here are what an editor shows on a field. The checks themselves are in `check`, where errors have
//! positions and fixes; tests hold the two together.

mod bucket;
mod destination;
mod function;
mod http;
mod monitoring;
mod variable;

pub use bucket::{Archive, Bucket, Lifecycle, Notify};
pub use destination::{Backup, Partition};
pub use function::{Architecture, Batch, Failures, Function, Logs, Vpc};
pub use http::{Encoding, Http, HttpBackup, Records};
pub use monitoring::Alarms;
pub use variable::{Declaration, Default as VariableDefault, Variable};

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

/// A streaming pipeline on AWS: streams, transforms and deliveries that `pipectl apply` makes real.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "pipectl pipeline")]
pub struct PipelineFile {
    /// The version of the file format.
    #[serde(rename = "apiVersion")]
    pub api_version: ApiVersion,
    /// What the file describes.
    pub kind: Kind,
    /// The pipeline's name. It begins the name of every AWS resource that has no `name` of its own: stream `events` of
    /// pipeline `clickstream` is `clickstream-events` on AWS. Lower-case letters, digits, `-` and `_`.
    #[schemars(regex(pattern = r"^[a-z]([a-z0-9_-]*[a-z0-9])?$"), length(max = 48), example = &"clickstream")]
    pub name: String,
    /// The AWS region. Without it the usual AWS settings count: `AWS_REGION`, the profile, and so on.
    #[schemars(regex(pattern = r"^[a-z]{2,}(-[a-z]+)+-[0-9]+$"), example = &"eu-west-1")]
    pub region: Option<String>,
    /// Tags for every resource, beside the two by which pipectl knows its own. At most 48.
    #[schemars(
        extend("maxProperties" = 48, "propertyNames" = {"not": {"pattern": "^([aA][wW][sS]|[pP][iI][pP][eE][cC][tT][lL]):"}, "minLength": 1, "maxLength": 128})
    )]
    pub tags: Option<IndexMap<String, String>>,
    /// Variables by name, with their defaults: `stage: dev`. `"${var.stage}"` uses one, in any value or key of the file;
    /// `--var`, `--var-file` and `PIPECTL_VAR_STAGE` give it another value. `token:` alone must be given one.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-zA-Z_][a-zA-Z0-9_-]*$"}))]
    pub vars: Option<IndexMap<String, Option<Declaration>>>,
    /// Kinesis data streams by name. A name alone (`events:`) makes a stream of one shard.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z]([a-z0-9_-]*[a-z0-9])?$"}))]
    pub streams: Option<IndexMap<String, Option<Stream>>>,
    /// Functions that change records on their way through a delivery, by name.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z]([a-z0-9_-]*[a-z0-9])?$"}))]
    pub transforms: Option<IndexMap<String, Transform>>,
    /// Lambda functions of your own by name: those that read a stream, and others.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z]([a-z0-9_-]*[a-z0-9])?$"}))]
    pub functions: Option<IndexMap<String, Function>>,
    /// Firehose deliveries by name: they take records from a stream, or directly, to their destination.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z]([a-z0-9_-]*[a-z0-9])?$"}))]
    pub deliveries: Option<IndexMap<String, Delivery>>,
    /// Settings of buckets, by the buckets' names. Those that a delivery writes to need no entry here.
    #[schemars(extend("propertyNames" = {"pattern": "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"}))]
    pub buckets: Option<IndexMap<String, Bucket>>,
    /// A default set of alarms on every stream, function and delivery. `alarms:` alone has them show in the console;
    /// `to` has somebody told.
    pub alarms: Option<Alarms>,
    /// Whether there is a dashboard in CloudWatch that shows what runs through the pipeline.
    #[schemars(extend("default" = false))]
    pub dashboard: Option<bool>,
}

/// The version of the file format.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum ApiVersion {
    /// The only version so far.
    #[serde(rename = "pipectl/v1")]
    V1,
}

/// What a file describes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
pub enum Kind {
    /// One pipeline.
    Pipeline,
}

/// A Kinesis data stream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Stream {
    /// Its name on AWS, in the account and region, instead of `<pipeline>-<name here>`. Another name makes another stream: what the
    /// old one holds is lost. Letters, digits, `-`, `_` and `.`, at most 128.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_.-]+$"), length(min = 1, max = 128), example = &"OrdersProd")]
    pub name: Option<String>,
    /// How many shards: each takes 1 MiB and 1,000 records a second. `on-demand` has AWS size the stream,
    /// at a price by volume. With `autoscale` this is only the first size. Default: `autoscale.min`, else 1.
    #[schemars(example = 2, example = &"on-demand")]
    pub shards: Option<Shards>,
    /// How long records stay readable: `24h` to `8760h` (365 days). More than 24h costs extra.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "24h"), example = &"7d")]
    pub retention: Option<String>,
    /// The KMS key that encrypts records: an alias, a key id or an ARN. Without it they are not encrypted.
    #[schemars(example = &"alias/aws/kinesis")]
    pub encryption: Option<String>,
    /// Bounds within which the autoscaler moves the number of shards. It then owns that number: what it
    /// sets is no drift.
    pub autoscale: Option<Autoscale>,
    /// Applications that read it by enhanced fan-out, by name: each gets 2 MiB/s of every shard for itself, at a
    /// price by shard and volume. Functions say `fan-out: true` instead.
    #[schemars(length(max = 50), inner(regex(pattern = r"^[a-z]([a-z0-9_-]*[a-z0-9])?$")), example = ["dashboard"])]
    pub fan_out: Option<Vec<String>>,
    /// Metrics that CloudWatch gets of every shard, at a price for each: `all`, or some of them. Without it there
    /// are none; under `autoscale` they are the autoscaler's.
    pub shard_metrics: Option<ShardMetrics>,
    /// The largest record that the stream takes, its partition key included: `1MiB` to `10MiB`.
    #[schemars(regex(pattern = r"^[0-9]+(KiB|MiB|GiB)$"), extend("default" = "1MiB"))]
    pub max_record: Option<String>,
    /// How much an on-demand stream is kept ready to take in, up to `10GiB/s`. It needs on-demand Advantage.
    #[schemars(regex(pattern = r"^[0-9]+(MiB|GiB)/s$"), example = &"100MiB/s")]
    pub warm_throughput: Option<String>,
}

/// All metrics of a shard, or some.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum ShardMetrics {
    /// All.
    All(All),
    /// Some.
    Some(Vec<ShardMetric>),
}

/// The word `all`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum All {
    /// All of them.
    All,
}

/// A metric of a shard, by its name in CloudWatch.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are CloudWatch's, and say it")]
#[schemars(inline)]
pub enum ShardMetric {
    IncomingBytes,
    IncomingRecords,
    OutgoingBytes,
    OutgoingRecords,
    WriteProvisionedThroughputExceeded,
    ReadProvisionedThroughputExceeded,
    IteratorAgeMilliseconds,
}

/// A number of shards, or `on-demand`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum Shards {
    /// This many.
    Count(#[schemars(range(min = 1, max = 10_000))] u32),
    /// As many as AWS finds right.
    OnDemand(OnDemand),
}

/// The word `on-demand`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub enum OnDemand {
    /// AWS sizes the stream.
    #[serde(rename = "on-demand")]
    OnDemand,
}

/// Bounds within which the autoscaler moves a stream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Autoscale {
    /// Fewest shards.
    #[schemars(range(min = 1, max = 10_000), extend("default" = 1))]
    pub min: Option<u32>,
    /// Most shards: what the stream can cost at most follows from it.
    #[schemars(range(min = 1, max = 10_000), example = 64)]
    pub max: u32,
    /// The share of a shard's limits not to plan beyond, `1%` to `100%`. Lower leaves more room for bursts. Left out,
    /// the room follows from how far the stream's own traffic has strayed from what was expected of it.
    #[schemars(regex(pattern = r"^[0-9]+%$"), example = &"70%")]
    pub target: Option<String>,
}

/// A Lambda function that changes records: a VRL program, or a package of your own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(extend("oneOf" = [{"required": ["vrl"]}, {"required": ["package"]}]))]
pub struct Transform {
    /// Its function's name on AWS, in the account and region, instead of `<pipeline>-<name here>`. Another name makes another function.
    /// Letters, digits, `-` and `_`, at most 64.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_-]+$"), length(min = 1, max = 64), example = &"OrdersParse")]
    pub name: Option<String>,
    /// A program in the Vector Remap Language, run by the function that pipectl ships. `.` is the record:
    /// JSON objects as they are, other bytes as `.message`. `abort` drops a record; an error sends it to the
    /// delivery's `errors`. It is compiled by `pipectl validate`.
    pub vrl: Option<String>,
    /// A Lambda zip of your own, relative to this file: handler `bootstrap`, runtime `provided.al2023`.
    #[schemars(regex(pattern = r"\.[zZ][iI][pP]$"), example = &"./target/lambda/enrich/bootstrap.zip")]
    pub package: Option<String>,
    /// Memory of the function, `128MiB` to `10240MiB`. Its share of a processor grows with it.
    #[schemars(regex(pattern = r"^[0-9]+(KiB|MiB|GiB)$"), extend("default" = "256MiB"))]
    pub memory: Option<String>,
    /// How long one call may take, `1s` to `900s`. Firehose waits five minutes at most.
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
}

/// A Firehose delivery stream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Delivery {
    /// Its name on AWS, in the account and region, instead of `<pipeline>-<name here>`. Another name makes another delivery
    /// stream: what the old one has not delivered may be lost. Letters, digits, `-`, `_` and `.`, at most 64.
    #[schemars(regex(pattern = r"^[a-zA-Z0-9_.-]+$"), length(min = 1, max = 64), example = &"OrdersLake")]
    pub name: Option<String>,
    /// The stream that it reads, by its name in this file, or `pipeline/stream` for one of another pipeline. Without
    /// it, records are put to the delivery directly.
    pub from: Option<String>,
    /// The transform that it applies, by its name in this file.
    pub transform: Option<String>,
    /// Where the records go.
    pub to: Destination,
    /// What encrypts the records that it holds: `aws-owned`, or the ARN of a KMS key. Only without `from`: what
    /// comes from a stream is encrypted there.
    #[schemars(example = &"aws-owned")]
    pub encryption: Option<String>,
}

/// Where a delivery puts its records.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["s3"]}, {"required": ["http"]}]))]
pub struct Destination {
    /// Objects in an S3 bucket.
    pub s3: Option<S3>,
    /// Requests to an HTTP endpoint.
    pub http: Option<Http>,
}

/// Objects in an S3 bucket.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3 {
    /// The bucket. The pipeline creates and owns it; bucket names are unique in all of AWS.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"), example = &"clickstream-lake")]
    pub bucket: String,
    /// What object names begin with. `!{timestamp:yyyy-MM-dd}` becomes the time of the first record in the
    /// object, in UTC. Without a timestamp Firehose adds `yyyy/MM/dd/HH/`.
    #[schemars(length(max = 1024), example = &"clicks/dt=!{timestamp:yyyy-MM-dd}/")]
    pub prefix: Option<String>,
    /// Where records go that could not be transformed or delivered.
    #[schemars(length(max = 1024), extend("default" = "errors/!{firehose:error-output-type}/"))]
    pub errors: Option<String>,
    /// When an object is written: at the size or at the interval, whichever comes first.
    pub buffer: Option<Buffer>,
    /// How objects are compressed.
    #[schemars(extend("default" = "gzip"))]
    pub compression: Option<Compression>,
    /// Whether Firehose puts a line break between records. Without it, records stand in an object one right after the
    /// other, as they were put. What a `vrl` transform gives back has one already; a `backup` is not changed.
    #[schemars(extend("default" = false), example = true)]
    pub newline: Option<bool>,
    /// Dynamic partitioning: objects by what is in the records, at a price by volume. It can be switched only by
    /// replacing the delivery stream. Buffers are then 64MiB at least.
    pub partition: Option<Partition>,
    /// A second place for the records as they came in. It can be taken away only by replacing the delivery stream.
    pub backup: Option<Backup>,
}

/// When Firehose writes an object.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// `1MiB` to `128MiB`, before compression. Bigger objects are cheaper to query.
    #[schemars(regex(pattern = r"^[0-9]+(KiB|MiB|GiB)$"), extend("default" = "5MiB"))]
    pub size: Option<String>,
    /// `0s` to `900s`. Shorter is fresher.
    #[schemars(regex(pattern = r"^[0-9]+(s|m|h|d)$"), extend("default" = "60s"))]
    pub interval: Option<String>,
}

/// How objects are compressed.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum Compression {
    /// As they are.
    None,
    /// `.gz`.
    Gzip,
    /// `.snappy`, framed.
    Snappy,
    /// `.zip`.
    Zip,
    /// `.hsnappy`, as Hadoop reads it.
    HadoopSnappy,
}
