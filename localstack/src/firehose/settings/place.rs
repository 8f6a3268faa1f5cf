//! A bucket that objects are written to, and how.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::super::buffer::BufferHints;
use super::super::compression::Compression;
use super::super::error::FirehoseError;
use super::super::prefix::Prefixes;
use super::blocks::{BufferingHints, CloudWatchLoggingOptions};
use super::wire::S3Settings;
use super::{check, zone};

/// Where objects go, and how they are written.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct S3Place {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// Where objects and errors go in it.
    pub(crate) prefixes: Prefixes,
    /// When an object is written.
    pub(crate) hints: BufferHints,
    /// How.
    pub(crate) compression: Compression,
    /// What its name ends with.
    pub(crate) extension: String,
    /// The zone its name and prefix are written in.
    pub(crate) zone: TimeZone,
}

/// A log stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogTarget {
    /// Its group.
    pub(crate) group: String,
    /// The stream in it.
    pub(crate) stream: String,
}

impl S3Place {
    /// Understands settings that were checked and found in block `path`.
    pub(super) fn read(settings: &S3Settings, path: &str) -> Result<Self, FirehoseError> {
        let missing = |member: &str| FirehoseError::missing(&format!("{path}.{member}"));
        settings.role_arn.as_ref().ok_or_else(|| missing("roleARN"))?;
        let bucket = settings.bucket_arn.as_deref().and_then(check::bucket_name);
        let bucket = bucket.ok_or_else(|| missing("bucketARN"))?;
        let compression = match settings.compression_format.as_deref() {
            Some(format) => Compression::parse(&format!("{path}.compressionFormat"), format)?,
            None => Compression::default(),
        };
        let extension = settings.file_extension.as_deref().filter(|extension| !extension.is_empty());
        let prefixes = Prefixes::parse(
            settings.prefix.as_deref(),
            settings.error_output_prefix.as_deref(),
            settings.is_partitioned(),
        )?;
        Ok(Self {
            bucket: bucket.to_owned(),
            prefixes,
            hints: hints(settings.buffering_hints),
            compression,
            extension: extension.unwrap_or(compression.extension()).to_owned(),
            zone: zone::read(settings.custom_time_zone.as_deref())?,
        })
    }
}

/// What the hints mean, with AWS's defaults.
pub(super) fn hints(hints: Option<BufferingHints>) -> BufferHints {
    let hints = hints.unwrap_or_default();
    let mebibytes = hints.size_in_mbs.and_then(|size| usize::try_from(size).ok()).unwrap_or(5);
    let seconds = hints.interval_in_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(300);
    BufferHints { size: mebibytes << 20, interval: Duration::from_secs(seconds) }
}

/// Where errors are logged; `None` while logging is off.
pub(super) fn log_target(options: Option<&CloudWatchLoggingOptions>) -> Option<LogTarget> {
    let options = options.filter(|options| options.enabled == Some(true))?;
    Some(LogTarget { group: options.log_group_name.clone()?, stream: options.log_stream_name.clone()? })
}
