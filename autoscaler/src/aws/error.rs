//! What an SDK error means for whoever steers a stream.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::display::DisplayErrorContext;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::execute::{CallError, CallErrorKind};

/// Puts an SDK error in the words of the port.
pub(super) fn failed<E>(action: &'static str, error: &SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    let status = error.raw_response().map(|response| response.status().as_u16());
    if let SdkError::ServiceError(service) = error {
        let code = service.err().code().unwrap_or_default();
        let message = service.err().message().filter(|message| !message.is_empty()).unwrap_or(code);
        let message = if message.is_empty() { "no message" } else { message };
        return CallError { kind: kind(code, message, status), action, message: message.to_owned() };
    }
    let told = DisplayErrorContext(error).to_string();
    let kind = match error {
        _ if lacks_credentials(&told) => CallErrorKind::Credentials,
        SdkError::DispatchFailure(failure) if !failure.is_timeout() && told.contains("onnect") => {
            CallErrorKind::Unreachable
        }
        SdkError::ConstructionFailure(_) => CallErrorKind::Refused,
        _ => CallErrorKind::Unknown,
    };
    CallError { kind, action, message: innermost(error) }
}

fn kind(code: &str, message: &str, status: Option<u16>) -> CallErrorKind {
    use CallErrorKind as Kind;
    match code {
        "ResourceNotFoundException" => Kind::Vanished,
        "ResourceInUseException" => Kind::Busy,
        "LimitExceededException" => limit(message),
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => {
            Kind::Throttled
        }
        "AccessDenied" | "AccessDeniedException" => Kind::Denied,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "IncompleteSignature"
        | "MissingAuthenticationToken"
        | "ExpiredToken"
        | "ExpiredTokenException" => Kind::Credentials,
        _ => match status {
            Some(403) => Kind::Denied,
            Some(429) => Kind::Throttled,
            Some(500..) => Kind::Unknown,
            _ => Kind::Refused,
        },
    }
}

/// Kinesis has one code for a day that is spent, a quota, and calls that come too fast (?): AWS's words for each are not
/// documented, so what names 24 hours is the first, what names a rate the last.
fn limit(message: &str) -> CallErrorKind {
    let message = message.to_lowercase();
    if message.contains("24 hours") || message.contains("24 hour") || message.contains("24-hour") {
        CallErrorKind::DaySpent
    } else if message.contains("rate exceeded") || message.contains("transactions per second") {
        CallErrorKind::Throttled
    } else {
        CallErrorKind::Quota
    }
}

fn lacks_credentials(told: &str) -> bool {
    [
        "CredentialsNotLoaded",
        "ProviderTimedOut",
        "credentials provider",
        "no providers in chain",
        "ProviderError",
    ]
    .iter()
    .any(|part| told.contains(part))
}

/// The message at the end of the chain of causes, which is the one that says something.
fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut last = error;
    while let Some(cause) = last.source() {
        last = cause;
    }
    last.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_code_for_three_limits_is_told_apart_by_its_words() {
        let of = |message| kind("LimitExceededException", message, Some(400));
        let day = "Rate exceeded for stream s under account 1. UpdateShardCount was successful 10 times in the last 24 \
                   hours, which is the limit.";
        assert_eq!(of(day), CallErrorKind::DaySpent);
        assert_eq!(of("Rate exceeded for stream s under account 1."), CallErrorKind::Throttled);
        assert_eq!(of("This request would exceed the shard limit for the account"), CallErrorKind::Quota);
    }

    #[test]
    fn what_may_have_been_carried_out_is_told_from_what_was_not() {
        assert_eq!(kind("InternalFailure", "", Some(500)), CallErrorKind::Unknown);
        assert_eq!(kind("InvalidArgumentException", "", Some(400)), CallErrorKind::Refused);
        assert_eq!(kind("AccessDeniedException", "", Some(400)), CallErrorKind::Denied);
    }
}
