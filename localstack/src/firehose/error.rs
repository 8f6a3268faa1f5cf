//! The ways a Firehose operation is refused, in the service's own words.
//!
//! Operations and their validation speak in this type; the protocol layer turns it into the wire shape.

use thiserror::Error;

/// Why an operation was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum FirehoseError {
    /// An argument makes no sense for this operation.
    #[error("{0}")]
    InvalidArgument(String),
    /// A member breaks the constraint its shape declares.
    #[error("{0}")]
    Validation(String),
    /// There is no such delivery stream, or none that takes records yet.
    #[error("{0}")]
    NotFound(String),
    /// The name is taken, or the stream is in a state that forbids the operation.
    #[error("{0}")]
    InUse(String),
    /// The version the caller saw is no longer the current one.
    #[error("{0}")]
    ConcurrentModification(String),
    /// An account quota would be passed.
    #[error("{0}")]
    LimitExceeded(String),
    /// The caller is not whom the stream takes records from.
    #[error("{0}")]
    InvalidSource(String),
    /// The buffers are full; the caller should back off and send again.
    #[error("{0}")]
    ServiceUnavailable(String),
}

impl FirehoseError {
    /// The error code clients see.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::InvalidArgument(_) => "InvalidArgumentException",
            Self::Validation(_) => "ValidationException",
            Self::NotFound(_) => "ResourceNotFoundException",
            Self::InUse(_) => "ResourceInUseException",
            Self::ConcurrentModification(_) => "ConcurrentModificationException",
            Self::LimitExceeded(_) => "LimitExceededException",
            Self::InvalidSource(_) => "InvalidSourceException",
            Self::ServiceUnavailable(_) => "ServiceUnavailableException",
        }
    }

    /// A violated shape constraint, worded as every AWS JSON service words it.
    pub(crate) fn constraint(member: &str, value: &str, constraint: &str) -> Self {
        Self::violated(&[Violation::of(member, value, constraint)])
    }

    /// A required member that is not there.
    pub(crate) fn missing(member: &str) -> Self {
        Self::violated(&[Violation::missing(member)])
    }

    /// Violated constraints, all of them in one message.
    pub(crate) fn violated(violations: &[Violation]) -> Self {
        let (count, errors) = (violations.len(), if violations.len() == 1 { "error" } else { "errors" });
        let texts: Vec<&str> = violations.iter().map(|violation| violation.0.as_str()).collect();
        Self::Validation(format!("{count} validation {errors} detected: {}", texts.join("; ")))
    }
}

/// One violated constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation(String);

impl Violation {
    /// A value that its member may not have.
    pub(crate) fn of(member: &str, value: &str, constraint: &str) -> Self {
        Self(format!("Value '{value}' at '{member}' failed to satisfy constraint: {constraint}"))
    }

    /// A required member that is not there.
    pub(crate) fn missing(member: &str) -> Self {
        Self(format!("Value null at '{member}' failed to satisfy constraint: Member must not be null"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_broken_constraints_are_one_message() {
        let violations = [Violation::missing("records.1.member.data"), Violation::of("limit", "0", "no")];
        assert_eq!(
            FirehoseError::violated(&violations).to_string(),
            "2 validation errors detected: Value null at 'records.1.member.data' failed to satisfy constraint: Member \
             must not be null; Value '0' at 'limit' failed to satisfy constraint: no"
        );
    }

    #[test]
    fn a_broken_constraint_reads_as_aws_words_it() {
        let error =
            FirehoseError::constraint("limit", "0", "Member must have value greater than or equal to 1");
        assert_eq!(error.code(), "ValidationException");
        assert_eq!(
            error.to_string(),
            "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: \
             Member must have value greater than or equal to 1"
        );
    }
}
