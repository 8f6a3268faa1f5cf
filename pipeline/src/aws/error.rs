//! What an SDK error means, in the words of the port.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::cloud::{CallError, Meaning};

/// Puts an SDK error in the words of the port.
pub(super) fn failed<E>(call: &'static str, error: SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    let request_id = error.raw_response().and_then(|response| {
        response.headers().get("x-amzn-requestid").or_else(|| response.headers().get("x-amz-request-id"))
    });
    let request_id = request_id.map(str::to_owned);
    match &error {
        SdkError::ServiceError(service) => {
            let metadata = service.err();
            let code = metadata.code().map(str::to_owned);
            let message = metadata.message().map(str::to_owned);
            let message = message.or_else(|| code.clone()).unwrap_or_else(|| no_words(status));
            let meaning = meaning(call, code.as_deref(), &message, status);
            CallError { meaning, call, code, message, request_id }
        }
        SdkError::TimeoutError(_) => CallError::local(call, Meaning::Unknown, "no answer in time"),
        SdkError::ResponseError(_) => {
            let message = format!("an answer that makes no sense: {}", innermost(&error));
            CallError { request_id, ..CallError::local(call, Meaning::Unknown, message) }
        }
        SdkError::DispatchFailure(failure) => {
            let text = DisplayErrorContext(&error).to_string();
            let meaning = if is_credentials(&text) {
                Meaning::Credentials
            } else if failure.is_timeout() || !text.contains("onnect") {
                Meaning::Unknown
            } else {
                Meaning::Unreachable
            };
            CallError::local(call, meaning, innermost(&error))
        }
        _ => {
            let text = DisplayErrorContext(&error).to_string();
            let meaning = if is_credentials(&text) { Meaning::Credentials } else { Meaning::Invalid };
            CallError::local(call, meaning, innermost(&error))
        }
    }
}

fn no_words(status: Option<u16>) -> String {
    match status {
        Some(status) => format!("HTTP status {status} without a message"),
        None => "no message".to_owned(),
    }
}

fn is_credentials(text: &str) -> bool {
    [
        "CredentialsNotLoaded",
        "ProviderTimedOut",
        "InvalidConfiguration",
        "credentials provider",
        "ProviderError",
    ]
    .iter()
    .any(|part| text.contains(part))
        || text.contains("no providers in chain")
}

/// The message at the end of the chain of causes, which is the one that says something.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

/// What an error code means, given the call it answers.
fn meaning(call: &'static str, code: Option<&str>, message: &str, status: Option<u16>) -> Meaning {
    let creating = call.contains(":Create") || call.contains(":Register");
    match code.unwrap_or_default() {
        "ResourceInUseException" | "ResourceConflictException" if creating => Meaning::AlreadyExists,
        "ResourceInUseException"
        | "ResourceConflictException"
        | "ConcurrentModificationException"
        | "ConcurrentModification"
        | "EntityTemporarilyUnmodifiable" => Meaning::Busy,
        "EntityAlreadyExists"
        | "ResourceAlreadyExistsException"
        | "BucketAlreadyOwnedByYou"
        | "BucketAlreadyExists" => Meaning::AlreadyExists,
        "ResourceNotFoundException"
        | "ResourceNotFound"
        | "DashboardNotFoundError"
        | "NoSuchEntity"
        | "NoSuchBucket"
        | "NoSuchKey"
        | "NotFound" => Meaning::NotFound,
        "BucketNotEmpty" => Meaning::NotEmpty,
        "PreconditionFailed"
        | "ConditionalRequestConflict"
        | "OperationAborted"
        | "OperationAbortedException" => Meaning::Conflict,
        "LimitExceededException" | "LimitExceeded" if is_rate(&message.to_lowercase()) => Meaning::Throttled,
        "LimitExceededException" | "LimitExceeded" | "CodeStorageExceededException" => Meaning::LimitExceeded,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ProvisionedThroughputExceededException"
        | "SlowDown" => Meaning::Throttled,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidAccessKeyId"
        | "SignatureDoesNotMatch"
        | "ExpiredToken"
        | "ExpiredTokenException" => Meaning::Credentials,
        "AccessDenied" | "AccessDeniedException" => Meaning::Denied,
        "NotImplemented" | "UnknownOperationException" => Meaning::Unsupported,
        _ => match status {
            Some(404) => Meaning::NotFound,
            Some(403) => Meaning::Denied,
            Some(412) => Meaning::Conflict,
            Some(429) => Meaning::Throttled,
            Some(501) => Meaning::Unsupported,
            Some(500..) => Meaning::Unknown,
            _ => Meaning::Invalid,
        },
    }
}

/// Whether a limit is one of calls a second, which passes at once. What a day allows is told in the same words.
fn is_rate(message: &str) -> bool {
    message.contains("rate exceeded") && !["24 hour", "24-hour"].iter().any(|day| message.contains(day))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resource_in_use_is_there_already_when_creating_and_busy_otherwise() {
        let code = Some("ResourceInUseException");
        assert_eq!(meaning("kinesis:CreateStream", code, "", Some(400)), Meaning::AlreadyExists);
        assert_eq!(meaning("kinesis:UpdateShardCount", code, "", Some(400)), Meaning::Busy);
    }

    #[test]
    fn a_fault_on_the_other_side_leaves_open_whether_the_call_was_made() {
        assert_eq!(meaning("iam:CreateRole", Some("ServiceFailure"), "", Some(500)), Meaning::Unknown);
        assert_eq!(meaning("iam:CreateRole", None, "", Some(503)), Meaning::Unknown);
    }

    #[test]
    fn a_rate_is_not_a_quota() {
        let code = Some("LimitExceededException");
        assert_eq!(
            meaning("kinesis:CreateStream", code, "Rate exceeded for account", Some(400)),
            Meaning::Throttled
        );
        assert_eq!(meaning("kinesis:CreateStream", code, "shard quota", Some(400)), Meaning::LimitExceeded);
        let day = "Rate exceeded for stream s. UpdateShardCount was successful 10 times in the last 24 hours";
        assert_eq!(meaning("kinesis:UpdateShardCount", code, day, Some(400)), Meaning::LimitExceeded);
    }
}
