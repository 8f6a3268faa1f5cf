//! How a resource is called: its kind, its physical name, and its address in the pipeline file.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kinds of resources a pipeline is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// An S3 bucket.
    Bucket,
    /// A Kinesis data stream.
    Stream,
    /// A CloudWatch Logs group.
    LogGroup,
    /// An IAM role with its inline policy.
    Role,
    /// A Lambda function.
    Function,
    /// A Firehose delivery stream.
    Delivery,
    /// An enhanced fan-out consumer of a Kinesis stream.
    StreamConsumer,
    /// A Lambda event source mapping.
    Mapping,
    /// A CloudWatch alarm.
    Alarm,
    /// A CloudWatch dashboard.
    Dashboard,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 10] = [
        Kind::Bucket,
        Kind::Stream,
        Kind::LogGroup,
        Kind::Role,
        Kind::Function,
        Kind::Delivery,
        Kind::StreamConsumer,
        Kind::Mapping,
        Kind::Alarm,
        Kind::Dashboard,
    ];

    /// Whether its names are the same in every region of an account, so that one pipeline in two regions meets itself.
    #[must_use]
    pub fn is_global(self) -> bool {
        matches!(self, Kind::Bucket | Kind::Role | Kind::Dashboard)
    }

    /// The kind in words, as used in messages.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Kind::Bucket => "S3 bucket",
            Kind::Stream => "Kinesis stream",
            Kind::LogGroup => "log group",
            Kind::Role => "IAM role",
            Kind::Function => "Lambda function",
            Kind::Delivery => "Firehose delivery stream",
            Kind::StreamConsumer => "stream consumer",
            Kind::Mapping => "event source mapping",
            Kind::Alarm => "alarm",
            Kind::Dashboard => "dashboard",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Where a resource stands in the pipeline file: `streams.events`, or for what is derived from an entry
/// `transforms.parse.role`. Buckets, which several deliveries may share, are `buckets.<name>`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Address(String);

impl Address {
    /// The address of a stream.
    #[must_use]
    pub fn stream(logical: &str) -> Self {
        Self(format!("streams.{logical}"))
    }

    /// The address of a bucket, which has no entry of its own.
    #[must_use]
    pub fn bucket(name: &str) -> Self {
        Self(format!("buckets.{name}"))
    }

    /// The address of a transform: its function.
    #[must_use]
    pub fn transform(logical: &str) -> Self {
        Self(format!("transforms.{logical}"))
    }

    /// The address of a function.
    #[must_use]
    pub fn function(logical: &str) -> Self {
        Self(format!("functions.{logical}"))
    }

    /// The address of a delivery.
    #[must_use]
    pub fn delivery(logical: &str) -> Self {
        Self(format!("deliveries.{logical}"))
    }

    /// The role derived from this entry.
    #[must_use]
    pub fn role(&self) -> Self {
        Self(format!("{}.role", self.0))
    }

    /// The log group derived from this entry.
    #[must_use]
    pub fn logs(&self) -> Self {
        Self(format!("{}.logs", self.0))
    }

    /// The event source mapping by which this function reads its stream.
    #[must_use]
    pub fn mapping(&self) -> Self {
        Self(format!("{}.from", self.0))
    }

    /// The enhanced fan-out consumer of this function.
    #[must_use]
    pub fn fan_out(&self) -> Self {
        Self(format!("{}.fan-out", self.0))
    }

    /// An application that reads this stream by enhanced fan-out.
    #[must_use]
    pub fn consumer(&self, name: &str) -> Self {
        Self(format!("{}.fan-out.{name}", self.0))
    }

    /// An alarm on this entry.
    #[must_use]
    pub fn alarm(&self, what: &str) -> Self {
        Self(format!("{}.alarms.{what}", self.0))
    }

    /// The address of the dashboard.
    #[must_use]
    pub fn dashboard() -> Self {
        Self("dashboard".to_owned())
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What makes a resource itself in one account and region: its kind and its physical name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ResourceId {
    /// What it is.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
}

impl ResourceId {
    /// The id of the resource of this kind and physical name.
    #[must_use]
    pub fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}
