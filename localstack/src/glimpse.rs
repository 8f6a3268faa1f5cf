//! A look at requests and answers that costs nothing: what a call is about and how it went, for people who watch.
//!
//! Bodies are not parsed again, since a `PutRecords` may have ten megabytes: the names are looked for near the
//! beginning and the end of the body, in JSON or CBOR. Where none is found, none is shown.

use std::time::Duration;

use http::{StatusCode, Uri};

use crate::http::Answer;
use crate::layers::{Layers, Request};
use crate::world::World;

/// Bytes that are looked at on either end of a body.
const WINDOW: usize = 600;

/// Characters of a name that are shown.
const LONGEST: usize = 120;

/// The members that name what a call is about.
const NAMES: [&str; 9] = [
    "StreamName",
    "StreamARN",
    "DeliveryStreamName",
    "ConsumerARN",
    "ResourceARN",
    "logGroupName",
    "AlarmName",
    "RoleName",
    "Namespace",
];

/// What a structured call is about.
pub(crate) fn resource(body: &[u8]) -> String {
    let ends =
        [body.get(..WINDOW).unwrap_or(body), body.get(body.len().saturating_sub(WINDOW)..).unwrap_or(body)];
    let found = NAMES.iter().find_map(|name| ends.iter().find_map(|part| member(part, name)));
    let found = found.or_else(|| NAMES.iter().find_map(|name| field(ends[0], name)));
    // The last part of an ARN is its name.
    found.map(|name| name.rsplit('/').next().unwrap_or(&name).to_owned()).unwrap_or_default()
}

/// What an S3 call is about: the bucket and key.
pub(crate) fn of_path(uri: &Uri) -> String {
    uri.path().trim_matches('/').chars().take(LONGEST).collect()
}

/// What a Lambda call is about: what stands behind the date and the kind in its path.
pub(crate) fn of_function(uri: &Uri) -> String {
    uri.path().split('/').nth(3).unwrap_or_default().chars().take(LONGEST).collect()
}

/// How a request ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// With this status, and AWS's code where it is an error that can be told.
    Answered(StatusCode, Option<String>),
    /// Without an answer, as a fault plan wanted.
    Closed,
}

impl Outcome {
    /// Whether a fault plan made records of a batch fail, and nothing else did.
    fn has_lost_records(&self) -> bool {
        matches!(self, Self::Answered(status, Some(error)) if status.is_success() && error.ends_with(LOST))
    }
}

/// A request on its way, to be remembered when it is answered.
#[derive(Debug)]
pub(crate) struct Watched {
    at: i64,
    begun: Duration,
    resource: String,
}

impl Watched {
    /// It came now.
    pub(crate) fn begin(world: &World, resource: String) -> Self {
        Self { at: world.clock.epoch_millis(), begun: world.clock.elapsed(), resource }
    }

    /// It was answered now, with this status and code.
    pub(crate) fn end(
        self,
        world: &World,
        layers: &Layers,
        (service, operation): (&'static str, String),
        outcome: Outcome,
        is_injected: bool,
    ) {
        let is_injected = is_injected || outcome.has_lost_records();
        let (status, error) = match outcome {
            Outcome::Answered(status, error) => (status.as_u16(), error),
            Outcome::Closed => (0, Some("the connection was closed".to_owned())),
        };
        let took = world.clock.elapsed().saturating_sub(self.begun);
        layers.recent.push(Request {
            at: self.at,
            service,
            operation,
            resource: self.resource,
            status,
            error,
            micros: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            is_injected,
        });
    }
}

/// Why records of a batch fail: for a limit, or because a fault plan makes them.
const CODES: [&str; 3] = ["ProvisionedThroughputExceededException", "ServiceUnavailableException", LOST];
const LOST: &str = "InternalFailure";

/// AWS's code in an error's answer, or how many records of a batch failed, and why.
pub(crate) fn error(answer: &Answer, operation: &str) -> Option<String> {
    if answer.status.is_client_error() || answer.status.is_server_error() {
        let by_header = answer.headers.get("x-amzn-errortype").and_then(|value| value.to_str().ok());
        let code = by_header.map(str::to_owned).or_else(|| member(&answer.body, "__type"));
        let code = code.or_else(|| between(&answer.body, b"<Code>", b"</Code>"))?;
        return Some(code.rsplit('#').next().unwrap_or(&code).split(':').next().unwrap_or(&code).to_owned());
    }
    if !matches!(operation, "PutRecords" | "PutRecordBatch") {
        return None;
    }
    let body = &answer.body;
    let ends =
        [body.get(..WINDOW).unwrap_or(body), body.get(body.len().saturating_sub(WINDOW)..).unwrap_or(body)];
    let count = |name| ends.iter().find_map(|part| number(part, name));
    let failed =
        count("FailedRecordCount").or_else(|| count("FailedPutCount")).filter(|failed| *failed > 0)?;
    // The code stands with a record that failed, wherever that is: here all of the answer is looked at.
    let code = CODES.iter().find(|code| place(body, code.as_bytes()).is_some());
    let why = code.map(|code| format!(": {code}")).unwrap_or_default();
    Some(format!("{failed} of its records failed{why}"))
}

/// The text that follows a member's name, in JSON or CBOR.
fn member(part: &[u8], name: &str) -> Option<String> {
    let rest = after(part, name)?;
    if let Some(rest) = rest.strip_prefix(b"\"") {
        let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start().strip_prefix(b"\"")?;
        return text(rest, rest.iter().position(|byte| *byte == b'"')?);
    }
    let (head, rest) = rest.split_first()?;
    match head {
        0x60..=0x77 => text(rest, usize::from(head - 0x60)),
        0x78 => rest.split_first().and_then(|(length, rest)| text(rest, usize::from(*length))),
        _ => None,
    }
}

/// The value of a form's field.
fn field(part: &[u8], name: &str) -> Option<String> {
    let mut fields = part.split(|byte| *byte == b'&');
    let value = fields.find_map(|field| field.strip_prefix(name.as_bytes())?.strip_prefix(b"="))?;
    text(value, value.len())
}

/// The number that follows a member's name, in JSON or CBOR.
fn number(part: &[u8], name: &str) -> Option<u64> {
    let rest = after(part, name)?;
    if let Some(rest) = rest.strip_prefix(b"\"") {
        let rest = rest.trim_ascii_start().strip_prefix(b":")?.trim_ascii_start();
        let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        return std::str::from_utf8(rest.get(..end)?).ok()?.parse().ok();
    }
    match rest {
        [small @ 0..=0x17, ..] => Some(u64::from(*small)),
        [0x18, one, ..] => Some(u64::from(*one)),
        [0x19, one, two, ..] => Some(u64::from(u16::from_be_bytes([*one, *two]))),
        _ => None,
    }
}

/// What follows a member's name. The byte before it has to begin it: a quote, or CBOR's head of a short text.
fn after<'a>(part: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let cbor = 0x60_u8.checked_add(u8::try_from(name.len()).ok()?)?;
    let at = part.windows(name.len() + 1).position(|window| {
        window
            .split_first()
            .is_some_and(|(head, rest)| (*head == b'"' || *head == cbor) && rest == name.as_bytes())
    })?;
    part.get(at + name.len() + 1..)
}

fn between(body: &[u8], start: &[u8], end: &[u8]) -> Option<String> {
    let rest = body.get(place(body, start)? + start.len()..)?;
    text(rest, place(rest, end)?)
}

/// Where one stands in the other.
fn place(body: &[u8], what: &[u8]) -> Option<usize> {
    body.windows(what.len()).position(|window| window == what)
}

fn text(bytes: &[u8], length: usize) -> Option<String> {
    let text = std::str::from_utf8(bytes.get(..length)?).ok()?;
    Some(text.chars().take(LONGEST).collect())
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn both(value: &serde_json::Value) -> [Vec<u8>; 2] {
        let mut cbor = Vec::new();
        ciborium::into_writer(value, &mut cbor).unwrap();
        [value.to_string().into_bytes(), cbor]
    }

    #[test]
    fn a_stream_is_named_by_name_or_arn_at_either_end_in_either_encoding() {
        let records: Vec<_> =
            (0..300).map(|n| json!({"Data": "AAAA", "PartitionKey": n.to_string()})).collect();
        let arn = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
        for value in [
            json!({"StreamName": "clicks", "Records": records}),
            json!({"Records": records, "StreamName": "clicks"}),
            json!({"Records": records, "StreamARN": arn}),
            json!({"DeliveryStreamName": "clicks", "Record": {"Data": "AA=="}}),
        ] {
            for body in both(&value) {
                assert_eq!(resource(&body), "clicks", "{}", value.to_string().len());
            }
        }
        assert_eq!(resource(b"Action=GetRole&RoleName=parse&Version=2010-05-08"), "parse");
        assert_eq!(resource(b"{}"), "");
    }

    #[test]
    fn errors_and_partial_failures_are_told() {
        let answer = |status, body: Vec<u8>| Answer::new("", body).with_status(status);
        let told = |status, body: &serde_json::Value, operation| {
            both(body).map(|body| error(&answer(status, body), operation))
        };
        let code = Some("ResourceNotFoundException".to_owned());
        let body = json!({"__type": "com.amazonaws.kinesis#ResourceNotFoundException", "message": "no"});
        assert_eq!(told(StatusCode::BAD_REQUEST, &body, "PutRecord"), [code.clone(), code]);
        for failed in [7, 200, 499] {
            let some = Some(format!("{failed} of its records failed"));
            let body = json!({"FailedRecordCount": failed, "Records": []});
            assert_eq!(told(StatusCode::OK, &body, "PutRecords"), [some.clone(), some]);
        }
        let put = json!({"ShardId": "shardId-000000000000", "SequenceNumber": "1".repeat(56)});
        for (code, is_lost) in [(CODES[0], false), (CODES[1], false), (LOST, true)] {
            let failed = json!({"ErrorCode": code, "ErrorMessage": "no"});
            let records = [vec![put.clone(); 200], vec![failed], vec![put.clone(); 200]].concat();
            let body = json!({"FailedRecordCount": 1, "Records": records});
            let some = Some(format!("1 of its records failed: {code}"));
            assert_eq!(told(StatusCode::OK, &body, "PutRecords"), [some.clone(), some.clone()]);
            assert_eq!(Outcome::Answered(StatusCode::OK, some).has_lost_records(), is_lost);
        }
        assert_eq!(told(StatusCode::OK, &json!({"FailedRecordCount": 0}), "PutRecords"), [None, None]);
        let xml = b"<ErrorResponse><Error><Code>NoSuchEntity</Code></Error></ErrorResponse>".to_vec();
        assert_eq!(error(&answer(StatusCode::NOT_FOUND, xml), "GetRole").as_deref(), Some("NoSuchEntity"));
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in prop::collection::vec(any::<u8>(), 0..2000), name in 0..NAMES.len(), at in 0_usize..1000) {
            let mut body = body;
            let at = at.min(body.len());
            let name = NAMES[name].as_bytes();
            body.splice(at..at, [b'"'].into_iter().chain(name.iter().copied()));
            resource(&body);
            error(&Answer::new("", body.clone()), "PutRecords");
            error(&Answer::new("", body).with_status(StatusCode::BAD_REQUEST), "PutRecords");
        }
    }
}
