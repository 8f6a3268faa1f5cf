//! What Firehose sends to a transform and what it wants back, as lean types: base64 is decoded while the JSON
//! is parsed and encoded once on the way out, so a record is never held in both forms.
//!
//! Shape: [Firehose data transformation](https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// One invocation: a batch of records. Fields that a transform does not need are skipped.
#[derive(Debug, Deserialize)]
pub struct Event {
    /// The records, in order.
    pub records: Vec<Input>,
}

/// A record to transform.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Firehose's name for the record in this batch.
    #[serde(default)]
    pub record_id: String,
    /// What the producer put.
    #[serde(deserialize_with = "decoded")]
    pub data: Bytes,
}

/// The answer to one invocation: one output per input, in the same order.
#[derive(Debug, Serialize)]
pub struct Reply {
    /// One per record of the event.
    pub records: Vec<Output>,
}

/// What became of one record.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// The id that the record came with.
    pub record_id: String,
    /// What Firehose shall do with it.
    pub result: Verdict,
    /// The transformed record in base64; only with [`Verdict::Ok`]. For a failed record Firehose writes the
    /// original, which it still has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
}

/// What Firehose shall do with a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Verdict {
    /// Deliver the data.
    Ok,
    /// Deliver nothing, by intent.
    Dropped,
    /// Write the original under the error prefix.
    ProcessingFailed,
}

fn decoded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    struct Base64;

    impl Visitor<'_> for Base64 {
        type Value = Bytes;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("base64 text")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Bytes, E> {
            STANDARD.decode(text).map(Bytes::from).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Base64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_as_firehose_sends_it_is_read() {
        let event: Event = serde_json::from_str(
            r#"{
              "invocationId": "invoked123", "deliveryStreamArn": "arn:aws:firehose:eu-west-1:000000000000:deliverystream/x",
              "sourceKinesisStreamArn": "arn:aws:kinesis:eu-west-1:000000000000:stream/y", "region": "eu-west-1",
              "records": [
                {"data": "SGVsbG8=", "recordId": "r1", "approximateArrivalTimestamp": 1510772160000,
                 "kinesisRecordMetadata": {"sequenceNumber": "1", "subsequenceNumber": 0, "partitionKey": "k",
                   "shardId": "shardId-000000000000", "approximateArrivalTimestamp": 1510772160000}},
                {"data": "", "recordId": "r2"}
              ]
            }"#,
        )
        .expect("the event parses");
        assert_eq!(event.records[0].data, "Hello");
        assert_eq!(event.records[0].record_id, "r1");
        assert!(event.records[1].data.is_empty());
    }

    #[test]
    fn data_that_is_not_base64_is_an_error_and_not_an_empty_record() {
        for data in ["\"***\"", "\"SGVsbG8\"", "12", "null"] {
            let text = format!("{{\"records\":[{{\"recordId\":\"r\",\"data\":{data}}}]}}");
            assert!(serde_json::from_str::<Event>(&text).is_err(), "{data}");
        }
    }

    #[test]
    fn a_reply_has_the_names_that_firehose_reads() {
        let reply = Reply {
            records: vec![
                Output { record_id: "a".into(), result: Verdict::Ok, data: Some("eA==".into()) },
                Output { record_id: "b".into(), result: Verdict::ProcessingFailed, data: None },
                Output { record_id: "c".into(), result: Verdict::Dropped, data: None },
            ],
        };
        assert_eq!(
            serde_json::to_string(&reply).expect("JSON"),
            concat!(
                r#"{"records":[{"recordId":"a","result":"Ok","data":"eA=="},"#,
                r#"{"recordId":"b","result":"ProcessingFailed"},{"recordId":"c","result":"Dropped"}]}"#
            )
        );
    }
}
