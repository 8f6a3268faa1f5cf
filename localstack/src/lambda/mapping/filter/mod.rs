//! Which records a function wants: Lambda's event filter patterns.
//!
//! A record matches a mapping when it matches one of its patterns; without patterns every record does. `pattern.rs`
//! reads patterns, `matching.rs` applies them.

mod matching;
mod pattern;
mod wildcard;

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub(crate) use pattern::InvalidPattern;

use self::pattern::Pattern;
use super::entry::Entry;
use super::event::{Envelope, epoch_seconds};

/// The filters of a mapping.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filters(Arc<[Filter]>);

#[derive(Debug)]
struct Filter {
    text: String,
    pattern: Pattern,
}

impl PartialEq for Filters {
    fn eq(&self, other: &Self) -> bool {
        self.texts().eq(other.texts())
    }
}

impl Filters {
    /// Reads the patterns.
    pub(crate) fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, InvalidPattern> {
        let filter = |text: &str| Ok(Filter { text: text.to_owned(), pattern: Pattern::parse(text)? });
        texts.into_iter().map(filter).collect::<Result<Arc<[_]>, _>>().map(Self)
    }

    /// Whether every record is wanted.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The patterns as the user wrote them.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|filter| filter.text.as_str())
    }

    /// Whether the function wants this record.
    ///
    /// Patterns see the members of `kinesis` beside those of the record, and `data` decoded. Data that is not JSON
    /// matches no pattern that asks for data.
    pub(super) fn want(&self, envelope: &Envelope, shard: &str, entry: &Entry) -> bool {
        if self.0.is_empty() {
            return true;
        }
        let data: Option<Value> = serde_json::from_slice(&entry.data).ok();
        let readable = data.is_some();
        let record = view(envelope, shard, entry, data);
        let asks = |filter: &&Filter| readable || !filter.pattern.asks_for("data");
        self.0.iter().filter(asks).any(|filter| filter.pattern.matches(&record))
    }
}

fn view(envelope: &Envelope, shard: &str, entry: &Entry, data: Option<Value>) -> Map<String, Value> {
    let mut event_id = String::with_capacity(80);
    // Writing to a string does not fail.
    let _ = write!(event_id, "{shard}:{}", entry.number);
    let members = json!({
        "kinesisSchemaVersion": "1.0",
        "partitionKey": &*entry.partition_key,
        "sequenceNumber": &*entry.number,
        "approximateArrivalTimestamp": epoch_seconds(entry.arrived),
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": event_id,
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": envelope.role_arn,
        "awsRegion": envelope.region,
        "eventSourceARN": envelope.source_arn,
    });
    let mut view = match members {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    view.extend(data.map(|data| ("data".to_owned(), data)));
    view
}

#[cfg(test)]
mod tests {
    use super::super::tests::{entries, envelope};
    use super::*;

    fn wants(filters: &[&str], data: &str) -> bool {
        let mut entry = entries(1).remove(0);
        entry.partition_key = "user-7".into();
        entry.data = data.to_owned().into();
        let filters = Filters::parse(filters.iter().copied()).unwrap();
        filters.want(&envelope(), "shardId-000000000000", &entry)
    }

    #[test]
    fn data_is_matched_as_json_and_metadata_beside_it() {
        let data = r#"{"type":"buy","stock":{"name":"ANYCO"}}"#;
        for (filters, wanted) in [
            (&[][..], true),
            (&[r#"{"data":{"type":["buy"]}}"#], true),
            (&[r#"{"data":{"type":["sell"]}}"#], false),
            (&[r#"{"data":{"type":["sell"]}}"#, r#"{"data":{"type":["buy"]}}"#], true),
            (&[r#"{"partitionKey":["user-7"]}"#], true),
            (&[r#"{"partitionKey":["user-7"],"data":{"type":["sell"]}}"#], false),
            (&[r#"{"eventSourceARN":[{"suffix":"lambda-stream"}]}"#], true),
        ] {
            assert_eq!(wants(filters, data), wanted, "{filters:?}");
        }
    }

    #[test]
    fn data_that_is_no_json_is_dropped_where_data_is_asked_for_and_only_there() {
        assert!(!wants(&[r#"{"data":{"type":[{"exists":false}]}}"#], "plain text"));
        assert!(!wants(&[r#"{"$or":[{"data":{"a":[1]}},{"partitionKey":["user-7"]}]}"#], "plain text"));
        assert!(wants(&[r#"{"partitionKey":[{"prefix":"user-"}]}"#], "plain text"));
    }
}
