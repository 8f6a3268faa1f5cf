//! Why an operation on functions failed, with the status and code AWS gives it.

use ::http::StatusCode;

use crate::http::AwsError;

use super::package::PackageError;

/// An error of the service. Its text is AWS's message.
#[derive(Debug, thiserror::Error)]
pub enum LambdaError {
    /// No such function, version or qualifier; by ARN.
    #[error("Function not found: {0}")]
    FunctionNotFound(String),
    /// A call for one region names a function of another by its ARN.
    #[error("Functions from '{region}' are not reachable in this region ('{here}')")]
    Elsewhere {
        /// The region of the ARN.
        region: String,
        /// The region of the call.
        here: String,
    },
    /// Something else that is not there.
    #[error("{0}")]
    NotFound(String),
    /// A function of that name is there already.
    #[error("Function already exist: {0}")]
    FunctionExists(String),
    /// The function is being created or updated, or the like.
    #[error("{0}")]
    Conflict(String),
    /// An event source mapping that is still changing can be neither changed nor deleted.
    #[error("Cannot {0} the event source mapping because it is in use.")]
    InUse(&'static str),
    /// A value AWS refuses.
    #[error("{0}")]
    InvalidParameter(String),
    /// A value that breaks the API model's constraints.
    #[error("{0}")]
    Validation(String),
    /// The code package cannot be used.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The payload is larger than this kind of invocation takes.
    #[error("{size} byte payload is too large for the {kind} invocation type (limit {limit} bytes)")]
    PayloadTooLarge {
        /// Its size.
        size: usize,
        /// `RequestResponse` or `Event`.
        kind: &'static str,
        /// What is taken.
        limit: usize,
    },
    /// The payload is not JSON.
    #[error("Could not parse request body into json: {0}")]
    PayloadNotJson(String),
    /// More invocations at a time than allowed.
    #[error("Rate Exceeded.")]
    TooManyRequests {
        /// `ReservedFunctionConcurrentInvocationLimitExceeded` and the like.
        reason: &'static str,
    },
    /// The revision id sent along is not the function's.
    #[error(
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id"
    )]
    RevisionMismatch,
    /// The endpoint is shutting down.
    #[error("The endpoint is shutting down")]
    Stopping,
    /// The endpoint could not do its part.
    #[error("the function could not be run: {0}")]
    Executor(String),
}

impl LambdaError {
    /// AWS's error code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::FunctionNotFound(_) | Self::Elsewhere { .. } | Self::NotFound(_) => {
                "ResourceNotFoundException"
            }
            Self::FunctionExists(_) | Self::Conflict(_) => "ResourceConflictException",
            Self::InUse(_) => "ResourceInUseException",
            Self::InvalidParameter(_) | Self::Package(_) => "InvalidParameterValueException",
            Self::Validation(_) => "ValidationException",
            Self::PayloadTooLarge { .. } => "RequestTooLargeException",
            Self::PayloadNotJson(_) => "InvalidRequestContentException",
            Self::TooManyRequests { .. } => "TooManyRequestsException",
            Self::RevisionMismatch => "PreconditionFailedException",
            Self::Stopping | Self::Executor(_) => "ServiceException",
        }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::FunctionNotFound(_) | Self::Elsewhere { .. } | Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::FunctionExists(_) | Self::Conflict(_) => StatusCode::CONFLICT,
            Self::InUse(_)
            | Self::InvalidParameter(_)
            | Self::Package(_)
            | Self::Validation(_)
            | Self::PayloadNotJson(_) => StatusCode::BAD_REQUEST,
            Self::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyRequests { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::RevisionMismatch => StatusCode::PRECONDITION_FAILED,
            Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Executor(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<LambdaError> for AwsError {
    fn from(error: LambdaError) -> Self {
        Self::new(error.status(), error.code(), error.to_string())
    }
}
