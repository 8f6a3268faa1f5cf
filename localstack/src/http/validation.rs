//! AWS's validation of inputs: every violated constraint of a request, in one message and in AWS's words.

use std::fmt::Display;

use super::error::AwsError;

/// AWS stops counting here.
const MOST: usize = 10;

/// The constraints an input violates.
#[derive(Debug, Default)]
pub(crate) struct Violations(Vec<String>);

impl Violations {
    /// The member must be there.
    pub(crate) fn required<T>(&mut self, member: &str, value: Option<&T>) {
        if value.is_none() {
            self.push(format!(
                "Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    /// The text's length must be in the range.
    pub(crate) fn length(&mut self, member: &str, value: Option<&str>, least: usize, most: usize) {
        let Some(value) = value else { return };
        let length = value.chars().count();
        if length < least {
            self.add(member, value, format!("Member must have length greater than or equal to {least}"));
        } else if length > most {
            self.add(member, value, format!("Member must have length less than or equal to {most}"));
        }
    }

    /// Every character must be allowed by the pattern, which is quoted in the message.
    pub(crate) fn pattern(
        &mut self,
        member: &str,
        value: Option<&str>,
        pattern: &str,
        allowed: impl Fn(&str) -> bool,
    ) {
        if let Some(value) = value.filter(|value| !allowed(value)) {
            self.add(member, value, format!("Member must satisfy regular expression pattern: {pattern}"));
        }
    }

    /// The number must be in the range.
    pub(crate) fn range(&mut self, member: &str, value: Option<i64>, least: i64, most: i64) {
        let Some(value) = value else { return };
        if value < least {
            self.add(member, value, format!("Member must have value greater than or equal to {least}"));
        } else if value > most {
            self.add(member, value, format!("Member must have value less than or equal to {most}"));
        }
    }

    /// The text must be one of the set.
    pub(crate) fn one_of(&mut self, member: &str, value: Option<&str>, set: &[&str]) {
        if let Some(value) = value.filter(|value| !set.contains(value)) {
            self.add(member, value, format!("Member must satisfy enum value set: [{}]", set.join(", ")));
        }
    }

    /// Any other constraint.
    pub(crate) fn add(&mut self, member: &str, value: impl Display, constraint: impl Display) {
        self.push(format!("Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"));
    }

    fn push(&mut self, violation: String) {
        if self.0.len() < MOST {
            self.0.push(violation);
        }
    }

    /// `ValidationException` with all of them, or nothing to say.
    pub(crate) fn check(self) -> Result<(), AwsError> {
        let plural = match self.0.len() {
            0 => return Ok(()),
            1 => "error",
            _ => "errors",
        };
        let message = format!("{} validation {plural} detected: {}", self.0.len(), self.0.join("; "));
        Err(AwsError::validation(message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_violations_come_in_one_message_as_aws_words_it() {
        let mut violations = Violations::default();
        violations.length("streamName", Some(""), 1, 128);
        violations.range("shardCount", Some(0), 1, 10_000);
        violations.one_of("shardIteratorType", Some("LATEST"), &["LATEST"]);
        let error = violations.check().unwrap_err();
        assert_eq!(error.code, "ValidationException");
        assert_eq!(
            error.message,
            "2 validation errors detected: Value '' at 'streamName' failed to satisfy constraint: \
             Member must have length greater than or equal to 1; Value '0' at 'shardCount' failed to satisfy \
             constraint: Member must have value greater than or equal to 1"
        );
    }

    #[test]
    fn nothing_violated_is_fine() {
        let mut violations = Violations::default();
        violations.required("a", Some(&1));
        violations.pattern("b", Some("x"), "x", |text| text == "x");
        assert!(violations.check().is_ok());
    }
}
