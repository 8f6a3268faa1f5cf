//! The event a function is invoked with, as AWS shapes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::entry::Entry;
use super::window::{Pane, WindowState};

/// The largest event: that of a synchronous invocation.
pub(super) const MAX_EVENT: usize = super::super::invoke::MAX_SYNC_PAYLOAD;

/// Room for what surrounds the records of an event, apart from a window's state.
pub(super) const SURROUNDING: usize = 1024;

/// What all records of a mapping share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Envelope {
    /// The ARN of the stream or consumer.
    pub(crate) source_arn: String,
    /// Its region.
    pub(crate) region: String,
    /// The function's execution role.
    pub(crate) role_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KinesisData<'a> {
    kinesis_schema_version: &'static str,
    partition_key: &'a str,
    sequence_number: &'a str,
    data: String,
    approximate_arrival_timestamp: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EventRecord<'a> {
    kinesis: KinesisData<'a>,
    event_source: &'static str,
    event_version: &'static str,
    #[serde(rename = "eventID")]
    event_id: String,
    event_name: &'static str,
    invoke_identity_arn: &'a str,
    aws_region: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
}

#[derive(Serialize)]
struct Bounds {
    start: String,
    end: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WindowPart<'a> {
    window: Bounds,
    state: &'a WindowState,
    shard_id: &'a str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    is_final_invoke_for_window: bool,
    is_window_terminated_early: bool,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<EventRecord<'a>>,
    #[serde(flatten)]
    window: Option<WindowPart<'a>>,
}

impl Envelope {
    /// The event of a batch.
    pub(super) fn event(&self, shard: &str, entries: &[Entry], pane: Option<&Pane>) -> Bytes {
        let records = entries.iter().map(|entry| self.record(shard, entry)).collect();
        let window = pane.map(|pane| WindowPart {
            window: Bounds { start: seconds(pane.bounds.0), end: seconds(pane.bounds.1) },
            state: &pane.state,
            shard_id: shard,
            event_source_arn: &self.source_arn,
            is_final_invoke_for_window: pane.is_final,
            is_window_terminated_early: pane.is_early,
        });
        // Strings and numbers: there is nothing in it that JSON cannot hold.
        serde_json::to_vec(&Event { records, window }).unwrap_or_default().into()
    }

    fn record<'a>(&'a self, shard: &str, entry: &'a Entry) -> EventRecord<'a> {
        EventRecord {
            kinesis: KinesisData {
                kinesis_schema_version: "1.0",
                partition_key: &entry.partition_key,
                sequence_number: &entry.number,
                data: STANDARD.encode(&entry.data),
                approximate_arrival_timestamp: epoch_seconds(entry.arrived),
            },
            event_source: "aws:kinesis",
            event_version: "1.0",
            event_id: format!("{shard}:{}", entry.number),
            event_name: "aws:kinesis:record",
            invoke_identity_arn: &self.role_arn,
            aws_region: &self.region,
            event_source_arn: &self.source_arn,
        }
    }

    /// What a record takes in the event beside its data and key.
    pub(super) fn frame(&self) -> usize {
        const FIXED: usize = 420;
        FIXED + self.source_arn.len() + self.region.len() + self.role_arn.len()
    }
}

/// Seconds with milliseconds, as AWS writes times into events.
pub(super) fn epoch_seconds(millis: i64) -> f64 {
    // Exact: milliseconds of this age have far fewer than 53 bits.
    Timestamp::from_millisecond(millis).map_or(0.0, |at| at.as_duration().as_millis_f64() / 1000.0)
}

fn seconds(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::tests::{entries, envelope};
    use super::*;
    use crate::kinesis::Sequence;

    #[test]
    fn an_event_reads_as_aws_writes_it() {
        let mut entry = entries(1).remove(0);
        entry.arrived = 1_545_084_650_987;
        entry.data = Bytes::from_static(b"Hello, this is a test.");
        let event: Value =
            serde_json::from_slice(&envelope().event("shardId-000000000006", &[entry.clone()], None))
                .unwrap();
        assert_eq!(
            event,
            json!({ "Records": [{
                "kinesis": {
                    "kinesisSchemaVersion": "1.0",
                    "partitionKey": &*entry.partition_key,
                    "sequenceNumber": &*entry.number,
                    "data": "SGVsbG8sIHRoaXMgaXMgYSB0ZXN0Lg==",
                    "approximateArrivalTimestamp": 1_545_084_650.987
                },
                "eventSource": "aws:kinesis",
                "eventVersion": "1.0",
                "eventID": format!("shardId-000000000006:{}", entry.number),
                "eventName": "aws:kinesis:record",
                "invokeIdentityArn": "arn:aws:iam::123456789012:role/lambda-role",
                "awsRegion": "us-east-2",
                "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream"
            }]})
        );
    }

    #[test]
    fn a_window_is_told_with_its_state() {
        let pane = Pane {
            bounds: (1_607_497_440_000, 1_607_497_560_000),
            state: WindowState::read(r#"{ "1": 282 }"#.to_owned()).unwrap(),
            is_final: true,
            is_early: false,
        };
        let event: Value =
            serde_json::from_slice(&envelope().event("shardId-000000000006", &[], Some(&pane))).unwrap();
        assert_eq!(
            event,
            json!({
                "Records": [],
                "window": { "start": "2020-12-09T07:04:00Z", "end": "2020-12-09T07:06:00Z" },
                "state": { "1": 282 },
                "shardId": "shardId-000000000006",
                "eventSourceARN": "arn:aws:kinesis:us-east-2:123456789012:stream/lambda-stream",
                "isFinalInvokeForWindow": true,
                "isWindowTerminatedEarly": false
            })
        );
    }

    #[test]
    fn a_state_is_told_digit_by_digit_as_it_was_returned() {
        let text = r#"{"n":123456789012345678901234567890,"f":0.1000000000000000055511151231257827,"z":1.0,"a":[ ]}"#;
        let state = WindowState::read(text.to_owned()).unwrap();
        let pane = Pane { bounds: (0, 1000), state, is_final: false, is_early: false };
        let event = envelope().event("shardId-000000000006", &[], Some(&pane));
        let event = String::from_utf8(event.to_vec()).unwrap();
        assert!(event.contains(&format!(r#""state":{text},"#)), "{event}");
    }

    proptest! {
        #[test]
        fn the_size_of_an_event_is_foreseen_and_not_far_off(
            keys in proptest::collection::vec("\\PC{1,40}|[\\x00-\\x1f\"\\\\]{1,9}", 1..20),
            size in 0_usize..2000,
            arrived in 1_600_000_000_000_i64..4_000_000_000_000,
        ) {
            let entries: Vec<Entry> = keys.iter().map(|key| Entry {
                sequence: Sequence(1),
                number: "4".repeat(56).into(),
                arrived,
                partition_key: key.as_str().into(),
                data: vec![0; size].into(),
            }).collect();
            let envelope = envelope();
            let event = envelope.event("shardId-000000000000", &entries, None).len();
            let foreseen = SURROUNDING
                + entries.iter().map(|entry| entry.encoded_size() + envelope.frame()).sum::<usize>();
            prop_assert!(event <= foreseen, "{} <= {}", event, foreseen);
            let slack = SURROUNDING + 60 * entries.len() + entries.iter().map(|e| 6 * e.partition_key.len()).sum::<usize>();
            prop_assert!(foreseen <= event + slack, "{} + {} >= {}", event, slack, foreseen);
        }
    }
}
