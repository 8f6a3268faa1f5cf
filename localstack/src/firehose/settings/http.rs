//! The members of an HTTP endpoint destination, as clients send and read them.

use serde::{Deserialize, Serialize};

use super::blocks::{BufferingHints, CloudWatchLoggingOptions, ProcessingConfiguration, RetryOptions, merge};
use super::wire::S3Settings;

/// `HttpEndpointDestinationConfiguration`, `…Update` and `…Description` in one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HttpSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) endpoint_configuration: Option<EndpointConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) buffering_hints: Option<BufferingHints>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cloud_watch_logging_options: Option<CloudWatchLoggingOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_configuration: Option<RequestConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) processing_configuration: Option<ProcessingConfiguration>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_options: Option<RetryOptions>,
    #[serde(rename = "S3BackupMode", skip_serializing_if = "Option::is_none")]
    pub(crate) s3_backup_mode: Option<String>,
    #[serde(
        rename(serialize = "S3DestinationDescription", deserialize = "S3Configuration"),
        alias = "S3Update",
        // As it is kept on disk.
        alias = "S3DestinationDescription",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) s3: Option<S3Settings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) secrets_manager_configuration: Option<SecretsManagerConfiguration>,
}

/// The endpoint. Its access key is never described.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EndpointConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing)]
    pub(crate) access_key: Option<String>,
}

/// What is sent beside the records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RequestConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) content_encoding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) common_attributes: Option<Vec<CommonAttribute>>,
}

/// Sent with every request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommonAttribute {
    #[serde(rename = "AttributeName")]
    pub(crate) name: String,
    #[serde(rename = "AttributeValue")]
    pub(crate) value: String,
}

/// A secret in place of the access key. Kept and described; there is no Secrets Manager here to ask.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SecretsManagerConfiguration {
    #[serde(rename = "SecretARN", skip_serializing_if = "Option::is_none")]
    pub(crate) secret_arn: Option<String>,
    #[serde(rename = "RoleARN", skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) enabled: Option<bool>,
}

impl HttpSettings {
    /// What AWS fills in for a destination that says nothing.
    pub(crate) fn defaults() -> Self {
        Self {
            buffering_hints: Some(BufferingHints { size_in_mbs: Some(5), interval_in_seconds: Some(300) }),
            cloud_watch_logging_options: Some(CloudWatchLoggingOptions::off()),
            request_configuration: Some(RequestConfiguration {
                content_encoding: Some("NONE".to_owned()),
                common_attributes: None,
            }),
            retry_options: Some(RetryOptions { duration_in_seconds: Some(300) }),
            s3_backup_mode: Some("FailedDataOnly".to_owned()),
            s3: Some(S3Settings::plain_defaults()),
            ..Self::default()
        }
    }

    /// These settings with `change` laid over them, block by block and within each block.
    pub(crate) fn merged(self, change: Self) -> Self {
        Self {
            endpoint_configuration: merge(
                self.endpoint_configuration,
                change.endpoint_configuration,
                EndpointConfiguration::merged,
            ),
            buffering_hints: merge(self.buffering_hints, change.buffering_hints, BufferingHints::merged),
            cloud_watch_logging_options: merge(
                self.cloud_watch_logging_options,
                change.cloud_watch_logging_options,
                CloudWatchLoggingOptions::merged,
            ),
            request_configuration: merge(
                self.request_configuration,
                change.request_configuration,
                RequestConfiguration::merged,
            ),
            processing_configuration: merge(
                self.processing_configuration,
                change.processing_configuration,
                ProcessingConfiguration::merged,
            ),
            role_arn: change.role_arn.or(self.role_arn),
            retry_options: merge(self.retry_options, change.retry_options, RetryOptions::merged),
            s3_backup_mode: change.s3_backup_mode.or(self.s3_backup_mode),
            s3: merge(self.s3, change.s3.map(|s3| s3.legacy()), S3Settings::merged),
            secrets_manager_configuration: change
                .secrets_manager_configuration
                .or(self.secrets_manager_configuration),
        }
    }
}

impl EndpointConfiguration {
    fn merged(self, change: Self) -> Self {
        Self {
            url: change.url.or(self.url),
            name: change.name.or(self.name),
            access_key: change.access_key.or(self.access_key),
        }
    }
}

impl RequestConfiguration {
    fn merged(self, change: Self) -> Self {
        Self {
            content_encoding: change.content_encoding.or(self.content_encoding),
            common_attributes: change.common_attributes.or(self.common_attributes),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn settings(json: Value) -> HttpSettings {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn the_access_key_is_kept_and_not_described() {
        let created = settings(json!({"EndpointConfiguration": {"Url": "https://a", "AccessKey": "secret"}}));
        let updated = created.merged(settings(json!({"EndpointConfiguration": {"Name": "sink"}})));
        let endpoint = updated.endpoint_configuration.clone().unwrap();
        assert_eq!(
            (endpoint.url.as_deref(), endpoint.access_key.as_deref()),
            (Some("https://a"), Some("secret"))
        );
        assert_eq!(
            serde_json::to_value(updated).unwrap(),
            json!({"EndpointConfiguration": {"Url": "https://a", "Name": "sink"}})
        );
    }

    #[test]
    fn the_bucket_of_failed_data_is_merged_within_itself() {
        let base = HttpSettings::defaults().merged(settings(json!({"S3Configuration": {"BucketARN": "b"}})));
        let updated = base.merged(settings(json!({"S3Update": {"Prefix": "p/"}, "S3BackupMode": "AllData"})));
        let described = serde_json::to_value(updated).unwrap();
        assert_eq!(described["S3DestinationDescription"]["BucketARN"], "b");
        assert_eq!(described["S3DestinationDescription"]["Prefix"], "p/");
        assert_eq!(described["S3BackupMode"], "AllData");
        assert_eq!(described["RetryOptions"], json!({"DurationInSeconds": 300}));
    }
}
