//! The prices of one region, as the formulas want them.

use serde::{Deserialize, Serialize};

use crate::check::{price, quantity, rounding};

/// Every price that pipectl knows for one region, with the day and the place it is from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prices {
    /// The region the prices are of.
    pub region: String,
    /// The day they were read, `yyyy-mm-dd`.
    pub as_of: String,
    /// Where they were read.
    pub source: String,
    /// Kinesis Data Streams.
    pub kinesis: Kinesis,
    /// Data Firehose.
    pub firehose: Firehose,
    /// Lambda.
    pub lambda: Lambda,
    /// CloudWatch.
    pub cloudwatch: CloudWatch,
}

/// Prices of Kinesis Data Streams.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinesis {
    /// Streams whose shards the user counts.
    pub provisioned: Provisioned,
    /// Streams that AWS sizes.
    pub on_demand_standard: OnDemand,
    /// The same in an account with a commitment.
    pub on_demand_advantage: OnDemand,
    /// On-demand rounds every record up to a multiple of this.
    #[serde(deserialize_with = "rounding")]
    pub on_demand_rounding_bytes: u32,
}

/// Prices of a provisioned stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provisioned {
    /// One shard for one hour.
    #[serde(deserialize_with = "price")]
    pub shard_hour: f64,
    /// A million PUT payload units.
    #[serde(deserialize_with = "price")]
    pub put_payload_units_million: f64,
    /// Size of a PUT payload unit; a record takes whole ones.
    #[serde(deserialize_with = "rounding")]
    pub put_payload_unit_bytes: u32,
    /// One enhanced fan-out consumer on one shard for one hour.
    #[serde(deserialize_with = "price")]
    pub fan_out_consumer_shard_hour: f64,
    /// A GB read by enhanced fan-out.
    #[serde(deserialize_with = "price")]
    pub fan_out_gb: f64,
    /// Retention of more than 24 hours, up to 7 days: one shard for one hour.
    #[serde(deserialize_with = "price")]
    pub extended_retention_shard_hour: f64,
    /// Retention of more than 7 days: a GB for a month.
    #[serde(deserialize_with = "price")]
    pub long_retention_gb_month: f64,
    /// Reading a GB older than 7 days.
    #[serde(deserialize_with = "price")]
    pub long_retention_retrieval_gb: f64,
}

/// Prices of an on-demand stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnDemand {
    /// One stream for one hour.
    #[serde(deserialize_with = "price")]
    pub stream_hour: f64,
    /// A GB written.
    #[serde(deserialize_with = "price")]
    pub in_gb: f64,
    /// A GB read by `GetRecords`.
    #[serde(deserialize_with = "price")]
    pub out_gb: f64,
    /// A GB read by enhanced fan-out.
    #[serde(deserialize_with = "price")]
    pub fan_out_gb: f64,
    /// Retention of more than 24 hours, up to 7 days: a GB for a month.
    #[serde(deserialize_with = "price")]
    pub extended_retention_gb_month: f64,
    /// Retention of more than 7 days: a GB for a month.
    #[serde(deserialize_with = "price")]
    pub long_retention_gb_month: f64,
    /// The least that is billed in each direction, in MiB/s over the account. Reads by `GetRecords` and by
    /// fan-out count together: the costs that AWS measured itself ("Kinesis On-demand Advantage saves 60%+",
    /// AWS Big Data Blog, March 2026) come out so, and a test keeps them.
    #[serde(default, deserialize_with = "quantity")]
    pub least_mib_per_second: f64,
}

/// Prices of Data Firehose, for direct put and for a Kinesis stream as the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Firehose {
    /// A GB taken in.
    #[serde(deserialize_with = "price")]
    pub in_gb: f64,
    /// What a GB costs past certain amounts in a month, the smallest amount first.
    #[serde(default)]
    pub cheaper_in_gb: Vec<Tier>,
    /// Every record is rounded up to a multiple of this.
    #[serde(deserialize_with = "rounding")]
    pub rounding_bytes: u32,
    /// A GB converted to Parquet or ORC.
    #[serde(deserialize_with = "price")]
    pub format_conversion_gb: f64,
    /// A GB that dynamic partitioning delivers.
    #[serde(deserialize_with = "price")]
    pub partitioning_gb: f64,
    /// A thousand objects that it writes.
    #[serde(deserialize_with = "price")]
    pub partitioning_objects_thousand: f64,
    /// An hour of evaluating jq.
    #[serde(deserialize_with = "price")]
    pub partitioning_jq_hour: f64,
}

/// A price that holds from some amount in a month on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tier {
    /// From this many GB on.
    #[serde(deserialize_with = "quantity")]
    pub past_gb: f64,
    /// A GB taken in.
    #[serde(deserialize_with = "price")]
    pub in_gb: f64,
}

/// Prices of Lambda.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lambda {
    /// A million invocations.
    #[serde(deserialize_with = "price")]
    pub requests_million: f64,
    /// A GB of memory for a second on x86-64.
    #[serde(deserialize_with = "price")]
    pub gb_second_x86_64: f64,
    /// A GB of memory for a second on arm64.
    #[serde(deserialize_with = "price")]
    pub gb_second_arm64: f64,
}

/// Prices of CloudWatch. An account's first ten alarms and three dashboards are free, which nobody knows of a single one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CloudWatch {
    /// An alarm on one metric of standard resolution, for a month.
    #[serde(deserialize_with = "price")]
    pub alarm_month: f64,
    /// A dashboard, for a month.
    #[serde(deserialize_with = "price")]
    pub dashboard_month: f64,
}

impl Default for CloudWatch {
    /// What CloudWatch's pricing page says for us-east-1, and for most regions: a price file of before it was told here
    /// stays good.
    fn default() -> Self {
        Self { alarm_month: 0.1, dashboard_month: 3.0 }
    }
}
