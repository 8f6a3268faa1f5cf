//! The record of a failure: what a destination is told of records that were given up.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use uuid::Uuid;

use super::event::Envelope;
use super::ports::FailureRecord;
use super::work::{Condition, Discarded};

/// What is known of a failure beside the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    /// The mapping's id.
    pub(super) mapping: Uuid,
    pub(super) function_arn: &'a str,
    /// Of the stream, also where a consumer is read.
    pub(super) stream_arn: &'a str,
    pub(super) shard: &'a str,
    pub(super) now: i64,
    /// Whether the records themselves are told.
    pub(super) with_payload: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    request_id: &'a str,
    function_arn: &'a str,
    condition: &'static str,
    approximate_invoke_count: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseContext<'a> {
    status_code: u16,
    executed_version: &'a str,
    function_error: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KinesisBatchInfo<'a> {
    shard_id: &'a str,
    start_sequence_number: &'a str,
    end_sequence_number: &'a str,
    approximate_arrival_of_first_record: String,
    approximate_arrival_of_last_record: String,
    batch_size: usize,
    stream_arn: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_context: Option<ResponseContext<'a>>,
    version: &'static str,
    timestamp: String,
    #[serde(rename = "KinesisBatchInfo")]
    batch: KinesisBatchInfo<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<String>,
}

impl Failure<'_> {
    /// Writes the record. `chance` names the object, and the request where there was none.
    pub(super) fn record(&self, discarded: &Discarded, envelope: &Envelope, chance: Uuid) -> FailureRecord {
        let entries = &discarded.work.entries;
        let first = entries.first().or(discarded.window_last.as_ref());
        let last = entries.last().or(discarded.window_last.as_ref());
        let arrived = |entry: Option<&super::entry::Entry>| millis(entry.map_or(self.now, |e| e.arrived));
        let chance = chance.to_string();
        // AWS tells of no answer, and of one invocation, when records are too old, however often it tried.
        let is_exhausted = discarded.condition == Condition::RetryAttemptsExhausted;
        let answer = discarded.answer.as_ref().filter(|_| is_exhausted);
        let payload = || {
            let event = envelope.event(self.shard, entries, discarded.work.pane.as_ref());
            String::from_utf8_lossy(&event).into_owned()
        };
        let body = Body {
            request_context: RequestContext {
                request_id: answer.map_or(&chance, |answer| &answer.request_id),
                function_arn: self.function_arn,
                condition: discarded.condition.as_str(),
                approximate_invoke_count: if is_exhausted { discarded.invocations } else { 1 },
            },
            response_context: answer.map(|answer| ResponseContext {
                status_code: 200,
                executed_version: &answer.version,
                function_error: answer.function_error,
            }),
            version: "1.0",
            timestamp: millis(self.now),
            batch: KinesisBatchInfo {
                shard_id: self.shard,
                start_sequence_number: first.map_or("", |entry| &entry.number),
                end_sequence_number: last.map_or("", |entry| &entry.number),
                approximate_arrival_of_first_record: arrived(first),
                approximate_arrival_of_last_record: arrived(last),
                batch_size: entries.len(),
                stream_arn: self.stream_arn,
            },
            payload: self.with_payload.then(payload),
        };
        let body = Bytes::from(serde_json::to_vec(&body).unwrap_or_default());
        FailureRecord { key: self.key(&chance), body }
    }

    /// `aws/lambda/<mapping>/<shard>/YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<random>`.
    fn key(&self, chance: &str) -> String {
        let at = written(self.now, "%Y/%m/%d/%Y-%m-%dT%H.%M.%S");
        format!("aws/lambda/{}/{}/{at}-{chance}", self.mapping, self.shard)
    }
}

fn millis(at: i64) -> String {
    written(at, "%Y-%m-%dT%H:%M:%S%.3fZ")
}

fn written(at: i64, format: &str) -> String {
    Timestamp::from_millisecond(at)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime(format).to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::ports::Answer;
    use super::super::tests::{entries, envelope};
    use super::super::work::Work;
    use super::*;

    const STREAM: &str = "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream";

    fn told(condition: Condition, answer: Option<Answer>, with_payload: bool) -> (String, Value) {
        let mut batch = entries(2);
        (batch[0].arrived, batch[1].arrived) = (1_573_691_884_835, 1_573_691_885_000);
        let work = Work { entries: batch, pane: None };
        let discarded = Discarded { work, window_last: None, condition, invocations: 3, answer };
        let failure = Failure {
            mapping: Uuid::nil(),
            function_arn: "arn:aws:lambda:us-east-2:123456789012:function:f",
            stream_arn: STREAM,
            shard: "shardId-000000000001",
            now: 1_573_691_886_021,
            with_payload,
        };
        let record = failure.record(&discarded, &envelope(), Uuid::max());
        (record.key, serde_json::from_slice(&record.body).unwrap())
    }

    #[test]
    fn a_record_of_failure_reads_as_aws_writes_it() {
        let answer = Answer {
            request_id: "c9b8fa9f".to_owned(),
            version: "$LATEST".to_owned(),
            function_error: Some("Unhandled"),
        };
        let (key, body) = told(Condition::RetryAttemptsExhausted, Some(answer), false);
        assert_eq!(
            key,
            "aws/lambda/00000000-0000-0000-0000-000000000000/shardId-000000000001/2019/11/14/\
             2019-11-14T00.38.06-ffffffff-ffff-ffff-ffff-ffffffffffff"
        );
        let batch = entries(2);
        assert_eq!(
            body,
            json!({
                "requestContext": {
                    "requestId": "c9b8fa9f",
                    "functionArn": "arn:aws:lambda:us-east-2:123456789012:function:f",
                    "condition": "RetryAttemptsExhausted",
                    "approximateInvokeCount": 3
                },
                "responseContext": { "statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled" },
                "version": "1.0",
                "timestamp": "2019-11-14T00:38:06.021Z",
                "KinesisBatchInfo": {
                    "shardId": "shardId-000000000001",
                    "startSequenceNumber": &*batch[0].number,
                    "endSequenceNumber": &*batch[1].number,
                    "approximateArrivalOfFirstRecord": "2019-11-14T00:38:04.835Z",
                    "approximateArrivalOfLastRecord": "2019-11-14T00:38:05.000Z",
                    "batchSize": 2,
                    "streamArn": STREAM
                }
            })
        );
    }

    #[test]
    fn of_old_records_no_answer_is_told_and_a_bucket_gets_the_whole_event() {
        let (_, body) = told(Condition::RecordAgeExceeded, None, true);
        assert_eq!(body.get("responseContext"), None);
        assert_eq!(body["requestContext"]["approximateInvokeCount"], 1);
        let payload: Value = serde_json::from_str(body["payload"].as_str().unwrap()).unwrap();
        assert_eq!(payload["Records"].as_array().unwrap().len(), 2);
    }
}
