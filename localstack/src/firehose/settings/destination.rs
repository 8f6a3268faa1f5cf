//! What an S3 destination's settings mean.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::super::buffer::BufferHints;
use super::super::compression::Compression;
use super::super::error::FirehoseError;
use super::super::prefix::Prefixes;
use super::super::transform::batch::BatchLimits;
use super::wire::S3Settings;
use super::{check, processing};

/// A destination that was checked: a delivery can run on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Destination {
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
    /// What stands between records.
    pub(crate) delimiter: Option<u8>,
    /// The transform.
    pub(crate) lambda: Option<LambdaProcessor>,
    /// Where errors are logged.
    pub(crate) log: Option<LogTarget>,
}

/// The function every record runs through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LambdaProcessor {
    /// Its ARN.
    pub(crate) function_arn: String,
    /// Invocations of a batch before it is given up: the retries and one.
    pub(crate) attempts: u32,
    /// When a batch is sent.
    pub(crate) limits: BatchLimits,
}

/// A log stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LogTarget {
    /// Its group.
    pub(crate) group: String,
    /// The stream in it.
    pub(crate) stream: String,
}

impl S3Settings {
    /// Checks the settings a client sent in block `path`, lays them over `base` and understands the result.
    /// Returns the settings to describe, and what they mean.
    pub(crate) fn applied_to(self, base: Self, path: &str) -> Result<(Self, Destination), FirehoseError> {
        check::members(path, &self)?;
        let mut merged = base.merged(self);
        let role_arn =
            merged.role_arn.clone().ok_or_else(|| FirehoseError::missing(&format!("{path}.roleARN")))?;
        merged.processing_configuration = merged
            .processing_configuration
            .map(|configuration| processing::normalized(configuration, &role_arn));
        let destination = Destination::read(&merged, path)?;
        Ok((merged, destination))
    }
}

impl Destination {
    fn read(settings: &S3Settings, path: &str) -> Result<Self, FirehoseError> {
        refuse_what_is_not_offered(settings)?;
        let bucket = settings
            .bucket_arn
            .as_deref()
            .and_then(check::bucket_name)
            .ok_or_else(|| FirehoseError::missing(&format!("{path}.bucketARN")))?;
        let compression =
            settings.compression_format.as_deref().map_or(Ok(Compression::default()), Compression::parse)?;
        let processing = match &settings.processing_configuration {
            Some(configuration) => processing::read(configuration)?,
            None => processing::Processing::default(),
        };
        let extension = settings.file_extension.as_deref().filter(|extension| !extension.is_empty());
        Ok(Self {
            bucket: bucket.to_owned(),
            prefixes: Prefixes::parse(settings.prefix.as_deref(), settings.error_output_prefix.as_deref())?,
            hints: hints(settings),
            compression,
            extension: extension.unwrap_or(compression.extension()).to_owned(),
            zone: zone(settings.custom_time_zone.as_deref())?,
            delimiter: processing.delimiter.then_some(b'\n'),
            lambda: processing.lambda,
            log: log_target(settings),
        })
    }
}

fn hints(settings: &S3Settings) -> BufferHints {
    let hints = settings.buffering_hints.unwrap_or_default();
    let mebibytes = hints.size_in_mbs.and_then(|size| usize::try_from(size).ok()).unwrap_or(5);
    let seconds = hints.interval_in_seconds.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(300);
    BufferHints { size: mebibytes << 20, interval: Duration::from_secs(seconds) }
}

fn zone(name: Option<&str>) -> Result<TimeZone, FirehoseError> {
    match name.filter(|name| !name.is_empty()) {
        None | Some("UTC") => Ok(TimeZone::UTC),
        Some(name) => TimeZone::get(name).map_err(|_| {
            FirehoseError::InvalidArgument(format!(
                "CustomTimeZone '{name}' is not a supported time zone; use UTC or a name like Europe/Berlin"
            ))
        }),
    }
}

fn log_target(settings: &S3Settings) -> Option<LogTarget> {
    let options =
        settings.cloud_watch_logging_options.as_ref().filter(|options| options.enabled == Some(true))?;
    Some(LogTarget { group: options.log_group_name.clone()?, stream: options.log_stream_name.clone()? })
}

fn refuse_what_is_not_offered(settings: &S3Settings) -> Result<(), FirehoseError> {
    let backup = settings.s3_backup_mode.as_deref().unwrap_or("Disabled");
    let conversion = settings.data_format_conversion_configuration.as_ref();
    let partitioning = settings.dynamic_partitioning_configuration.as_ref();
    let what = if backup == "Enabled" {
        "S3BackupMode Enabled"
    } else if conversion.is_some_and(|switch| switch.enabled.unwrap_or(true)) {
        "DataFormatConversionConfiguration"
    } else if partitioning.is_some_and(|switch| switch.enabled.unwrap_or(false)) {
        "DynamicPartitioningConfiguration"
    } else if backup != "Disabled" {
        return Err(FirehoseError::constraint(
            "s3BackupMode",
            backup,
            "Member must satisfy enum value set: [Disabled, Enabled]",
        ));
    } else {
        return Ok(());
    };
    Err(FirehoseError::InvalidArgument(format!("{what} is not offered by this endpoint yet; leave it out")))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn apply(extra: Value) -> Result<(S3Settings, Destination), FirehoseError> {
        let mut json =
            json!({"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::lake"});
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        serde_json::from_value::<S3Settings>(json).unwrap().applied_to(S3Settings::defaults(), "s3")
    }

    #[test]
    fn the_shortest_destination_has_the_defaults() {
        let (settings, destination) = apply(json!({})).unwrap();
        assert_eq!(destination.bucket, "lake");
        assert_eq!(destination.hints, BufferHints { size: 5 << 20, interval: Duration::from_secs(300) });
        assert_eq!(destination.compression, Compression::Uncompressed);
        assert_eq!((destination.extension.as_str(), destination.delimiter), ("", None));
        assert_eq!((destination.lambda, destination.log), (None, None));
        assert_eq!(settings.s3_backup_mode.as_deref(), Some("Disabled"));
    }

    #[test]
    fn the_extension_follows_the_compression_unless_it_is_chosen() {
        let extension = |settings| apply(settings).unwrap().1.extension;
        assert_eq!(extension(json!({"CompressionFormat": "GZIP"})), ".gz");
        assert_eq!(extension(json!({"CompressionFormat": "GZIP", "FileExtension": ".json.gz"})), ".json.gz");
        assert_eq!(extension(json!({"CompressionFormat": "GZIP", "FileExtension": ""})), ".gz");
    }

    #[test]
    fn a_zone_has_to_exist() {
        assert_eq!(apply(json!({"CustomTimeZone": "UTC"})).unwrap().1.zone, TimeZone::UTC);
        let error = apply(json!({"CustomTimeZone": "Mars/Olympus"})).unwrap_err();
        assert!(error.to_string().contains("Mars/Olympus"), "{error}");
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = S3Settings::default().applied_to(S3Settings::defaults(), "s3").unwrap_err();
        assert!(error.to_string().contains("'s3.roleARN'"), "{error}");
        let role = S3Settings {
            role_arn: Some("arn:aws:iam::000000000000:role/r".to_owned()),
            ..S3Settings::default()
        };
        let error = role.applied_to(S3Settings::defaults(), "s3").unwrap_err();
        assert!(error.to_string().contains("'s3.bucketARN'"), "{error}");
    }

    #[test]
    fn blocks_not_offered_are_refused_only_when_they_are_on() {
        let off = json!({
            "DynamicPartitioningConfiguration": {"Enabled": false},
            "DataFormatConversionConfiguration": {"Enabled": false},
            "S3BackupMode": "Disabled",
        });
        apply(off).unwrap();
        for on in [
            json!({"DynamicPartitioningConfiguration": {"Enabled": true}}),
            json!({"DataFormatConversionConfiguration": {}}),
            json!({"S3BackupMode": "Enabled"}),
        ] {
            let error = apply(on).unwrap_err();
            assert!(error.to_string().contains("not offered"), "{error}");
        }
        assert_eq!(apply(json!({"S3BackupMode": "Sometimes"})).unwrap_err().code(), "ValidationException");
    }

    #[test]
    fn logging_is_off_until_it_is_on() {
        let options = |enabled| {
            json!({"CloudWatchLoggingOptions": {
                "Enabled": enabled, "LogGroupName": "/aws/kinesisfirehose/clicks", "LogStreamName": "DestinationDelivery",
            }})
        };
        assert_eq!(apply(options(false)).unwrap().1.log, None);
        assert_eq!(apply(options(true)).unwrap().1.log.unwrap().stream, "DestinationDelivery");
    }
}
