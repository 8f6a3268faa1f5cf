//! What AWS checks of a function's configuration, with its messages.

use std::collections::BTreeMap;

use super::super::error::LambdaError;
use super::super::executor::reserved;
use super::super::function::{Logging, Runtime};
use super::create::DeadLetterInput;
use crate::world::World;

/// Sum of names and values of the environment AWS takes.
const MAX_ENVIRONMENT: usize = 4096;

fn out_of_range(value: u32, member: &str, constraint: &str, limit: u32) -> LambdaError {
    LambdaError::Validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must have \
         value {constraint} than or equal to {limit}"
    ))
}

/// A number within its limits.
pub(super) fn in_range(value: u32, member: &str, limits: (u32, u32)) -> Result<u32, LambdaError> {
    match value {
        value if value < limits.0 => Err(out_of_range(value, member, "greater", limits.0)),
        value if value > limits.1 => Err(out_of_range(value, member, "less", limits.1)),
        value => Ok(value),
    }
}

/// Seconds an invocation may take.
pub(super) fn timeout(seconds: u32) -> Result<u32, LambdaError> {
    in_range(seconds, "timeout", (1, 900))
}

/// Megabytes of memory.
pub(super) fn memory(megabytes: u32) -> Result<u32, LambdaError> {
    in_range(megabytes, "memorySize", (128, 10_240))
}

/// Megabytes of `/tmp`.
pub(super) fn ephemeral(megabytes: u32) -> Result<u32, LambdaError> {
    in_range(megabytes, "ephemeralStorage.size", (512, 10_240))
}

/// A runtime that this endpoint can run.
pub(super) fn runtime(text: &str) -> Result<Runtime, LambdaError> {
    Runtime::parse(text).ok_or_else(|| {
        LambdaError::InvalidParameter(format!(
            "The runtime parameter of {text} is not supported by this endpoint, which runs provided, provided.al2, \
             provided.al2023 and python3.x"
        ))
    })
}

/// Refuses a role that Lambda cannot assume yet.
pub(super) fn assumable(world: &World, role: &str) -> Result<(), LambdaError> {
    if world.is_too_new(role) {
        let message = "The role defined for the function cannot be assumed by Lambda.";
        return Err(LambdaError::InvalidParameter(message.to_owned()));
    }
    Ok(())
}

/// A role's ARN, by its form.
pub(super) fn role(arn: &str) -> Result<String, LambdaError> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let fits = matches!(parts.as_slice(), ["arn", partition, "iam", "", account, resource]
        if partition.starts_with("aws")
            && account.len() == 12
            && account.bytes().all(|b| b.is_ascii_digit())
            && resource.strip_prefix("role/").is_some_and(|name| !name.is_empty()));
    if fits {
        return Ok(arn.to_owned());
    }
    Err(LambdaError::Validation(format!(
        "1 validation error detected: Value '{arn}' at 'role' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{{12}}:role/?[a-zA-Z_0-9+=,.@\\-_/]+"
    )))
}

/// The architecture, one of two.
pub(super) fn architecture(list: &[String]) -> Result<String, LambdaError> {
    match list {
        [one] if one == "x86_64" || one == "arm64" => Ok(one.clone()),
        _ => Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '[{}]' at 'architectures' failed to satisfy constraint: Member must \
             satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]",
            list.join(", ")
        ))),
    }
}

/// Environment variables: names AWS takes and does not keep to itself, 4 KB in all.
pub(super) fn variables(
    variables: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, LambdaError> {
    let kept = reserved(variables.keys());
    if !kept.is_empty() {
        return Err(LambdaError::InvalidParameter(format!(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided contains reserved keys that are currently not supported for modification. Reserved keys used in \
             this request: {}",
            kept.join(", ")
        )));
    }
    let word = |name: &String| {
        let mut bytes = name.bytes();
        bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
            && name.len() > 1
            && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    if let Some(bad) = variables.keys().find(|name| !word(name)) {
        return Err(LambdaError::Validation(format!(
            "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must \
             satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]; '{bad}' \
             does not"
        )));
    }
    if variables.values().any(|value| value.contains('\0')) {
        return Err(LambdaError::InvalidParameter(
            "An environment variable holds a NUL character".to_owned(),
        ));
    }
    let size: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
    if size > MAX_ENVIRONMENT {
        return Err(LambdaError::InvalidParameter(
            "Lambda was unable to configure your environment variables because the environment variables you have \
             provided exceeded the 4KB limit."
                .to_owned(),
        ));
    }
    Ok(variables)
}

/// How requests are traced: shown, not done.
pub(super) fn tracing(mode: Option<String>) -> Result<Option<String>, LambdaError> {
    enumerated("tracingConfig.mode", mode, &["Active", "PassThrough"])
}

/// A dead-letter queue's ARN; an empty one takes it away.
pub(super) fn dead_letter(input: Option<DeadLetterInput>) -> Result<Option<String>, LambdaError> {
    let arn = input.and_then(|input| input.target_arn).filter(|arn| !arn.is_empty());
    let service = arn.as_deref().map(|arn| arn.split(':').nth(2).unwrap_or_default());
    if service.is_none_or(|service| service == "sqs" || service == "sns") {
        return Ok(arn);
    }
    // (?) AWS also asks whether the execution role may write there.
    Err(LambdaError::InvalidParameter(format!(
        "The provided dead letter target ARN {} is not an Amazon SQS queue or an Amazon SNS topic.",
        arn.unwrap_or_default()
    )))
}

/// Where lines go and in which form. Levels are for lines in JSON only.
pub(super) fn logging(mut logging: Logging) -> Result<Logging, LambdaError> {
    const APPLICATION: [&str; 6] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
    logging.format = enumerated("loggingConfig.logFormat", logging.format, &["JSON", "Text"])?;
    let level = "loggingConfig.applicationLogLevel";
    logging.application_level = enumerated(level, logging.application_level, &APPLICATION)?;
    let level = "loggingConfig.systemLogLevel";
    logging.system_level = enumerated(level, logging.system_level, &["DEBUG", "INFO", "WARN"])?;
    if logging.format.as_deref() == Some("JSON") {
        logging.application_level.get_or_insert_with(|| "INFO".to_owned());
        logging.system_level.get_or_insert_with(|| "INFO".to_owned());
    } else {
        (logging.application_level, logging.system_level) = (None, None);
    }
    let word = |b: u8| b.is_ascii_alphanumeric() || b".-_/#".contains(&b);
    match &logging.group {
        Some(group) if !(1..=512).contains(&group.len()) || !group.bytes().all(word) => {
            Err(LambdaError::Validation(format!(
                "1 validation error detected: Value '{group}' at 'loggingConfig.logGroup' failed to satisfy constraint: \
                 Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
            )))
        }
        _ => Ok(logging),
    }
}

fn enumerated(member: &str, value: Option<String>, set: &[&str]) -> Result<Option<String>, LambdaError> {
    match value {
        Some(value) if !set.contains(&value.as_str()) => Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must \
             satisfy enum value set: [{}]",
            set.join(", ")
        ))),
        value => Ok(value),
    }
}

/// At most 50 tags.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<(), LambdaError> {
    if tags.len() <= 50 && tags.keys().all(|key| (1..=128).contains(&key.len())) {
        return Ok(());
    }
    Err(LambdaError::InvalidParameter("Tags: at most 50, with keys of 1 to 128 characters".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, value: &str) -> BTreeMap<String, String> {
        BTreeMap::from([(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn reserved_names_and_too_much_environment_are_refused() {
        assert!(variables(one("PIPECTL_FUNCTION", "vrl-transform")).is_ok());
        let error = variables(one("AWS_REGION", "x")).unwrap_err().to_string();
        assert!(error.ends_with("AWS_REGION"), "{error}");
        assert!(variables(one("A-B", "x")).is_err());
        assert!(variables(one("AB", &"x".repeat(5000))).is_err());
        assert!(variables(one("AB", "a\0b")).is_err());
    }

    #[test]
    fn roles_are_arns_of_roles() {
        assert!(role("arn:aws:iam::000000000000:role/service-role/r").is_ok());
        for bad in [
            "",
            "r",
            "arn:aws:iam::1:role/r",
            "arn:aws:iam::000000000000:user/u",
            "arn:aws:iam::000000000000:role/",
        ] {
            assert!(role(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn limits_are_inclusive() {
        assert!(timeout(1).is_ok() && timeout(900).is_ok());
        assert!(timeout(0).is_err() && timeout(901).is_err());
        assert!(memory(127).unwrap_err().to_string().contains("greater than or equal to 128"));
    }
}
