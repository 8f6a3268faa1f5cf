//! Lines about records that are read from a stream.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use jiff::Timestamp;
use pipectl_producer::SequenceNumber;
use pipectl_producer::read::{self, ReadRecord};
use schemars::JsonSchema;
use serde::Serialize;

/// A record, `data` or `data_base64` of it.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ReadRecord")]
pub(crate) struct Record<'a> {
    /// The id of the shard it was on.
    shard: String,
    /// Its sequence number, or that of the aggregate that it came in.
    #[schemars(with = "String")]
    sequence: &'a SequenceNumber,
    /// Its place in the aggregate, from 0; null for a record that came alone.
    sub_sequence: Option<u64>,
    /// When it arrived.
    #[schemars(with = "Option<String>")]
    time: Option<Timestamp>,
    /// The key that it was put under.
    partition_key: Option<&'a str>,
    /// The explicit hash key that an aggregate keeps of it.
    explicit_hash_key: Option<&'a str>,
    /// The payload, where it is UTF-8.
    data: Option<&'a str>,
    /// The payload, where it is not.
    data_base64: Option<String>,
}

impl<'a> Record<'a> {
    /// All that is known of a record.
    pub(crate) fn of(read: &'a ReadRecord) -> Self {
        let record = &read.record;
        let text = std::str::from_utf8(&record.data).ok();
        Record {
            shard: read.shard.to_string(),
            sequence: &record.sequence,
            sub_sequence: read.sub_sequence,
            time: record.time,
            partition_key: record.partition_key.as_deref(),
            explicit_hash_key: read.explicit_hash_key.as_deref(),
            data: text,
            data_base64: text.is_none().then(|| BASE64.encode(&record.data)),
        }
    }
}

/// A Kinesis record that looks like an aggregate, and is damaged.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Damaged<'a> {
    /// The id of the shard it was on.
    shard: String,
    /// Its sequence number.
    #[schemars(with = "String")]
    sequence: &'a SequenceNumber,
    /// When it arrived.
    #[schemars(with = "Option<String>")]
    time: Option<Timestamp>,
    /// The key that it was put under.
    partition_key: Option<&'a str>,
    /// What is wrong with it.
    problem: String,
    /// The payload.
    data_base64: String,
}

impl<'a> Damaged<'a> {
    /// All that is known of it.
    pub(crate) fn of(damaged: &'a read::Damaged) -> Self {
        let read::Damaged { shard, record, problem } = damaged;
        Damaged {
            shard: shard.to_string(),
            sequence: &record.sequence,
            time: record.time,
            partition_key: record.partition_key.as_deref(),
            problem: problem.to_string(),
            data_base64: BASE64.encode(&record.data),
        }
    }
}

/// Records that expired before they were read.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Gap<'a> {
    /// The shard's id.
    shard: String,
    /// The sequence number of what was read last.
    #[schemars(with = "String")]
    after: &'a SequenceNumber,
    /// When that arrived.
    #[schemars(with = "Option<String>")]
    after_time: Option<Timestamp>,
    /// The first record that is still there; null where the rest of the shard has expired.
    #[schemars(with = "Option<String>")]
    next: Option<&'a SequenceNumber>,
    /// When that arrived.
    #[schemars(with = "Option<String>")]
    next_time: Option<Timestamp>,
}

impl<'a> From<&'a read::Gap> for Gap<'a> {
    fn from(gap: &'a read::Gap) -> Self {
        Gap {
            shard: gap.shard.to_string(),
            after: &gap.after,
            after_time: gap.after_time,
            next: gap.next.as_ref(),
            next_time: gap.next_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use pipectl_producer::read::Arrived;
    use pipectl_shards::ShardId;

    use super::*;

    #[test]
    fn a_record_has_text_as_text_and_anything_else_in_base64() {
        let read = |data: &'static [u8]| ReadRecord {
            shard: ShardId::new(1),
            sub_sequence: Some(3),
            explicit_hash_key: None,
            record: Arrived {
                sequence: SequenceNumber::new("496"),
                time: Timestamp::from_second(60).ok(),
                partition_key: Some("ann".to_owned()),
                data: data.into(),
            },
        };
        let json = |data| serde_json::to_string(&Record::of(&read(data))).unwrap();
        insta::assert_snapshot!(
            json(b"hello"),
            @r#"{"shard":"shardId-000000000001","sequence":"496","sub_sequence":3,"time":"1970-01-01T00:01:00Z","partition_key":"ann","explicit_hash_key":null,"data":"hello","data_base64":null}"#
        );
        assert!(json(b"\xff").ends_with(r#""data":null,"data_base64":"/w=="}"#), "{}", json(b"\xff"));
    }
}
