//! Names and tags, checked as AWS checks them.

use std::collections::BTreeMap;

use super::super::state::LogsError;

fn violated(value: &str, member: &str, constraint: &str) -> LogsError {
    LogsError::InvalidParameter(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"
    ))
}

/// A group's name.
pub(super) fn group_name(name: &str) -> Result<(), LogsError> {
    let word = |b: u8| b.is_ascii_alphanumeric() || b".-_/#".contains(&b);
    if !(1..=512).contains(&name.len()) {
        let constraint = "Member must have length between 1 and 512";
        return Err(violated(name, "logGroupName", constraint));
    }
    if !name.bytes().all(word) {
        let constraint = "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+";
        return Err(violated(name, "logGroupName", constraint));
    }
    Ok(())
}

/// A stream's name.
pub(super) fn stream_name(name: &str) -> Result<(), LogsError> {
    if (1..=512).contains(&name.len()) && !name.contains([':', '*']) {
        return Ok(());
    }
    Err(violated(name, "logStreamName", "Member must satisfy regular expression pattern: [^:*]*"))
}

/// At most 50 tags.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<(), LogsError> {
    if tags.len() <= 50 && tags.keys().all(|key| (1..=128).contains(&key.len())) {
        return Ok(());
    }
    Err(LogsError::InvalidParameter(
        "A log group has at most 50 tags, with keys of 1 to 128 characters".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_awss_patterns() {
        assert!(group_name("/aws/lambda/a_b-c#1.2").is_ok());
        assert!(
            group_name("").is_err() && group_name("a b").is_err() && group_name(&"x".repeat(513)).is_err()
        );
        assert!(stream_name("2026/11/21/[$LATEST]ab").is_ok());
        assert!(stream_name("a:b").is_err() && stream_name("").is_err());
    }
}
