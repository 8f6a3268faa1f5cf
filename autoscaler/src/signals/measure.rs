//! What is measured of a stream, under the names that CloudWatch has it.

use pipectl_shards::ShardId;

use crate::execute::StreamName;

/// One series of CloudWatch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Of which stream.
    pub stream: StreamName,
    /// What.
    pub measure: Measure,
}

/// What is measured, a point a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Bytes that were taken in.
    IncomingBytes,
    /// Records that were taken in.
    IncomingRecords,
    /// Records that were refused, a record that is put again counting again.
    WriteThrottles,
    /// Bytes that `GetRecords` gave out.
    ReadBytes,
    /// `GetRecords` calls that were refused.
    ReadThrottles,
    /// How far the slowest `GetRecords` reader is behind, in milliseconds.
    ReadAge,
    /// How far a consumer with a throughput of its own is behind, in milliseconds.
    FanOutAge(String),
    /// How far a Lambda function is behind, in milliseconds.
    FunctionAge(String),
    /// Bytes that a shard took in (enhanced monitoring).
    ShardBytes(ShardId),
    /// Records that a shard took in (enhanced monitoring).
    ShardRecords(ShardId),
    /// Records that a shard refused (enhanced monitoring).
    ShardThrottles(ShardId),
    /// User records that producers were handed, of those that publish KPL's metrics.
    UsersReceived,
    /// User records that those producers delivered.
    UsersPut,
    /// Bytes of the user records that they delivered.
    UserBytes,
    /// User records that wait in the fullest of them.
    UsersPending,
    /// Kinesis records that they delivered: aggregates count once.
    KinesisPut,
}

/// How the samples of a minute are made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// All of them together.
    Sum,
    /// The greatest.
    Maximum,
}

/// KPL's namespace, unless its user gives another.
pub const KPL_NAMESPACE: &str = "KinesisProducerLibrary";

impl Measure {
    /// What is read of every stream, each minute.
    pub const OF_STREAM: [Self; 11] = [
        Self::IncomingBytes,
        Self::IncomingRecords,
        Self::WriteThrottles,
        Self::ReadBytes,
        Self::ReadThrottles,
        Self::ReadAge,
        Self::UsersReceived,
        Self::UsersPut,
        Self::UserBytes,
        Self::UsersPending,
        Self::KinesisPut,
    ];

    /// What is read of the past, once: what a season is made of.
    pub const OF_PAST: [Self; 4] =
        [Self::IncomingBytes, Self::IncomingRecords, Self::WriteThrottles, Self::ReadBytes];

    /// Namespace, name and statistic.
    #[must_use]
    pub fn metric(&self) -> (&'static str, &'static str, Statistic) {
        const KINESIS: &str = "AWS/Kinesis";
        use Statistic::{Maximum, Sum};
        match self {
            Self::IncomingBytes | Self::ShardBytes(_) => (KINESIS, "IncomingBytes", Sum),
            Self::IncomingRecords | Self::ShardRecords(_) => (KINESIS, "IncomingRecords", Sum),
            Self::WriteThrottles | Self::ShardThrottles(_) => {
                (KINESIS, "WriteProvisionedThroughputExceeded", Sum)
            }
            Self::ReadBytes => (KINESIS, "GetRecords.Bytes", Sum),
            Self::ReadThrottles => (KINESIS, "ReadProvisionedThroughputExceeded", Sum),
            Self::ReadAge => (KINESIS, "GetRecords.IteratorAgeMilliseconds", Maximum),
            Self::FanOutAge(_) => (KINESIS, "SubscribeToShardEvent.MillisBehindLatest", Maximum),
            Self::FunctionAge(_) => ("AWS/Lambda", "IteratorAge", Maximum),
            Self::UsersReceived => (KPL_NAMESPACE, "UserRecordsReceived", Sum),
            Self::UsersPut => (KPL_NAMESPACE, "UserRecordsPut", Sum),
            Self::UserBytes => (KPL_NAMESPACE, "UserRecordsDataPut", Sum),
            Self::UsersPending => (KPL_NAMESPACE, "UserRecordsPending", Maximum),
            Self::KinesisPut => (KPL_NAMESPACE, "KinesisRecordsPut", Sum),
        }
    }

    /// What the series is told apart by, beside or in place of the stream.
    #[must_use]
    pub fn dimensions(&self, stream: &StreamName) -> Vec<(&'static str, String)> {
        let of_stream = ("StreamName", stream.to_string());
        match self {
            Self::FunctionAge(function) => vec![("FunctionName", function.clone())],
            Self::FanOutAge(consumer) => vec![of_stream, ("ConsumerName", consumer.clone())],
            Self::ShardBytes(shard) | Self::ShardRecords(shard) | Self::ShardThrottles(shard) => {
                vec![of_stream, ("ShardId", shard.to_string())]
            }
            _ => vec![of_stream],
        }
    }
}
