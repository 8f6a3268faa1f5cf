//! The metrics by name, with their unit, level and meaning, as KPL's `metrics.md` lists them.

use metrics::{KeyName, Unit, with_recorder};

use super::Level;

/// The dimension of a stream.
pub(super) const STREAM_NAME: &str = "StreamName";
/// The dimension of a shard.
pub(super) const SHARD_ID: &str = "ShardId";
/// The dimension of an error.
pub(super) const ERROR_CODE: &str = "ErrorCode";

/// A metric of the producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Metric {
    /// User records that were handed over.
    UserRecordsReceived,
    /// User records that have not ended, sampled once a second while there are any.
    UserRecordsPending,
    /// 1 for each user record that was delivered, 0 for one that was given up: the average is the rate of success.
    UserRecordsPut,
    /// Bytes of the user records that were delivered, partition keys included.
    UserRecordsDataPut,
    /// 1 for each Kinesis record that arrived, 0 for each attempt at one that did not.
    KinesisRecordsPut,
    /// Bytes of the Kinesis records that arrived, partition keys included.
    KinesisRecordsDataPut,
    /// Attempts at Kinesis records that failed, by `ErrorCode`.
    ErrorsByCode,
    /// Attempts at Kinesis records that failed.
    AllErrors,
    /// Attempts on a user record beyond its first, when it ends.
    RetriesPerRecord,
    /// User records that were given up because their time to live ended.
    UserRecordExpired,
    /// From when a user record was handed over to its first request.
    BufferingTime,
    /// How long a request took.
    RequestTime,
    /// User records in a Kinesis record that arrived.
    UserRecordsPerKinesisRecord,
    /// Kinesis records in a request.
    KinesisRecordsPerPutRecordsRequest,
    /// User records in a request.
    UserRecordsPerPutRecordsRequest,
}

impl Metric {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::UserRecordsReceived,
        Self::UserRecordsPending,
        Self::UserRecordsPut,
        Self::UserRecordsDataPut,
        Self::KinesisRecordsPut,
        Self::KinesisRecordsDataPut,
        Self::ErrorsByCode,
        Self::AllErrors,
        Self::RetriesPerRecord,
        Self::UserRecordExpired,
        Self::BufferingTime,
        Self::RequestTime,
        Self::UserRecordsPerKinesisRecord,
        Self::KinesisRecordsPerPutRecordsRequest,
        Self::UserRecordsPerPutRecordsRequest,
    ];

    /// As CloudWatch and Prometheus have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().0
    }

    /// The level from which on there is such a metric.
    #[must_use]
    pub const fn level(self) -> Level {
        self.row().2
    }

    const fn row(self) -> (&'static str, Unit, Level, &'static str) {
        use Level::{Detailed, Summary};
        use Unit::{Bytes, Count, Milliseconds};
        match self {
            Self::UserRecordsReceived => ("UserRecordsReceived", Count, Detailed, "User records handed over"),
            Self::UserRecordsPending => {
                ("UserRecordsPending", Count, Detailed, "User records that have not ended")
            }
            Self::UserRecordsPut => {
                ("UserRecordsPut", Count, Summary, "1 for a user record delivered, 0 for one given up")
            }
            Self::UserRecordsDataPut => {
                ("UserRecordsDataPut", Bytes, Detailed, "Bytes of the user records delivered")
            }
            Self::KinesisRecordsPut => (
                "KinesisRecordsPut",
                Count,
                Summary,
                "1 for a Kinesis record that arrived, 0 for a failed attempt",
            ),
            Self::KinesisRecordsDataPut => {
                ("KinesisRecordsDataPut", Bytes, Detailed, "Bytes of the Kinesis records that arrived")
            }
            Self::ErrorsByCode => {
                ("ErrorsByCode", Count, Summary, "Failed attempts at Kinesis records, by code")
            }
            Self::AllErrors => ("AllErrors", Count, Summary, "Failed attempts at Kinesis records"),
            Self::RetriesPerRecord => {
                ("RetriesPerRecord", Count, Detailed, "Attempts on a user record beyond its first")
            }
            Self::UserRecordExpired => {
                ("UserRecordExpired", Count, Detailed, "User records whose time to live ended")
            }
            Self::BufferingTime => {
                ("BufferingTime", Milliseconds, Summary, "From the hand-over of a user record to its request")
            }
            Self::RequestTime => {
                ("RequestTime", Milliseconds, Detailed, "How long a PutRecords request took")
            }
            Self::UserRecordsPerKinesisRecord => {
                ("UserRecordsPerKinesisRecord", Count, Detailed, "User records in a Kinesis record")
            }
            Self::KinesisRecordsPerPutRecordsRequest => {
                ("KinesisRecordsPerPutRecordsRequest", Count, Detailed, "Kinesis records in a request")
            }
            Self::UserRecordsPerPutRecordsRequest => {
                ("UserRecordsPerPutRecordsRequest", Count, Detailed, "User records in a request")
            }
        }
    }

    /// Whether it only counts up; the others are distributions.
    const fn is_counter(self) -> bool {
        matches!(
            self,
            Self::UserRecordsReceived
                | Self::UserRecordsDataPut
                | Self::KinesisRecordsDataPut
                | Self::ErrorsByCode
                | Self::AllErrors
                | Self::UserRecordExpired
        )
    }
}

/// Tells the recorder that is installed what the metrics of a level mean and what their units are. A producer does so
/// when it starts.
pub fn describe(level: Level) {
    with_recorder(|recorder| {
        for metric in Metric::ALL.into_iter().filter(|metric| metric.level() <= level) {
            let (name, unit, _, meaning) = metric.row();
            let name = KeyName::from_const_str(name);
            if metric.is_counter() {
                recorder.describe_counter(name, Some(unit), meaning.into());
            } else {
                recorder.describe_histogram(name, Some(unit), meaning.into());
            }
        }
    });
}
