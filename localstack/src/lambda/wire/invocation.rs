//! `Invoke`.

use ::http::StatusCode;
use ::http::header::{HeaderName, RETRY_AFTER};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::http::{Answer, AwsError};

use super::super::error::LambdaError;
use super::super::invoke::{Event, InvokeResult};
use super::super::name::FunctionRef;
use super::{Request, no_content};

const EXECUTED_VERSION: HeaderName = HeaderName::from_static("x-amz-executed-version");
const FUNCTION_ERROR: HeaderName = HeaderName::from_static("x-amz-function-error");
const LOG_RESULT: HeaderName = HeaderName::from_static("x-amz-log-result");

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
/// (?) The API's model has the header; what AWS puts into it is not documented.
const RETRY_AFTER_SECONDS: &str = "1";

/// Longest client context in base64.
const MAX_CLIENT_CONTEXT: usize = 3583;

/// Invokes a function synchronously, as an event, or not at all.
pub(super) async fn invoke(request: &Request<'_>, name: &str) -> Result<Answer, AwsError> {
    match try_invoke(request, name).await {
        Err(LambdaError::TooManyRequests { reason }) => throttled(request, reason),
        answer => Ok(answer?),
    }
}

async fn try_invoke(request: &Request<'_>, name: &str) -> Result<Answer, LambdaError> {
    let (world, lambda, here) = (request.world, &request.world.lambda, request.here());
    let named = FunctionRef::parse(name)?.qualified(request.call.query("Qualifier"));
    lambda.version(&named, &here)?;
    let event = Event {
        payload: payload(&request.call.body)?,
        client_context: client_context(request)?,
        request_id: Some(request.call.context.request_id.to_string()),
    };
    match header(request, "x-amz-invocation-type").unwrap_or("RequestResponse") {
        "DryRun" => Ok(no_content()),
        "Event" => {
            lambda.enqueue(world, (&named, here), event, 0)?;
            Ok(Answer { status: StatusCode::ACCEPTED, ..Answer::default() })
        }
        "RequestResponse" => {
            let result = lambda.invoke_named(world, (&named, &here), event).await?;
            Ok(answered(request, result))
        }
        other => Err(LambdaError::Validation(format!(
            "1 validation error detected: Value '{other}' at 'invocationType' failed to satisfy constraint: Member must \
             satisfy enum value set: [Event, RequestResponse, DryRun]"
        ))),
    }
}

fn answered(request: &Request<'_>, result: InvokeResult) -> Answer {
    let mut answer = Answer::new("application/json", result.payload)
        .with_header(EXECUTED_VERSION, &result.executed_version);
    if let Some(error) = result.function_error {
        answer = answer.with_header(FUNCTION_ERROR, error);
    }
    if header(request, "x-amz-log-type") == Some("Tail") {
        answer = answer.with_header(LOG_RESULT, &BASE64.encode(&result.log_tail));
    }
    answer
}

/// The one error of Lambda with more members: which limit it was, and when to try again.
fn throttled(request: &Request<'_>, reason: &'static str) -> Result<Answer, AwsError> {
    let error = LambdaError::TooManyRequests { reason };
    let body = json!({ "Reason": reason, "Type": "User", "message": error.to_string() });
    let answer = request.output(&body)?.with_status(StatusCode::TOO_MANY_REQUESTS);
    Ok(answer.with_header(ERROR_TYPE, error.code()).with_header(RETRY_AFTER, RETRY_AFTER_SECONDS))
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

/// What the caller says of itself: JSON in base64, which fits into a header of the Runtime API when it is compact.
fn client_context(request: &Request<'_>) -> Result<Option<String>, LambdaError> {
    let Some(text) = header(request, "x-amz-client-context") else { return Ok(None) };
    let context = BASE64.decode(text).ok().filter(|_| text.len() <= MAX_CLIENT_CONTEXT);
    let context = context.and_then(|json| serde_json::from_slice::<serde_json::Map<_, _>>(&json).ok());
    let context: serde_json::Map<String, serde_json::Value> = context.ok_or_else(|| {
        LambdaError::PayloadNotJson("Client context must be a valid Base64-encoded JSON object.".to_owned())
    })?;
    Ok(Some(ascii(&serde_json::Value::Object(context).to_string())))
}

/// The same JSON in ASCII, which is what a header holds.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            let mut units = [0; 2];
            text.extend(letter.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        }
    }
    text
}

fn header<'a>(request: &Request<'a>, name: &str) -> Option<&'a str> {
    request.call.headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_context_is_the_same_json_in_ascii() {
        let text = ascii(r#"{"a":"ö😀\n"}"#);
        assert_eq!(text, r#"{"a":"\u00f6\ud83d\ude00\n"}"#);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["a"], "ö😀\n");
    }

    #[test]
    fn a_payload_is_json_or_nothing() {
        assert_eq!(payload(&Bytes::new()).unwrap(), "{}");
        assert!(payload(&Bytes::from_static(b"[1, \"a\"]")).is_ok());
        assert!(payload(&Bytes::from_static(b"hello")).is_err());
    }
}
