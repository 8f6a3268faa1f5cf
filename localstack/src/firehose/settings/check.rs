//! The constraints an S3 destination's members have to meet, worded as the service words them.

use super::super::error::FirehoseError;
use super::blocks::{BufferingHints, CloudWatchLoggingOptions};
use super::wire::S3Settings;

/// Checks the members that are there; `path` names the block they came in.
pub(super) fn members(path: &str, settings: &S3Settings) -> Result<(), FirehoseError> {
    if let Some(arn) = &settings.role_arn {
        role_arn(&format!("{path}.roleARN"), arn)?;
    }
    if let Some(arn) = &settings.bucket_arn {
        bucket_arn(&format!("{path}.bucketARN"), arn)?;
    }
    for (member, text) in [("prefix", &settings.prefix), ("errorOutputPrefix", &settings.error_output_prefix)]
    {
        if let Some(text) = text.as_ref().filter(|text| text.chars().count() > 1024) {
            return Err(FirehoseError::constraint(
                &format!("{path}.{member}"),
                text,
                "Member must have length less than or equal to 1024",
            ));
        }
    }
    buffering_hints(&format!("{path}.bufferingHints"), settings.buffering_hints, 128)?;
    if let Some(extension) = &settings.file_extension {
        file_extension(&format!("{path}.fileExtension"), extension)?;
    }
    logging_options(settings.cloud_watch_logging_options.as_ref())?;
    encryption(settings)
}

/// Checks a role ARN.
pub(crate) fn role_arn(member: &str, arn: &str) -> Result<(), FirehoseError> {
    const PATTERN: &str = r"arn:.*:iam::\d{12}:role/[a-zA-Z_0-9+=,.@\-_/]+";
    let valid = arn.len() <= 512
        && arn.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::")).is_some_and(|(_, rest)| {
            rest.split_once(":role/").is_some_and(|(account, role)| {
                account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit())
                    && !role.is_empty()
                    && role.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&byte))
            })
        });
    if valid { Ok(()) } else { Err(pattern(member, arn, PATTERN)) }
}

fn bucket_arn(member: &str, arn: &str) -> Result<(), FirehoseError> {
    if bucket_name(arn).is_some() {
        Ok(())
    } else {
        Err(pattern(member, arn, r"arn:.*:s3:::[\w\.\-]{1,255}"))
    }
}

/// The bucket an ARN names.
pub(super) fn bucket_name(arn: &str) -> Option<&str> {
    let (_, name) = arn.strip_prefix("arn:")?.split_once(":s3:::")?;
    let valid = (1..=255).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte));
    valid.then_some(name)
}

/// Checks hints of a destination that takes `most_mebibytes` at once.
pub(super) fn buffering_hints(
    member: &str,
    hints: Option<BufferingHints>,
    most_mebibytes: i64,
) -> Result<(), FirehoseError> {
    let hints = hints.unwrap_or_default();
    if let Some(size) = hints.size_in_mbs {
        range(&format!("{member}.sizeInMBs"), size, 1, most_mebibytes)?;
    }
    if let Some(interval) = hints.interval_in_seconds {
        range(&format!("{member}.intervalInSeconds"), interval, 0, 900)?;
    }
    Ok(())
}

/// Checks a number against both ends of its range.
pub(crate) fn range(member: &str, value: i64, least: i64, most: i64) -> Result<(), FirehoseError> {
    let constraint = if value < least {
        format!("Member must have value greater than or equal to {least}")
    } else if value > most {
        format!("Member must have value less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(FirehoseError::constraint(member, &value.to_string(), &constraint))
}

fn file_extension(member: &str, extension: &str) -> Result<(), FirehoseError> {
    let valid = extension.is_empty()
        || (extension.len() <= 128
            && extension.len() > 1
            && extension.starts_with('.')
            && extension.bytes().skip(1).all(|byte| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!-_.*'()".contains(&byte)
            }));
    if valid { Ok(()) } else { Err(pattern(member, extension, r"^$|\.[0-9a-z!\-_.*'()]+")) }
}

/// Checks that logging that is on names where to.
pub(super) fn logging_options(options: Option<&CloudWatchLoggingOptions>) -> Result<(), FirehoseError> {
    let Some(options) = options.filter(|options| options.enabled == Some(true)) else { return Ok(()) };
    for (what, name) in [("Group", &options.log_group_name), ("Stream", &options.log_stream_name)] {
        if name.as_ref().is_none_or(String::is_empty) {
            return Err(FirehoseError::InvalidArgument(format!(
                "CloudWatch Log {what} Name is required if CloudWatch Logging is enabled"
            )));
        }
    }
    Ok(())
}

/// Checks the length of a text.
pub(super) fn text(member: &str, value: &str, least: usize, most: usize) -> Result<(), FirehoseError> {
    let length = value.chars().count();
    let constraint = if length < least {
        format!("Member must have length greater than or equal to {least}")
    } else if length > most {
        format!("Member must have length less than or equal to {most}")
    } else {
        return Ok(());
    };
    Err(FirehoseError::constraint(member, value, &constraint))
}

fn encryption(settings: &S3Settings) -> Result<(), FirehoseError> {
    let Some(encryption) = &settings.encryption_configuration else { return Ok(()) };
    if encryption.no_encryption.is_some() == encryption.kms.is_some() {
        return Err(FirehoseError::InvalidArgument(
            "Exactly one of NoEncryptionConfig or KMSEncryptionConfig must be specified".to_owned(),
        ));
    }
    match &encryption.no_encryption {
        Some(value) if value != "NoEncryption" => Err(FirehoseError::constraint(
            "encryptionConfiguration.noEncryptionConfig",
            value,
            "Member must satisfy enum value set: [NoEncryption]",
        )),
        _ => Ok(()),
    }
}

/// A text that does not look as it should.
pub(super) fn pattern(member: &str, value: &str, pattern: &str) -> FirehoseError {
    FirehoseError::constraint(
        member,
        value,
        &format!("Member must satisfy regular expression pattern: {pattern}"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(json: Value) -> Result<(), String> {
        let settings = serde_json::from_value(json).unwrap();
        members("extendedS3DestinationConfiguration", &settings).map_err(|error| error.to_string())
    }

    #[test]
    fn good_members_pass() {
        check(json!({
            "RoleARN": "arn:aws:iam::000000000000:role/service-role/firehose+delivery",
            "BucketARN": "arn:aws:s3:::click.stream-lake",
            "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 0},
            "FileExtension": ".json.gz",
            "CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "g", "LogStreamName": "s"},
        }))
        .unwrap();
        check(json!({"FileExtension": ""})).unwrap();
    }

    #[test]
    fn each_broken_member_is_named() {
        let wrong = [
            (json!({"RoleARN": "role"}), "roleARN"),
            (json!({"RoleARN": "arn:aws:iam::1:role/x"}), "roleARN"),
            (json!({"RoleARN": "arn:aws:iam::000000000000:role/"}), "roleARN"),
            (json!({"BucketARN": "lake"}), "bucketARN"),
            (json!({"BucketARN": "arn:aws:s3:::"}), "bucketARN"),
            (json!({"BucketARN": "arn:aws:s3:::a/b"}), "bucketARN"),
            (json!({"BufferingHints": {"SizeInMBs": 0}}), "sizeInMBs"),
            (json!({"BufferingHints": {"SizeInMBs": 129}}), "sizeInMBs"),
            (json!({"BufferingHints": {"IntervalInSeconds": 901}}), "intervalInSeconds"),
            (json!({"BufferingHints": {"IntervalInSeconds": -1}}), "intervalInSeconds"),
            (json!({"FileExtension": "json"}), "fileExtension"),
            (json!({"FileExtension": ".JSON"}), "fileExtension"),
            (json!({"Prefix": "p".repeat(1025)}), "prefix"),
            (
                json!({"CloudWatchLoggingOptions": {"Enabled": true, "LogGroupName": "g"}}),
                "CloudWatch Log Stream Name is required",
            ),
            (
                json!({"CloudWatchLoggingOptions": {"Enabled": true}}),
                "CloudWatch Log Group Name is required if CloudWatch Logging is enabled",
            ),
            (json!({"EncryptionConfiguration": {}}), "Exactly one of NoEncryptionConfig"),
            (json!({"EncryptionConfiguration": {"NoEncryptionConfig": "no"}}), "noEncryptionConfig"),
        ];
        for (settings, member) in wrong {
            let message = check(settings).unwrap_err();
            assert!(message.contains(member), "{message}");
        }
    }

    #[test]
    fn the_range_is_told_as_aws_tells_it() {
        assert_eq!(
            check(json!({"BufferingHints": {"SizeInMBs": 129}})).unwrap_err(),
            "1 validation error detected: Value '129' at \
             'extendedS3DestinationConfiguration.bufferingHints.sizeInMBs' failed to satisfy constraint: \
             Member must have value less than or equal to 128"
        );
    }
}
