//! Sends one batch to an HTTP endpoint, as "HTTP endpoint delivery request and response specifications" in the
//! Firehose guide has it.
//!
//! A request keeps its id over all attempts. Anything but a well-formed 200 is a failure; it is sent again until the
//! retry duration is used up, which counts the pauses (they double, with a part that is drawn) and not the waiting for
//! answers. What is not taken then goes to
//! the error output, save after a 413: AWS documents that such a batch is not kept.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use flate2::write::GzEncoder;
use serde::Deserialize;

use super::counters::Kind;
use super::lanes::Sealed;
use super::{Configured, Shared};
use crate::firehose::buffer::{Filled, Tally};
use crate::firehose::ports::{HttpAnswer, HttpRequest, NoAnswer};
use crate::firehose::settings::{HttpTarget, Target};
use crate::firehose::transform::failure::{FailedRecord, Failure};

/// How long an endpoint may take for its answer.
const PATIENCE: Duration = Duration::from_secs(180);
/// Longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(120);
/// How much longer or shorter a pause may be, in thousandths.
const JITTER: u64 = 150;
/// Most of an answer that is repeated in messages, in characters.
const REPEATED: usize = 1_000;

/// Lines for the error output, each with its record.
pub(super) type Undelivered = Vec<(String, Tally)>;

/// Why an attempt failed.
struct Refused {
    failure: Failure,
    /// What the error log says.
    logged: String,
    /// Whether another attempt makes no sense, and the batch is not kept.
    for_good: bool,
}

/// Sends a batch. Returns the records that the endpoint did not take.
pub(super) async fn send(shared: Arc<Shared>, sealed: Sealed) -> Undelivered {
    let Sealed { filled, under, .. } = sealed;
    let id = shared.dice.uuid("endpoint request", shared.arn()).to_string();
    let mut waited = Duration::ZERO;
    for attempt in 1.. {
        let configured = shared.configured_like(&under);
        let Target::Http(target) = &configured.destination.target else { return Undelivered::new() };
        shared.attempted(filled.marks.len(), filled.body.len());
        let result = once(&shared, target, &id, &filled).await;
        shared.tried(Kind::Data, &configured.destination, result.is_ok());
        let Err(refused) = result else {
            shared.delivered(Kind::Data, &configured.destination, &filled.tally, filled.body.len());
            return Undelivered::new();
        };
        report(&shared, &configured, &target.url, &refused);
        if refused.for_good {
            shared.lost(Kind::Data, &filled.tally);
            return Undelivered::new();
        }
        let pause = pause_after(attempt, shared.dice.draw("endpoint pause", shared.arn()));
        if waited + pause > target.retry || shared.draining.is_cancelled() {
            return undelivered(&filled, &refused.failure, attempt, shared.clock.epoch_millis());
        }
        waited += pause;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.draining.cancelled() => {}
        }
    }
    Undelivered::new()
}

/// One attempt.
async fn once(shared: &Shared, target: &HttpTarget, id: &str, filled: &Filled) -> Result<(), Refused> {
    let json = body(id, shared.clock.epoch_millis(), filled);
    let request = HttpRequest {
        url: target.url.clone(),
        headers: headers(&shared.source.delivery_stream_arn, target, id),
        body: if target.gzip { gzipped(shared, json).await } else { json },
    };
    // A real server answers in real time.
    let held = shared.hold.hold(PATIENCE);
    let answer = tokio::time::timeout(PATIENCE, shared.ports.endpoints.post(request)).await;
    drop(held);
    let refused = |code, message: &str| Refused {
        failure: Failure::of_endpoint(code, message.to_owned()),
        logged: message.to_owned(),
        for_good: false,
    };
    match answer {
        Ok(Ok(answer)) => judge(id, &answer),
        Ok(Err(NoAnswer::ConnectionFailed)) => Err(refused(
            "HttpEndpoint.ConnectionFailed",
            "Unable to connect to the destination endpoint. Contact the owner of the endpoint to resolve this issue.",
        )),
        Ok(Err(NoAnswer::ConnectionReset)) => Err(refused(
            "HttpEndpoint.ConnectionReset",
            "Unable to maintain connection with the endpoint. Contact the owner of the endpoint to resolve this issue.",
        )),
        Ok(Err(NoAnswer::TooLarge)) => Err(refused(
            "HttpEndpoint.ResponseTooLarge",
            "The response received from the endpoint is too large. Contact the owner of the endpoint to resolve this \
             issue.",
        )),
        Err(_elapsed) => Err(refused(
            "HttpEndpoint.RequestTimeout",
            "The delivery timed out before a response was received and will be retried. If this error persists, contact \
             the AWS Firehose service team.",
        )),
    }
}

fn headers(stream_arn: &str, target: &HttpTarget, id: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![
        ("x-amz-firehose-protocol-version", "1.0".to_owned()),
        ("x-amz-firehose-request-id", id.to_owned()),
        ("content-type", "application/json".to_owned()),
        ("x-amz-firehose-source-arn", stream_arn.to_owned()),
        ("user-agent", "Amazon Kinesis Data Firehose Agent/1.0".to_owned()),
    ];
    if target.gzip {
        headers.push(("content-encoding", "gzip".to_owned()));
    }
    if let Some(key) = &target.access_key {
        headers.push(("x-amz-firehose-access-key", key.clone()));
    }
    if !target.attributes.is_empty() {
        let attributes = target.attributes.iter().map(|(name, value)| (name.clone(), value.clone().into()));
        let attributes: serde_json::Map<String, serde_json::Value> = attributes.collect();
        let common = serde_json::json!({ "commonAttributes": attributes });
        headers.push(("x-amz-firehose-common-attributes", common.to_string()));
    }
    headers
}

/// `{"requestId": …, "timestamp": …, "records": [{"data": …}]}`
fn body(id: &str, now: i64, filled: &Filled) -> Bytes {
    let mut out = String::with_capacity(filled.body.len() / 3 * 4 + filled.marks.len() * 16 + 128);
    let _infallible = write!(out, r#"{{"requestId":"{id}","timestamp":{now},"records":["#);
    for (index, data) in pieces(filled).enumerate() {
        out.push_str(if index == 0 { r#"{"data":""# } else { r#",{"data":""# });
        STANDARD.encode_string(data, &mut out);
        out.push_str(r#""}"#);
    }
    out.push_str("]}");
    Bytes::from(out)
}

/// The records in a buffer.
fn pieces(filled: &Filled) -> impl Iterator<Item = Bytes> {
    let starts = std::iter::once(0).chain(filled.marks.iter().map(|mark| mark.end));
    starts.zip(&filled.marks).map(|(start, mark)| filled.body.slice(start..mark.end))
}

async fn gzipped(shared: &Shared, body: Bytes) -> Bytes {
    let packed = shared.hold.offload(move || {
        let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 4), flate2::Compression::fast());
        encoder.write_all(&body)?;
        encoder.finish()
    });
    match packed.await {
        Ok(Ok(packed)) => Bytes::from(packed),
        // Neither can happen: the buffer is memory, and nobody cancels the task.
        Ok(Err(_)) | Err(_) => Bytes::new(),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Acknowledgment {
    request_id: String,
    #[serde(rename = "timestamp")]
    _timestamp: i64,
}

/// Decides whether an answer takes the batch.
fn judge(id: &str, answer: &HttpAnswer) -> Result<(), Refused> {
    let text: String = String::from_utf8_lossy(&answer.body).chars().take(REPEATED).collect();
    let status = answer.status;
    if status != 200 {
        return Err(Refused {
            failure: Failure::of_endpoint(
                "HttpEndpoint.DestinationException",
                format!("Received the following response from the endpoint destination. {text}"),
            ),
            logged: format!(
                "The following response was received from the endpoint destination. {status}: {text}"
            ),
            for_good: status == 413,
        });
    }
    let json = answer.content_type.as_deref().and_then(|kind| kind.split(';').next());
    let taken = json.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
        && answer.content_encoding.is_none()
        && serde_json::from_slice::<Acknowledgment>(&answer.body).is_ok_and(|answer| answer.request_id == id);
    if taken {
        return Ok(());
    }
    let message = format!(
        "The response received from the specified endpoint is invalid. Contact the owner of the endpoint to resolve \
         the issue. Response for request {id} is not recognized as valid JSON or has unexpected fields. Raw response \
         received: {status} {text}"
    );
    let failure = Failure::of_endpoint("HttpEndpoint.InvalidResponseFromDestination", message.clone());
    Err(Refused { failure, logged: message, for_good: false })
}

fn report(shared: &Shared, configured: &Configured, url: &str, refused: &Refused) {
    let code = refused.failure.code;
    tracing::warn!(delivery = shared.name, code, url, "records not taken by their endpoint");
    let function = configured.destination.processing.lambda.as_ref();
    let processor = function.map(|lambda| lambda.function_arn.as_str());
    shared.log_of(configured, url, code, &refused.logged, processor);
}

fn undelivered(filled: &Filled, failure: &Failure, attempts: u32, ended_ms: i64) -> Undelivered {
    let lines = pieces(filled).zip(&filled.marks).map(|(data, mark)| {
        let place =
            mark.place.as_ref().map_or(("", 0), |(sequence, subsequence)| (&**sequence, *subsequence));
        let failed = FailedRecord {
            data: &data,
            failure,
            attempts,
            arrived_ms: mark.arrived_ms,
            ended_ms,
            lambda_arn: None,
            place: Some(place).filter(|(sequence, _)| !sequence.is_empty()),
        };
        let original_bytes = u64::try_from(data.len()).unwrap_or(u64::MAX);
        let chunk = filled.tally.chunk;
        (failed.line(), Tally { records: 1, original_bytes, oldest_ms: mark.arrived_ms, chunk })
    });
    lines.collect()
}

/// Doubles from one second, give or take a part that is drawn.
fn pause_after(attempt: u32, drawn: u128) -> Duration {
    let exact = Duration::from_secs(1).saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    let thousandths = 1000 - JITTER + u64::try_from(drawn % u128::from(2 * JITTER + 1)).unwrap_or(JITTER);
    let millis = u64::try_from(exact.min(LONGEST_PAUSE).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(millis * thousandths / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_minutes_give_or_take_fifteen_hundredths() {
        let exact: Vec<u64> = (1..=9).map(|attempt| pause_after(attempt, 150).as_secs()).collect();
        assert_eq!(exact, [1, 2, 4, 8, 16, 32, 64, 120, 120]);
        assert_eq!((pause_after(1, 0).as_millis(), pause_after(1, 300).as_millis()), (850, 1150));
        for drawn in [1, 77, u128::MAX] {
            let pause = pause_after(u32::MAX, drawn).as_secs();
            assert!((102..=138).contains(&pause), "{pause}");
        }
    }
}
