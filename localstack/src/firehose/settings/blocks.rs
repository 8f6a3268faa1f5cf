//! Blocks that several destinations share, as clients send and read them.

use serde::{Deserialize, Serialize};

/// When an object or a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BufferingHints {
    #[serde(rename = "SizeInMBs", skip_serializing_if = "Option::is_none")]
    pub(crate) size_in_mbs: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) interval_in_seconds: Option<i64>,
}

/// Where errors of the delivery are logged.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CloudWatchLoggingOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) log_stream_name: Option<String>,
}

/// The processors records run through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProcessingConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processors: Option<Vec<Processor>>,
}

/// One processor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Processor {
    #[serde(rename = "Type")]
    pub(crate) kind: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<Vec<ProcessorParameter>>,
}

/// One parameter of a processor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProcessorParameter {
    #[serde(rename = "ParameterName")]
    pub(crate) name: String,
    #[serde(rename = "ParameterValue")]
    pub(crate) value: String,
}

/// How long a delivery is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RetryOptions {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) duration_in_seconds: Option<i64>,
}

/// Lays `new` over `old`: what is left out stays, and of two blocks `both` makes one.
pub(super) fn merge<T>(old: Option<T>, new: Option<T>, both: impl FnOnce(T, T) -> T) -> Option<T> {
    match (old, new) {
        (Some(old), Some(new)) => Some(both(old, new)),
        (old, new) => new.or(old),
    }
}

impl BufferingHints {
    pub(super) fn merged(self, change: Self) -> Self {
        Self {
            size_in_mbs: change.size_in_mbs.or(self.size_in_mbs),
            interval_in_seconds: change.interval_in_seconds.or(self.interval_in_seconds),
        }
    }
}

impl CloudWatchLoggingOptions {
    /// Logging as it is until someone wants it.
    pub(super) fn off() -> Self {
        Self { enabled: Some(false), ..Self::default() }
    }

    pub(super) fn merged(self, change: Self) -> Self {
        Self {
            enabled: change.enabled.or(self.enabled),
            log_group_name: change.log_group_name.or(self.log_group_name),
            log_stream_name: change.log_stream_name.or(self.log_stream_name),
        }
    }
}

impl ProcessingConfiguration {
    /// A list of processors replaces the list before it, and no list is an empty one.
    pub(super) fn merged(self, change: Self) -> Self {
        Self { enabled: change.enabled.or(self.enabled), processors: change.processors }
    }
}

impl RetryOptions {
    pub(super) fn merged(self, change: Self) -> Self {
        Self { duration_in_seconds: change.duration_in_seconds.or(self.duration_in_seconds) }
    }
}
