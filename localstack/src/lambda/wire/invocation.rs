//! `Invoke`.

use ::http::StatusCode;
use ::http::header::HeaderName;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::de::IgnoredAny;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::{Request, no_content};

const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");

/// Invokes a function synchronously, as an event, or not at all.
pub(super) async fn invoke(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    let (world, lambda) = (request.world, &request.world.lambda);
    let named = request.function(name)?;
    // The caller's region is in the error, so it is looked up here and not left to the invocation.
    let version = lambda.version(&named, &request.here())?;
    let payload = payload(&request.call.body)?;
    match header(request, "x-amz-invocation-type").unwrap_or("RequestResponse") {
        "DryRun" => Ok(no_content()),
        "Event" => {
            lambda.enqueue(world, named, payload)?;
            Ok(Answer { status: StatusCode::ACCEPTED, ..Answer::default() })
        }
        "RequestResponse" => {
            let target = format!("{}:{}", named.name.as_str(), version.number);
            let result = lambda.invoke(world, &target, payload).await?;
            let mut answer = Answer::new("application/json", result.payload)
                .with_header(EXECUTED_VERSION, &result.executed_version);
            if let Some(error) = result.function_error {
                answer = answer.with_header(FUNCTION_ERROR, error);
            }
            if header(request, "x-amz-log-type") == Some("Tail") {
                answer = answer.with_header(LOG_RESULT, &BASE64.encode(&result.log_tail));
            }
            Ok(answer)
        }
        other => Err(LambdaError::InvalidParameter(format!(
            "Value '{other}' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: \
             [Event, RequestResponse, DryRun]"
        ))
        .into()),
    }
}

/// The event: JSON, and an empty object when nothing was sent.
fn payload(body: &Bytes) -> Result<Bytes, LambdaError> {
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    match serde_json::from_slice::<IgnoredAny>(body) {
        Ok(_) => Ok(body.clone()),
        Err(error) => Err(LambdaError::PayloadNotJson(format!("Could not parse payload into json: {error}"))),
    }
}

fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    request.call.headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_is_json_or_nothing() {
        assert_eq!(payload(&Bytes::new()).unwrap(), "{}");
        assert!(payload(&Bytes::from_static(b"[1, \"a\"]")).is_ok());
        assert!(payload(&Bytes::from_static(b"hello")).is_err());
    }
}
