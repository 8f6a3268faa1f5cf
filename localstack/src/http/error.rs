//! AWS's errors and how each protocol writes them.

use std::borrow::Cow;

use http::StatusCode;
use http::header::HeaderName;
use serde::Serialize;

use super::answer::Answer;
use super::codec::Codec;
use super::context::RequestId;
use super::xml::Xml;

/// An error as AWS names it: the code is what clients match on, the message is what people read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct AwsError {
    /// The HTTP status.
    pub status: StatusCode,
    /// The error's name, such as `ResourceNotFoundException`.
    pub code: Cow<'static, str>,
    /// What went wrong, in AWS's words.
    pub message: String,
}

impl AwsError {
    /// An error with any status.
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// 400, as most client errors of the JSON protocols are.
    pub fn bad_request(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `ValidationException`.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::bad_request("ValidationException", message)
    }

    /// 400 `UnknownOperationException`: an operation that does not exist, or not here.
    pub fn unknown_operation(operation: &str) -> Self {
        Self::bad_request(
            "UnknownOperationException",
            format!("The operation '{operation}' is not known to this endpoint."),
        )
    }

    /// 500 `InternalFailure`; the cause goes to the log.
    pub fn internal(cause: &dyn std::fmt::Display) -> Self {
        tracing::error!(%cause, "internal failure");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "InternalFailure",
            "The request processing has failed because of an unknown error, exception or failure.",
        )
    }

    fn fault(&self) -> &'static str {
        if self.status.is_server_error() { "Receiver" } else { "Sender" }
    }
}

/// The wire protocol of a call, which decides how its error is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// AWS JSON 1.0 or 1.1, and its CBOR twin: `X-Amz-Target` names the operation.
    AwsJson { codec: Codec, content_type: &'static str },
    /// Smithy RPC v2 CBOR: the path names the operation.
    RpcCbor,
    /// Form in, XML out.
    Query { namespace: &'static str },
    /// Lambda's paths and JSON.
    RestJson,
}

/// AWS's deserializer tells what it does not understand under another name than the services do, and often without
/// a word.
#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(rename = "__type")]
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(rename = "Message", skip_serializing_if = "Option::is_none")]
    serialization: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RestErrorBody<'a> {
    #[serde(rename = "Type")]
    fault: &'a str,
    message: &'a str,
    #[serde(rename = "message")]
    lower_message: &'a str,
}

const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

impl Protocol {
    /// The answer that carries this error.
    pub(crate) fn error(self, error: &AwsError, request_id: RequestId) -> Answer {
        let answer = match self {
            // CloudWatch, which older clients know by the query protocol, is the one that speaks 1.0.
            Self::AwsJson { codec, content_type } if content_type.ends_with("-1.0") => {
                Self::structured(codec, content_type, error).with_header(QUERY_ERROR, &older(error))
            }
            Self::AwsJson { codec, content_type } => Self::structured(codec, content_type, error),
            Self::RpcCbor => Self::structured(Codec::Cbor, "application/cbor", error)
                .with_header(HeaderName::from_static("smithy-protocol"), "rpc-v2-cbor")
                .with_header(QUERY_ERROR, &older(error)),
            Self::Query { namespace } => query_error(namespace, error, request_id),
            Self::RestJson => rest_error(error),
        };
        answer.with_status(error.status)
    }

    fn structured(codec: Codec, content_type: &'static str, error: &AwsError) -> Answer {
        let words = Some(error.message.as_str()).filter(|message| !message.is_empty());
        let (serialization, message) =
            if error.code == "SerializationException" { (words, None) } else { (None, words) };
        let bytes =
            codec.encode(&ErrorBody { kind: &error.code, message, serialization }).unwrap_or_default();
        Answer::new(content_type, bytes).with_header(ERROR_TYPE, &error.code)
    }
}

/// The code older clients match on: these of CloudWatch had other names in the query protocol.
pub(crate) fn older_code(code: &str) -> &str {
    match code {
        "InvalidParameterValueException" => "InvalidParameterValue",
        "InvalidParameterCombinationException" => "InvalidParameterCombination",
        "MissingRequiredParameterException" => "MissingParameter",
        "ValidationException" => "ValidationError",
        "InvalidFormatFault" => "InvalidFormat",
        "LimitExceededFault" => "LimitExceeded",
        "DashboardNotFoundError" => "ResourceNotFound",
        "DashboardInvalidInputError" => "InvalidParameterInput",
        "InternalServiceFault" => "InternalServiceError",
        code => code,
    }
}

fn older(error: &AwsError) -> String {
    format!("{};{}", older_code(&error.code), error.fault())
}

fn rest_error(error: &AwsError) -> Answer {
    let fault = if error.status.is_server_error() { "Service" } else { "User" };
    let body = RestErrorBody { fault, message: &error.message, lower_message: &error.message };
    let bytes = Codec::Json.encode(&body).unwrap_or_default();
    Answer::new("application/json", bytes).with_header(ERROR_TYPE, &error.code)
}

fn query_error(namespace: &'static str, error: &AwsError, request_id: RequestId) -> Answer {
    let mut xml = Xml::document("ErrorResponse", namespace);
    xml.element("Error", |xml| {
        xml.leaf("Type", error.fault());
        xml.leaf("Code", &error.code);
        xml.leaf("Message", &error.message);
    });
    xml.leaf("RequestId", request_id.to_string());
    Answer::new("text/xml", xml.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(protocol: Protocol) -> Answer {
        let error = AwsError::bad_request("NoSuchThing", "no <thing>");
        protocol.error(&error, RequestId::next(&crate::dice::Dice::default()))
    }

    #[test]
    fn json_errors_have_a_type_and_a_message() {
        let answer =
            written(Protocol::AwsJson { codec: Codec::Json, content_type: "application/x-amz-json-1.1" });
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(&answer.body[..], br#"{"__type":"NoSuchThing","message":"no <thing>"}"#);
    }

    #[test]
    fn query_errors_are_escaped_xml() {
        let text = String::from_utf8(written(Protocol::Query { namespace: "urn:x" }).body.to_vec()).unwrap();
        assert!(text.contains("<Code>NoSuchThing</Code><Message>no &lt;thing&gt;</Message>"), "{text}");
        assert!(text.contains("<Type>Sender</Type>"), "{text}");
    }

    #[test]
    fn rpc_errors_carry_the_query_code_that_older_clients_match_on() {
        let answer = written(Protocol::RpcCbor);
        assert_eq!(answer.headers["x-amzn-query-error"], "NoSuchThing;Sender");
    }
}
