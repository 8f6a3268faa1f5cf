//! What an HTTP endpoint destination's settings mean.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::super::buffer::BufferHints;
use super::super::error::FirehoseError;
use super::destination::{Destination, Target};
use super::http::{CommonAttribute, HttpSettings, RequestConfiguration, SecretsManagerConfiguration};
use super::place::{self, S3Place};
use super::{check, processing};

/// An HTTP endpoint that takes records.
#[derive(Clone, PartialEq)]
pub(crate) struct HttpTarget {
    /// Its address.
    pub(crate) url: String,
    /// What it knows the sender by.
    pub(crate) access_key: Option<String>,
    /// Whether bodies are gzipped.
    pub(crate) gzip: bool,
    /// Sent along with every request, by name.
    pub(crate) attributes: Vec<(String, String)>,
    /// How long a request that failed is sent again.
    pub(crate) retry: Duration,
    /// When a request is sent.
    pub(crate) hints: BufferHints,
}

impl fmt::Debug for HttpTarget {
    /// The access key stays out of logs.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("HttpTarget").field("url", &self.url).finish_non_exhaustive()
    }
}

impl HttpSettings {
    /// Checks the settings a client sent in block `path`, lays them over `base` and understands the result.
    /// Returns the settings to describe, and what they mean.
    pub(super) fn applied_to(
        self,
        base: Self,
        path: &str,
        region: &str,
    ) -> Result<(Self, Destination), FirehoseError> {
        check_members(path, &self)?;
        let mut merged = base.merged(self);
        let role_arn = merged.role_arn.clone().or_else(|| merged.s3.as_ref()?.role_arn.clone());
        let role_arn = role_arn.unwrap_or_default();
        merged.processing_configuration = merged
            .processing_configuration
            .map(|configuration| processing::normalized(configuration, &role_arn));
        let destination = read(&merged, path, region)?;
        Ok((merged, destination))
    }
}

fn check_members(path: &str, settings: &HttpSettings) -> Result<(), FirehoseError> {
    if let Some(endpoint) = &settings.endpoint_configuration {
        let member = |name: &str| format!("{path}.endpointConfiguration.{name}");
        if let Some(url) = &endpoint.url {
            check_url(&member("url"), url)?;
        }
        if let Some(name) = &endpoint.name {
            check::text(&member("name"), name, 1, 256)?;
        }
        if let Some(key) = &endpoint.access_key {
            check::text(&member("accessKey"), key, 0, 4096)?;
        }
    }
    check::buffering_hints(&format!("{path}.bufferingHints"), settings.buffering_hints, 64)?;
    if let Some(seconds) = settings.retry_options.and_then(|options| options.duration_in_seconds) {
        check::range(&format!("{path}.retryOptions.durationInSeconds"), seconds, 0, 7200)?;
    }
    if let Some(request) = &settings.request_configuration {
        check_request(path, request)?;
    }
    if let Some(arn) = &settings.role_arn {
        check::role_arn(&format!("{path}.roleARN"), arn)?;
    }
    if let Some(s3) = &settings.s3 {
        check::members(&format!("{path}.s3Configuration"), &s3.legacy())?;
    }
    check::logging_options(settings.cloud_watch_logging_options.as_ref())
}

/// AWS takes `https` alone. An endpoint on this machine may be reached without: who tries something out here has no
/// certificate for it.
fn check_url(member: &str, url: &str) -> Result<(), FirehoseError> {
    check::text(member, url, 1, 1000)?;
    let parsed = url.parse::<::http::Uri>().ok();
    let local = parsed.as_ref().is_some_and(|uri| {
        uri.scheme_str() == Some("http") && matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]"))
    });
    if parsed.is_some() && (url.starts_with("https://") || local) {
        Ok(())
    } else {
        Err(check::pattern(member, url, "https://.*"))
    }
}

fn check_request(path: &str, request: &RequestConfiguration) -> Result<(), FirehoseError> {
    let path = format!("{path}.requestConfiguration");
    if let Some(encoding) = &request.content_encoding
        && !matches!(encoding.as_str(), "NONE" | "GZIP")
    {
        let set = "Member must satisfy enum value set: [NONE, GZIP]";
        return Err(FirehoseError::constraint(&format!("{path}.contentEncoding"), encoding, set));
    }
    let attributes = request.common_attributes.as_deref().unwrap_or_default();
    if attributes.len() > 50 {
        return Err(FirehoseError::constraint(
            &format!("{path}.commonAttributes"),
            &format!("[{} attributes]", attributes.len()),
            "Member must have length less than or equal to 50",
        ));
    }
    let mut names = BTreeSet::new();
    for (index, CommonAttribute { name, value }) in attributes.iter().enumerate() {
        let member = format!("{path}.commonAttributes.{}.member", index + 1);
        check::text(&format!("{member}.attributeName"), name, 1, 256)?;
        check::text(&format!("{member}.attributeValue"), value, 0, 1024)?;
        if !names.insert(name) {
            return Err(FirehoseError::InvalidArgument(format!(
                "Http Endpoint Common Attributes have duplicate name {name}"
            )));
        }
    }
    Ok(())
}

fn check_secret(secret: &SecretsManagerConfiguration, region: &str) -> Result<(), FirehoseError> {
    if secret.enabled != Some(true) {
        return Ok(());
    }
    let arn = secret.secret_arn.as_deref().unwrap_or("null");
    let Some((_, rest)) = arn.split_once(":secretsmanager:").filter(|_| arn.starts_with("arn:")) else {
        return Err(FirehoseError::InvalidArgument(format!("Invalid secret ARN: {arn}")));
    };
    if rest.split(':').next() != Some(region) {
        return Err(FirehoseError::InvalidArgument(
            "Cross-region secrets are not allowed. Please provide a secret in the same region as firehose"
                .to_owned(),
        ));
    }
    Ok(())
}

fn read(settings: &HttpSettings, path: &str, region: &str) -> Result<Destination, FirehoseError> {
    let missing = |member: &str| FirehoseError::missing(&format!("{path}.{member}"));
    let endpoint = settings.endpoint_configuration.as_ref();
    let endpoint = endpoint.ok_or_else(|| missing("endpointConfiguration"))?;
    let url = endpoint.url.clone().ok_or_else(|| missing("endpointConfiguration.url"))?;
    let s3 = settings.s3.as_ref().filter(|s3| s3.bucket_arn.is_some() || s3.role_arn.is_some());
    let place =
        S3Place::read(s3.ok_or_else(|| missing("s3Configuration"))?, &format!("{path}.s3Configuration"))?;
    let secret = settings.secrets_manager_configuration.as_ref();
    secret.map_or(Ok(()), |secret| check_secret(secret, region))?;
    let request = settings.request_configuration.clone().unwrap_or_default();
    let attributes = request.common_attributes.unwrap_or_default();
    let retry = settings.retry_options.and_then(|options| options.duration_in_seconds).unwrap_or(300);
    let processing = processing::read(path, settings.processing_configuration.as_ref())?;
    super::partitioning::refuse_processors(&processing)?;
    let target = HttpTarget {
        url,
        // There is no Secrets Manager here to ask for a secret that takes the key's place.
        access_key: endpoint
            .access_key
            .clone()
            .filter(|_| secret.is_none_or(|secret| secret.enabled != Some(true))),
        gzip: request.content_encoding.as_deref() == Some("GZIP"),
        attributes: attributes.into_iter().map(|attribute| (attribute.name, attribute.value)).collect(),
        retry: Duration::from_secs(u64::try_from(retry).unwrap_or_default()),
        hints: place::hints(settings.buffering_hints),
    };
    let backup = match settings.s3_backup_mode.as_deref().unwrap_or("FailedDataOnly") {
        "FailedDataOnly" => None,
        "AllData" => Some(place.clone()),
        other => {
            let set = "Member must satisfy enum value set: [FailedDataOnly, AllData]";
            return Err(FirehoseError::constraint(&format!("{path}.s3BackupMode"), other, set));
        }
    };
    let log = place::log_target(settings.cloud_watch_logging_options.as_ref());
    Ok(Destination { target: Target::Http(target), place, backup, processing, log })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn apply(extra: Value) -> Result<(HttpSettings, Destination), String> {
        let mut json = json!({
            "EndpointConfiguration": {"Url": "https://example.com/in", "AccessKey": "key"},
            "S3Configuration": {"RoleARN": "arn:aws:iam::000000000000:role/r", "BucketARN": "arn:aws:s3:::failed"},
        });
        json.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let settings = serde_json::from_value::<HttpSettings>(json).unwrap();
        settings.applied_to(HttpSettings::defaults(), "http", "us-east-1").map_err(|error| error.to_string())
    }

    fn target(extra: Value) -> HttpTarget {
        match apply(extra).unwrap().1.target {
            Target::Http(target) => target,
            Target::S3(_) => panic!("an HTTP endpoint was asked for"),
        }
    }

    #[test]
    fn the_shortest_destination_has_the_defaults() {
        let target = target(json!({}));
        assert_eq!(
            (target.url.as_str(), target.access_key.as_deref()),
            ("https://example.com/in", Some("key"))
        );
        assert_eq!((target.gzip, target.retry.as_secs()), (false, 300));
        assert_eq!(target.hints.size, 5 << 20);
        assert!(!format!("{target:?}").contains("key"));
        assert_eq!(apply(json!({})).unwrap().1.backup, None);
    }

    #[test]
    fn all_data_is_backed_up_where_it_is_asked_for() {
        assert_eq!(apply(json!({"S3BackupMode": "AllData"})).unwrap().1.backup.unwrap().bucket, "failed");
        assert!(apply(json!({"S3BackupMode": "Enabled"})).unwrap_err().contains("[FailedDataOnly, AllData]"));
    }

    #[test]
    fn a_secret_takes_the_place_of_the_key() {
        let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:key-AbCdEf";
        let secret = |arn: Value| json!({"SecretsManagerConfiguration": {"Enabled": true, "SecretARN": arn}});
        assert_eq!(target(secret(json!(arn))).access_key, None);
        assert_eq!(apply(secret(Value::Null)).unwrap_err(), "Invalid secret ARN: null");
        let elsewhere = apply(secret(json!(arn.replace("us-east-1", "eu-west-1")))).unwrap_err();
        assert!(elsewhere.starts_with("Cross-region secrets are not allowed."), "{elsewhere}");
    }

    #[test]
    fn each_broken_member_is_named() {
        let url = |url: &str| json!({"EndpointConfiguration": {"Url": url}});
        for good in ["https://a.b:8443/x?y", "http://localhost:9/x", "http://127.0.0.1:1", "http://[::1]:2/"]
        {
            apply(url(good)).unwrap();
        }
        let attribute = |name: &str| json!({"AttributeName": name, "AttributeValue": "v"});
        for (broken, named) in [
            (url("http://example.com"), "pattern: https://.*"),
            (url("ftp://localhost"), "endpointConfiguration.url"),
            (url("https://a b"), "endpointConfiguration.url"),
            (json!({"BufferingHints": {"SizeInMBs": 65}}), "less than or equal to 64"),
            (json!({"RetryOptions": {"DurationInSeconds": 7201}}), "retryOptions.durationInSeconds"),
            (json!({"RequestConfiguration": {"ContentEncoding": "BR"}}), "[NONE, GZIP]"),
            (
                json!({"RequestConfiguration": {"CommonAttributes": [attribute("a"), attribute("a")]}}),
                "duplicate name a",
            ),
            (
                json!({"RequestConfiguration": {"CommonAttributes": [attribute("")]}}),
                "commonAttributes.1.member",
            ),
            (json!({"S3Configuration": {}}), "'http.s3Configuration'"),
            (json!({"EndpointConfiguration": {}}), "'http.endpointConfiguration.url'"),
        ] {
            let message = apply(broken).unwrap_err();
            assert!(message.contains(named), "{message}");
        }
    }
}
