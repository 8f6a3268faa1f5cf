//! The members of an S3 destination, as clients send and read them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::blocks::{BufferingHints, CloudWatchLoggingOptions, ProcessingConfiguration, RetryOptions, merge};

/// `ExtendedS3DestinationConfiguration`, `…Update` and `…Description` in one, and their legacy siblings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct S3Settings {
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    #[serde(rename = "BucketARN", skip_serializing_if = "Option::is_none")]
    pub(crate) bucket_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_output_prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buffering_hints: Option<BufferingHints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) compression_format: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) encryption_configuration: Option<EncryptionConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cloud_watch_logging_options: Option<CloudWatchLoggingOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processing_configuration: Option<ProcessingConfiguration>,
    #[serde(rename = "S3BackupMode", skip_serializing_if = "Option::is_none")]
    pub(crate) s3_backup_mode: Option<String>,
    #[serde(
        rename(serialize = "S3BackupDescription", deserialize = "S3BackupConfiguration"),
        alias = "S3BackupUpdate",
        // As it is kept on disk.
        alias = "S3BackupDescription",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) s3_backup: Option<Box<Self>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data_format_conversion_configuration: Option<Switch>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dynamic_partitioning_configuration: Option<DynamicPartitioningConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) file_extension: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_time_zone: Option<String>,
}

/// How S3 encrypts the objects. Kept and described; local buckets encrypt nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EncryptionConfiguration {
    #[serde(rename = "NoEncryptionConfig", skip_serializing_if = "Option::is_none")]
    pub(crate) no_encryption: Option<String>,
    #[serde(rename = "KMSEncryptionConfig", skip_serializing_if = "Option::is_none")]
    pub(crate) kms: Option<KmsEncryptionConfig>,
}

/// The key of an encrypted destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct KmsEncryptionConfig {
    #[serde(rename = "AWSKMSKeyARN")]
    pub(crate) key_arn: String,
}

/// Whether objects are written by partition key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DynamicPartitioningConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_options: Option<RetryOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
}

/// A block this endpoint keeps as it came, for as long as it is switched off.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Switch {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
    #[serde(flatten)]
    rest: serde_json::Map<String, Value>,
}

impl S3Settings {
    /// What AWS fills in for a destination that says nothing.
    pub(crate) fn defaults() -> Self {
        Self { s3_backup_mode: Some("Disabled".to_owned()), ..Self::plain_defaults() }
    }

    /// What AWS fills in for a bucket of failed data or of backups.
    pub(super) fn plain_defaults() -> Self {
        Self {
            buffering_hints: Some(BufferingHints { size_in_mbs: Some(5), interval_in_seconds: Some(300) }),
            compression_format: Some("UNCOMPRESSED".to_owned()),
            encryption_configuration: Some(EncryptionConfiguration {
                no_encryption: Some("NoEncryption".to_owned()),
                kms: None,
            }),
            cloud_watch_logging_options: Some(CloudWatchLoggingOptions::off()),
            ..Self::default()
        }
    }

    /// These settings with `change` laid over them: a block that is left out stays as it is, and so does a
    /// hint left out of a block of hints. A list of processors replaces the list before it.
    pub(crate) fn merged(self, change: Self) -> Self {
        Self {
            role_arn: change.role_arn.or(self.role_arn),
            bucket_arn: change.bucket_arn.or(self.bucket_arn),
            prefix: change.prefix.or(self.prefix),
            error_output_prefix: change.error_output_prefix.or(self.error_output_prefix),
            buffering_hints: merge(self.buffering_hints, change.buffering_hints, BufferingHints::merged),
            compression_format: change.compression_format.or(self.compression_format),
            encryption_configuration: change.encryption_configuration.or(self.encryption_configuration),
            cloud_watch_logging_options: merge(
                self.cloud_watch_logging_options,
                change.cloud_watch_logging_options,
                CloudWatchLoggingOptions::merged,
            ),
            processing_configuration: merge(
                self.processing_configuration,
                change.processing_configuration,
                ProcessingConfiguration::merged,
            ),
            s3_backup_mode: change.s3_backup_mode.or(self.s3_backup_mode),
            s3_backup: match (self.s3_backup, change.s3_backup) {
                (old, Some(new)) => {
                    let base = old.map_or_else(Self::plain_defaults, |old| *old);
                    Some(Box::new(base.merged(new.legacy())))
                }
                (old, None) => old,
            },
            data_format_conversion_configuration: change
                .data_format_conversion_configuration
                .or(self.data_format_conversion_configuration),
            dynamic_partitioning_configuration: merge(
                self.dynamic_partitioning_configuration,
                change.dynamic_partitioning_configuration,
                DynamicPartitioningConfiguration::merged,
            ),
            file_extension: change.file_extension.or(self.file_extension),
            custom_time_zone: change.custom_time_zone.or(self.custom_time_zone),
        }
    }

    /// Whether objects are written by partition key.
    pub(super) fn is_partitioned(&self) -> bool {
        self.dynamic_partitioning_configuration.is_some_and(|block| block.enabled == Some(true))
    }

    /// The members the legacy `S3Destination…` shapes have.
    pub(crate) fn legacy(&self) -> Self {
        Self {
            processing_configuration: None,
            s3_backup_mode: None,
            s3_backup: None,
            data_format_conversion_configuration: None,
            dynamic_partitioning_configuration: None,
            file_extension: None,
            custom_time_zone: None,
            ..self.clone()
        }
    }
}

impl DynamicPartitioningConfiguration {
    fn merged(self, change: Self) -> Self {
        Self {
            retry_options: merge(self.retry_options, change.retry_options, RetryOptions::merged),
            enabled: change.enabled.or(self.enabled),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(json: Value) -> S3Settings {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_defaults_describe_themselves_as_aws_does() {
        assert_eq!(
            serde_json::to_value(S3Settings::defaults()).unwrap(),
            json!({
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
                "CompressionFormat": "UNCOMPRESSED",
                "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
                "CloudWatchLoggingOptions": {"Enabled": false},
                "S3BackupMode": "Disabled",
            })
        );
    }

    #[test]
    fn what_an_update_leaves_out_stays() {
        let old = settings(json!({
            "RoleARN": "role", "BucketARN": "bucket", "Prefix": "p/", "ErrorOutputPrefix": "e/",
            "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
            "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "AppendDelimiterToRecord"}]},
        }));
        let merged = old.clone().merged(settings(json!({"BufferingHints": {"IntervalInSeconds": 60}})));
        assert_eq!(
            merged,
            S3Settings {
                buffering_hints: Some(BufferingHints { size_in_mbs: Some(5), interval_in_seconds: Some(60) }),
                ..old.clone()
            }
        );
        assert_eq!(old.clone().merged(S3Settings::default()), old);
    }

    #[test]
    fn a_backup_is_merged_within_itself() {
        let created = settings(
            json!({"S3BackupConfiguration": {"BucketARN": "b", "RoleARN": "r", "S3BackupMode": "?"}}),
        );
        let base = S3Settings::defaults().merged(created);
        let updated =
            base.merged(settings(json!({"S3BackupUpdate": {"Prefix": "raw/", "CompressionFormat": "GZIP"}})));
        assert_eq!(
            serde_json::to_value(updated).unwrap()["S3BackupDescription"],
            json!({
                "RoleARN": "r", "BucketARN": "b", "Prefix": "raw/", "CompressionFormat": "GZIP",
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 300},
                "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
                "CloudWatchLoggingOptions": {"Enabled": false},
            })
        );
    }

    #[test]
    fn an_empty_prefix_is_not_an_omitted_one() {
        let merged = settings(json!({"Prefix": "p/"})).merged(settings(json!({"Prefix": ""})));
        assert_eq!(merged.prefix.as_deref(), Some(""));
    }

    #[test]
    fn processors_are_replaced_as_a_list() {
        let old = settings(json!({
            "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "AppendDelimiterToRecord"}]},
        }));
        let merged = old.merged(settings(json!({"ProcessingConfiguration": {"Enabled": false}})));
        let processing = merged.processing_configuration.unwrap();
        assert_eq!((processing.enabled, processing.processors), (Some(false), None));
    }

    #[test]
    fn a_block_that_is_off_is_kept_as_it_came() {
        let block = json!({"Enabled": false, "SchemaConfiguration": {"TableName": "t"}});
        let settings = settings(json!({"DataFormatConversionConfiguration": block}));
        assert_eq!(serde_json::to_value(&settings).unwrap()["DataFormatConversionConfiguration"], block);
    }
}
