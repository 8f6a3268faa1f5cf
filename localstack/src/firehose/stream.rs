//! The state of one delivery stream, apart from its records.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::delivery::Delivery;
use super::encryption::Encryption;
use super::settings::Settings;
use super::throughput::Throughput;

/// Where records come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `PutRecord` and `PutRecordBatch`.
    DirectPut {
        /// What its creator expects to put, in MB a second. Told, and of no effect.
        throughput_hint: Option<i64>,
    },
    /// A Kinesis stream.
    Kinesis {
        /// The stream's ARN.
        stream_arn: String,
        /// The role Firehose reads it with.
        role_arn: String,
    },
}

impl Origin {
    /// The `DeliveryStreamType`.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::DirectPut { .. } => "DirectPut",
            Self::Kinesis { .. } => "KinesisStreamAsSource",
        }
    }
}

/// A state, and until when it lasts: the time since the endpoint's start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Life {
    /// Being created.
    Creating {
        /// When it becomes active.
        until: Duration,
    },
    /// Being deleted.
    Deleting {
        /// When it is gone.
        until: Duration,
    },
}

/// The `DeliveryStreamStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// Not yet taking records.
    Creating,
    /// At work.
    Active,
    /// No longer taking records.
    Deleting,
    /// No longer there.
    Gone,
}

impl Status {
    /// As it is written on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "CREATING",
            Self::Active => "ACTIVE",
            Self::Deleting | Self::Gone => "DELETING",
        }
    }
}

impl Life {
    /// The status at a moment.
    pub(crate) fn status(self, elapsed: Duration) -> Status {
        match self {
            Self::Creating { until } if elapsed < until => Status::Creating,
            Self::Creating { .. } => Status::Active,
            Self::Deleting { until } if elapsed < until => Status::Deleting,
            Self::Deleting { .. } => Status::Gone,
        }
    }
}

/// A delivery stream.
pub(crate) struct DeliveryStream {
    /// Its ARN.
    pub(crate) arn: String,
    /// Where its records come from.
    pub(crate) origin: Origin,
    /// Where it is in its life.
    pub(crate) life: Life,
    /// Grows with every change of the destination.
    pub(crate) version: u64,
    /// When it was created.
    pub(crate) created: Timestamp,
    /// When its destination was changed last.
    pub(crate) updated: Option<Timestamp>,
    /// Its destination, as it is described.
    pub(crate) settings: Settings,
    /// Its tags.
    pub(crate) tags: BTreeMap<String, String>,
    /// Its encryption.
    pub(crate) encryption: Encryption,
    /// What may be put into it.
    pub(crate) throughput: Throughput,
    /// Whether only CloudWatch Logs may put into it: what it takes is decompressed.
    pub(crate) takes_logs_only: bool,
    /// The work; `None` once it is being deleted.
    pub(crate) delivery: Option<Delivery>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_last_as_long_as_they_were_given() {
        let until = Duration::from_millis(20);
        let at = |life: Life, millis| life.status(Duration::from_millis(millis));
        assert_eq!(at(Life::Creating { until }, 19), Status::Creating);
        assert_eq!(at(Life::Creating { until }, 20), Status::Active);
        assert_eq!(at(Life::Deleting { until }, 19), Status::Deleting);
        assert_eq!(at(Life::Deleting { until }, 20), Status::Gone);
    }
}
