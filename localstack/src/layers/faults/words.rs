//! The errors of a fault plan, as each service words them.

use http::StatusCode;

use crate::http::AwsError;
use crate::layers::Call;

/// Refused for rate.
pub(super) fn throttled(call: &Call) -> AwsError {
    let name = &call.resource;
    let (status, code, message) = match (call.service, call.operation.as_str()) {
        ("kinesis", "PutRecord" | "PutRecords" | "GetRecords" | "GetShardIterator") => {
            // AWS names the shard and the account too; which, nobody knows here (?).
            (400, "ProvisionedThroughputExceededException", format!("Rate exceeded for stream {name}."))
        }
        ("kinesis", _) => (400, "LimitExceededException", format!("Rate exceeded for stream {name}.")),
        ("firehose", "PutRecord" | "PutRecordBatch") => {
            (503, "ServiceUnavailableException", "Slow down.".to_owned())
        }
        ("lambda", _) => (429, "TooManyRequestsException", "Rate exceeded".to_owned()),
        ("s3", _) => (503, "SlowDown", "Please reduce your request rate.".to_owned()),
        ("iam" | "sts" | "monitoring", _) => (400, "Throttling", "Rate exceeded".to_owned()),
        _ => (400, "ThrottlingException", "Rate exceeded".to_owned()),
    };
    answer(status, code, message)
}

/// A 500.
pub(super) fn internal(call: &Call) -> AwsError {
    let (code, message) = match call.service {
        "s3" => ("InternalError", "We encountered an internal error. Please try again."),
        "lambda" => ("ServiceException", "An error occurred and the request cannot be processed."),
        "iam" => ("ServiceFailure", "The request processing has failed because of an unknown error."),
        "monitoring" => ("InternalServiceFault", "Request processing has failed due to some unknown error."),
        _ => ("InternalFailure", INTERNAL),
    };
    answer(500, code, message.to_owned())
}

/// A 503.
pub(super) fn unavailable(call: &Call) -> AwsError {
    let (code, message) = match call.service {
        "s3" => ("ServiceUnavailable", "Service is unable to handle request."),
        "firehose" | "logs" => ("ServiceUnavailableException", UNAVAILABLE),
        _ => ("ServiceUnavailable", UNAVAILABLE),
    };
    answer(503, code, message.to_owned())
}

const INTERNAL: &str = "The request processing has failed because of an unknown error, exception or failure.";
const UNAVAILABLE: &str = "The request has failed due to a temporary failure of the server.";

fn answer(status: u16, code: &'static str, message: String) -> AwsError {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    AwsError::new(status, code, message)
}
