//! The invocation record: what a destination is told of an event.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::Value;

use super::super::invoke::InvokeResult;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: &'a str,
    condition: &'a str,
    approximate_invoke_count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function_error: Option<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    version: &'static str,
    timestamp: String,
    request_context: RequestContext<'a>,
    request_payload: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_payload: Option<Value>,
}

/// What a record is made of.
#[derive(Debug)]
pub(super) struct Told<'a> {
    pub(super) now: Timestamp,
    pub(super) request_id: &'a str,
    /// With its qualifier, `$LATEST` too.
    pub(super) function_arn: &'a str,
    /// `Success`, or why the event was given up.
    pub(super) condition: &'a str,
    pub(super) runs: u32,
    pub(super) payload: &'a Bytes,
    /// The last answer; none when the function never ran, or ran long before the end (?).
    pub(super) response: Option<&'a InvokeResult>,
}

/// Writes the record as AWS does. Answers that are no JSON go without a payload.
pub(super) fn write(told: &Told<'_>) -> Bytes {
    let json = |bytes: &Bytes| serde_json::from_slice(bytes).unwrap_or_default();
    let record = Record {
        version: "1.0",
        timestamp: told.now.to_zoned(TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
        request_context: RequestContext {
            request_id: told.request_id,
            function_arn: told.function_arn,
            condition: told.condition,
            approximate_invoke_count: told.runs,
        },
        request_payload: json(told.payload),
        response_context: told.response.map(|response| ResponseContext {
            status_code: 200,
            executed_version: &response.executed_version,
            function_error: response.function_error,
        }),
        response_payload: told.response.map(|response| json(&response.payload)),
    };
    serde_json::to_vec(&record).unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_is_written_as_aws_writes_it() {
        let payload = Bytes::from_static(br#"{"ORDER_IDS":["9e07af03"]}"#);
        let response = InvokeResult {
            payload: Bytes::from_static(br#"{"errorMessage":"Process exited before completing request"}"#),
            function_error: Some("Unhandled"),
            log_tail: Vec::new(),
            executed_version: "$LATEST".to_owned(),
            request_id: "e4b46cbf".to_owned(),
        };
        let mut told = Told {
            now: "2019-11-14T18:16:05.568Z".parse().unwrap(),
            request_id: "e4b46cbf",
            function_arn: "arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST",
            condition: "RetriesExhausted",
            runs: 3,
            payload: &payload,
            response: Some(&response),
        };
        let record: serde_json::Value = serde_json::from_slice(&write(&told)).unwrap();
        let mut expected = json!({
            "version": "1.0",
            "timestamp": "2019-11-14T18:16:05.568Z",
            "requestContext": {
                "requestId": "e4b46cbf",
                "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:my-function:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": 3,
            },
            "requestPayload": { "ORDER_IDS": ["9e07af03"] },
            "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
            "responsePayload": { "errorMessage": "Process exited before completing request" },
        });
        assert_eq!(record, expected);
        told.response = None;
        let members = expected.as_object_mut().unwrap();
        members.remove("responseContext");
        members.remove("responsePayload");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&write(&told)).unwrap(), expected);
    }
}
