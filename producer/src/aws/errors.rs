//! Sorts the SDK's errors by what to do about them.

use std::error::Error;
use std::sync::Arc;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kinesis::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::sink::SinkErrorKind;

/// An error of the SDK, sorted.
pub(crate) struct Sorted {
    pub(crate) kind: SinkErrorKind,
    pub(crate) code: Arc<str>,
    pub(crate) message: Arc<str>,
}

pub(crate) fn sort<E>(error: &SdkError<E, HttpResponse>) -> Sorted
where
    E: ProvideErrorMetadata + Error + 'static,
{
    if let SdkError::ServiceError(service) = error {
        let code = service.err().code().unwrap_or("UnknownError");
        let message = service.err().message().unwrap_or("no message");
        let status = service.raw().status().as_u16();
        return Sorted { kind: kind_of(code, status), code: code.into(), message: message.into() };
    }
    let (kind, code) = match error {
        SdkError::TimeoutError(_) => (SinkErrorKind::Transient, "RequestTimeout"),
        SdkError::ResponseError(_) => (SinkErrorKind::Transient, "MalformedAnswer"),
        SdkError::DispatchFailure(_) if lacks_credentials(error) => (SinkErrorKind::Fatal, "NoCredentials"),
        SdkError::DispatchFailure(_) => (SinkErrorKind::Transient, "RequestFailed"),
        _ => (SinkErrorKind::Fatal, "RequestNotBuilt"),
    };
    Sorted { kind, code: code.into(), message: chain(error).into() }
}

/// Codes as the Kinesis API reference and "Common errors" list them.
fn kind_of(code: &str, status: u16) -> SinkErrorKind {
    match code {
        "ProvisionedThroughputExceededException"
        | "KMSThrottlingException"
        | "LimitExceededException"
        | "RequestLimitExceeded"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => SinkErrorKind::Throttled,
        "InternalFailure"
        | "InternalFailureException"
        | "RequestTimeout"
        | "RequestTimeoutException"
        | "ServiceUnavailable" => SinkErrorKind::Transient,
        _ if status >= 500 => SinkErrorKind::Transient,
        _ if status == 429 => SinkErrorKind::Throttled,
        _ => SinkErrorKind::Fatal,
    }
}

fn lacks_credentials(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|cause| {
        matches!(
            cause.downcast_ref(),
            Some(CredentialsError::CredentialsNotLoaded(_) | CredentialsError::InvalidConfiguration(_))
        )
    })
}

/// The whole chain in one line: the SDK's outermost message alone is "dispatch failure".
fn chain(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let error = next?;
        next = error.source();
        Some(error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_retry_can_mend_is_told_from_what_it_cannot() {
        for (code, status, kind) in [
            ("ProvisionedThroughputExceededException", 400, SinkErrorKind::Throttled),
            ("InternalFailure", 500, SinkErrorKind::Transient),
            ("Whatever", 503, SinkErrorKind::Transient),
            ("Whatever", 429, SinkErrorKind::Throttled),
            ("ResourceNotFoundException", 400, SinkErrorKind::Fatal),
            ("AccessDeniedException", 400, SinkErrorKind::Fatal),
            ("UnrecognizedClientException", 400, SinkErrorKind::Fatal),
        ] {
            assert_eq!(kind_of(code, status), kind, "{code}");
        }
    }
}
