//! The event a transform function is invoked with.
//!
//! Written straight into one buffer: a batch holds thousands of records, and the event is the largest thing a
//! delivery copies. The shape is the one AWS sends, `kinesisRecordMetadata` included.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::firehose::record::Record;

/// Largest payload of a synchronous invocation, in bytes.
pub(crate) const MAX_PAYLOAD: usize = 6 * 1024 * 1024;
/// Room for everything in an event that is not a record, in bytes.
pub(crate) const ENVELOPE_BOUND: usize = 4 * 1024;
/// Digits of a record id.
const ID_LENGTH: usize = 62;
/// Upper bound of what a record adds beside its data and its Kinesis metadata.
const RECORD_BOUND: usize = 64 + ID_LENGTH + 20;
/// Upper bound of the metadata's keys, numbers and fixed-width fields.
const METADATA_BOUND: usize = 200;

/// What an event says about where its records come from.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// ARN of the delivery stream.
    pub(crate) delivery_stream_arn: String,
    /// ARN of the Kinesis stream it reads, if it does.
    pub(crate) kinesis_stream_arn: Option<String>,
    /// Region of the delivery stream.
    pub(crate) region: String,
}

/// Upper bound of the bytes `record` takes in an event.
pub(crate) fn record_bound(record: &Record) -> usize {
    let metadata = record.kinesis.as_ref().map_or(0, |kinesis| {
        // A control character takes six bytes escaped.
        METADATA_BOUND + kinesis.sequence.len() + kinesis.shard.len() + 6 * kinesis.partition_key.len()
    });
    RECORD_BOUND + record.data.len().div_ceil(3) * 4 + metadata
}

/// The ids of one batch's records: opaque digits, as wide as those AWS gives.
#[derive(Clone, Debug)]
pub(crate) struct RecordIds {
    digits: String,
}

impl RecordIds {
    /// Ids for `count` records. `first` must not come twice in one delivery.
    pub(crate) fn draw(count: usize, first: u64) -> Self {
        let mut digits = String::with_capacity(count * ID_LENGTH);
        for number in (first..).take(count) {
            let _infallible = write!(digits, "49{number:054}000000");
        }
        Self { digits }
    }

    /// The id of the record at `index`; empty past the end.
    pub(crate) fn get(&self, index: usize) -> &str {
        self.digits.get(index * ID_LENGTH..(index + 1) * ID_LENGTH).unwrap_or_default()
    }

    /// The index of the record with this id among `count` records. Ids of a batch count upwards.
    pub(crate) fn position(&self, id: &str) -> Option<usize> {
        let number = |id: &str| id.get(2..ID_LENGTH - 6)?.parse::<u64>().ok();
        let index = usize::try_from(number(id)?.checked_sub(number(self.get(0))?)?).ok()?;
        (self.get(index) == id && !id.is_empty()).then_some(index)
    }
}

/// Writes the payload of one invocation. Every attempt has an id of its own; the record ids stay.
pub(crate) fn write(source: &Source, records: &[Record], ids: &RecordIds, invocation_id: &str) -> Bytes {
    let capacity = ENVELOPE_BOUND + records.iter().map(record_bound).sum::<usize>();
    let mut out = String::with_capacity(capacity);
    out.push_str(r#"{"invocationId":"#);
    push_text(&mut out, invocation_id);
    out.push_str(r#","deliveryStreamArn":"#);
    push_text(&mut out, &source.delivery_stream_arn);
    if let Some(arn) = &source.kinesis_stream_arn {
        out.push_str(r#","sourceKinesisStreamArn":"#);
        push_text(&mut out, arn);
    }
    out.push_str(r#","region":"#);
    push_text(&mut out, &source.region);
    out.push_str(r#","records":["#);
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        push_record(&mut out, record, ids.get(index));
    }
    out.push_str("]}");
    Bytes::from(out)
}

fn push_record(out: &mut String, record: &Record, id: &str) {
    let _infallible =
        write!(out, r#"{{"recordId":"{id}","approximateArrivalTimestamp":{},"data":""#, record.arrived_ms);
    STANDARD.encode_string(&record.data, out);
    out.push('"');
    if let Some(kinesis) = &record.kinesis {
        out.push_str(r#","kinesisRecordMetadata":{"sequenceNumber":"#);
        push_text(out, &kinesis.sequence);
        let _infallible = write!(out, r#","subsequenceNumber":{},"partitionKey":"#, kinesis.subsequence);
        push_text(out, &kinesis.partition_key);
        out.push_str(r#","shardId":"#);
        push_text(out, &kinesis.shard);
        let _infallible = write!(out, r#","approximateArrivalTimestamp":{}}}"#, record.arrived_ms);
    }
    out.push('}');
}

/// A JSON string.
fn push_text(out: &mut String, text: &str) {
    if text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\') {
        out.push('"');
        out.push_str(text);
        out.push('"');
    } else {
        out.push_str(&serde_json::Value::from(text).to_string());
    }
}

#[cfg(test)]
impl Source {
    /// A source with nothing special about it.
    pub(crate) fn for_tests() -> Self {
        Self {
            delivery_stream_arn: "arn:aws:firehose:us-east-1:000000000000:deliverystream/clicks".to_owned(),
            kinesis_stream_arn: None,
            region: "us-east-1".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::firehose::record::KinesisMetadata;

    fn record(data: &[u8], partition_key: Option<&str>) -> Record {
        Record {
            kinesis: partition_key.map(|key| {
                Box::new(KinesisMetadata {
                    shard: "shardId-000000000000".into(),
                    partition_key: key.into(),
                    sequence: "49546986683135544286507457936321625675700192471156785154".into(),
                    subsequence: 3,
                })
            }),
            ..Record::put(Bytes::copy_from_slice(data), 1_507_217_624_302)
        }
    }

    #[test]
    fn a_direct_put_reads_as_aws_sends_it() {
        let ids = RecordIds::draw(1, 7);
        let records = [record(b"Hello World", None)];
        let payload = write(&Source::for_tests(), &records, &ids, "2b4d1ad9-f48a-94bd-a088-767c317e994a");
        assert_eq!(
            serde_json::from_slice::<Value>(&payload).unwrap(),
            json!({
                "invocationId": "2b4d1ad9-f48a-94bd-a088-767c317e994a",
                "deliveryStreamArn": "arn:aws:firehose:us-east-1:000000000000:deliverystream/clicks",
                "region": "us-east-1",
                "records": [{
                    "recordId": "49000000000000000000000000000000000000000000000000000007000000",
                    "approximateArrivalTimestamp": 1_507_217_624_302_i64,
                    "data": "SGVsbG8gV29ybGQ=",
                }],
            })
        );
    }

    #[test]
    fn a_kinesis_record_brings_its_metadata() {
        let source =
            Source { kinesis_stream_arn: Some("arn:aws:kinesis:s".to_owned()), ..Source::for_tests() };
        let ids = RecordIds::draw(1, 0);
        let payload = write(&source, &[record(b"x", Some("user \"1\"\n"))], &ids, "");
        let event: Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!(event["sourceKinesisStreamArn"], "arn:aws:kinesis:s");
        assert_eq!(
            event["records"][0]["kinesisRecordMetadata"],
            json!({
                "sequenceNumber": "49546986683135544286507457936321625675700192471156785154",
                "subsequenceNumber": 3,
                "partitionKey": "user \"1\"\n",
                "shardId": "shardId-000000000000",
                "approximateArrivalTimestamp": 1_507_217_624_302_i64,
            })
        );
    }

    #[test]
    fn an_id_leads_back_to_its_record() {
        let ids = RecordIds::draw(3, 98);
        for index in 0..3 {
            assert_eq!(ids.position(ids.get(index)), Some(index));
        }
        let foreign = RecordIds::draw(9, 95);
        assert_eq!(ids.position(foreign.get(0)), None);
        assert_eq!(ids.position(foreign.get(8)), None);
        for id in ["", "nope", "é9000000000000000000000000000000000000000000000000000000000000"] {
            assert_eq!(ids.position(id), None);
        }
    }

    proptest! {
        #[test]
        fn no_record_takes_more_than_its_bound(
            data in prop::collection::vec(any::<u8>(), 0..200),
            key in prop::option::of("\\PC{0,20}|[\\x00-\\x1f]{0,20}"),
        ) {
            let record = record(&data, key.as_deref());
            let mut written = String::new();
            push_record(&mut written, &record, RecordIds::draw(1, u64::MAX - 1).get(0));
            prop_assert!(written.len() < record_bound(&record));
            let parsed: Value = serde_json::from_str(&written).unwrap();
            prop_assert_eq!(STANDARD.decode(parsed["data"].as_str().unwrap()).unwrap(), data);
        }
    }
}
