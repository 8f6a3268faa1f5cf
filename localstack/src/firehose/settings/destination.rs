//! What a destination's settings mean.

use super::super::buffer::BufferHints;
use super::super::error::FirehoseError;
use super::super::processors::partition::KeyExpression;
use super::endpoint::HttpTarget;
use super::place::{self, LogTarget, S3Place};
use super::processing::{self, Processing};
use super::wire::S3Settings;
use super::{check, partitioning};

/// A destination that was checked: a delivery can run on it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Destination {
    /// Where records go.
    pub(crate) target: Target,
    /// The bucket of what failed, and of the records themselves where the target is S3.
    pub(crate) place: S3Place,
    /// The bucket that every record goes to as it was sent.
    pub(crate) backup: Option<S3Place>,
    /// What happens to records before.
    pub(crate) processing: Processing,
    /// Where errors are logged.
    pub(crate) log: Option<LogTarget>,
}

/// Where records go.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    /// The destination's bucket. The partition keys its prefix names, where it is partitioned.
    S3(Option<Vec<KeyExpression>>),
    /// An HTTP endpoint.
    Http(HttpTarget),
}

impl Destination {
    /// When what goes to the target is sent.
    pub(crate) fn hints(&self) -> BufferHints {
        match &self.target {
            Target::S3(_) => self.place.hints,
            Target::Http(endpoint) => endpoint.hints,
        }
    }

    /// Whether what was gathered for the other can be sent to this one: there is a place for all of it.
    pub(crate) fn is_laid_out_like(&self, other: &Self) -> bool {
        if other.backup.is_some() && self.backup.is_none() {
            return false;
        }
        match (&self.target, &other.target) {
            (Target::S3(keys), Target::S3(others)) => keys == others,
            (Target::Http(_), Target::Http(_)) => true,
            _ => false,
        }
    }
}

impl S3Settings {
    /// Checks the settings a client sent in block `path`, lays them over `base` and understands the result.
    /// Returns the settings to describe, and what they mean.
    pub(super) fn applied_to(self, base: Self, path: &str) -> Result<(Self, Destination), FirehoseError> {
        check::members(path, &self)?;
        if let Some(backup) = &self.s3_backup {
            check::members(&format!("{path}.s3BackupConfiguration"), &backup.legacy())?;
        }
        // What AWS fills in, it fills in once: an update leaves what it does not name as it is.
        let change = if base.is_partitioned() { self } else { partitioning::with_defaults(self) };
        let mut merged = base.merged(change);
        let role_arn =
            merged.role_arn.clone().ok_or_else(|| FirehoseError::missing(&format!("{path}.roleARN")))?;
        merged.processing_configuration = merged
            .processing_configuration
            .map(|configuration| processing::normalized(configuration, &role_arn));
        let destination = read(&merged, path)?;
        Ok((merged, destination))
    }
}

fn read(settings: &S3Settings, path: &str) -> Result<Destination, FirehoseError> {
    refuse_what_is_not_offered(settings)?;
    let place = S3Place::read(settings, path)?;
    let processing = processing::read(path, settings.processing_configuration.as_ref())?;
    partitioning::check(settings, &processing, &place.prefixes)?;
    let keys = settings.is_partitioned().then(|| place.prefixes.partition_keys());
    Ok(Destination {
        target: Target::S3(keys),
        backup: backup(settings, path)?,
        place,
        processing,
        log: place::log_target(settings.cloud_watch_logging_options.as_ref()),
    })
}

fn backup(settings: &S3Settings, path: &str) -> Result<Option<S3Place>, FirehoseError> {
    match settings.s3_backup_mode.as_deref().unwrap_or("Disabled") {
        "Disabled" => return Ok(None),
        "Enabled" => {}
        other => {
            return Err(FirehoseError::constraint(
                &format!("{path}.s3BackupMode"),
                other,
                "Member must satisfy enum value set: [Disabled, Enabled]",
            ));
        }
    }
    let backup = settings.s3_backup.as_ref().ok_or_else(|| {
        FirehoseError::InvalidArgument(
            "S3 backup destination configuration is required when enabling S3 backup.".to_owned(),
        )
    })?;
    let place = S3Place::read(backup, &format!("{path}.s3BackupConfiguration"))?;
    if place.hints.interval.as_secs() < 60 {
        // That a backup cannot be without buffer was seen; these words are not AWS's (?).
        return Err(FirehoseError::InvalidArgument(
            "BufferingHints.IntervalInSeconds must be at least 60 for the S3 backup destination.".to_owned(),
        ));
    }
    Ok(Some(place))
}

fn refuse_what_is_not_offered(settings: &S3Settings) -> Result<(), FirehoseError> {
    let conversion = settings.data_format_conversion_configuration.as_ref();
    if conversion.is_some_and(|switch| switch.enabled.unwrap_or(true)) {
        return Err(FirehoseError::InvalidArgument(
            "DataFormatConversionConfiguration is not offered by this endpoint; leave it out".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use jiff::tz::TimeZone;
    use serde_json::{Value, json};

    use super::super::super::compression::Compression;
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
        let place = &destination.place;
        assert_eq!(place.bucket, "lake");
        assert_eq!(place.hints, BufferHints { size: 5 << 20, interval: Duration::from_secs(300) });
        assert_eq!((place.compression, place.extension.as_str()), (Compression::Uncompressed, ""));
        assert_eq!(destination.processing, Processing::default());
        assert_eq!((destination.target, destination.backup, destination.log), (Target::S3(None), None, None));
        assert_eq!(settings.s3_backup_mode.as_deref(), Some("Disabled"));
    }

    #[test]
    fn the_extension_follows_the_compression_unless_it_is_chosen() {
        let extension = |settings| apply(settings).unwrap().1.place.extension;
        assert_eq!(extension(json!({"CompressionFormat": "GZIP"})), ".gz");
        assert_eq!(extension(json!({"CompressionFormat": "GZIP", "FileExtension": ".json.gz"})), ".json.gz");
        assert_eq!(extension(json!({"CompressionFormat": "GZIP", "FileExtension": ""})), ".gz");
    }

    #[test]
    fn a_zone_has_to_exist() {
        assert_eq!(apply(json!({"CustomTimeZone": "UTC"})).unwrap().1.place.zone, TimeZone::UTC);
        assert_eq!(
            apply(json!({"CustomTimeZone": "Mars/Olympus"})).unwrap_err().code(),
            "InvalidArgumentException"
        );
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
    fn conversion_is_refused_only_when_it_is_on() {
        apply(json!({"DataFormatConversionConfiguration": {"Enabled": false}})).unwrap();
        let error = apply(json!({"DataFormatConversionConfiguration": {}})).unwrap_err();
        assert!(error.to_string().contains("not offered"), "{error}");
    }

    #[test]
    fn a_backup_needs_its_bucket_and_a_minute() {
        let backup = |mode: &str, configuration: Value| {
            apply(json!({"S3BackupMode": mode, "S3BackupConfiguration": configuration}))
        };
        let bucket = json!({"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::raw"});
        let place = backup("Enabled", bucket.clone()).unwrap().1.backup.unwrap();
        assert_eq!((place.bucket.as_str(), place.hints.interval.as_secs()), ("raw", 300));
        assert_eq!(backup("Disabled", bucket).unwrap().1.backup, None);
        let error = apply(json!({"S3BackupMode": "Enabled"})).unwrap_err().to_string();
        assert_eq!(error, "S3 backup destination configuration is required when enabling S3 backup.");
        let error = backup("Enabled", json!({"BucketARN": "arn:aws:s3:::raw"})).unwrap_err().to_string();
        assert!(error.contains("'s3.s3BackupConfiguration.roleARN'"), "{error}");
        let hasty = json!({
            "RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::raw",
            "BufferingHints": {"IntervalInSeconds": 0},
        });
        assert!(backup("Enabled", hasty).unwrap_err().to_string().contains("at least 60"));
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
