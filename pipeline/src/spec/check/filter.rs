//! A filter of a stream's records: a pattern over what Lambda knows of a record, in JSON.

use serde_json::Value;

use super::super::code::Code;
use super::super::diagnostic::Diagnostic;
use super::fields::{Found, Given};
use super::list;

/// Longest pattern (FilterCriteria of Lambda's API).
const MOST_BYTES: usize = 4096;

/// What a pattern may begin with: the record's data, and what Kinesis says of it (Lambda developer guide,
/// "Filter messages from a Kinesis event source").
const KNOWN: [&str; 6] =
    ["data", "partitionKey", "sequenceNumber", "approximateArrivalTimestamp", "kinesisSchemaVersion", "$or"];

/// A filter.
pub(crate) fn read(given: &Given<'_>, found: &mut Found) -> Option<Value> {
    let mut problem = |message: String, help: &str| {
        found.push(Diagnostic::error(Code::InvalidFilter, given.place(), message).help(help));
    };
    let value = match list::json(given.node)? {
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(value) => value,
            Err(error) => {
                problem(
                    format!("the filter is no JSON: {error}"),
                    "write it as YAML, without quotes around it",
                );
                return None;
            }
        },
        value => value,
    };
    let Value::Object(fields) = &value else {
        problem(
            "a filter is a mapping of what a record has to hold".to_owned(),
            "for example `{ data: { kind: [order] } }`",
        );
        return None;
    };
    let stranger = fields.keys().find(|key| !KNOWN.contains(&key.as_str()));
    if let Some(stranger) = stranger {
        problem(
            format!("no record has `{stranger}` beside its data, so the filter would let nothing through"),
            "what a record holds is below `data`: `{ data: { kind: [order] } }`",
        );
        return None;
    }
    if let Some(leaf) = fields.iter().find_map(|(key, value)| bare(key, value)) {
        problem(
            format!("`{leaf}` is compared with one value, and a filter lists the values it lets through"),
            &format!("write `{leaf}: [value]`"),
        );
        return None;
    }
    let bytes = value.to_string().len();
    if bytes > MOST_BYTES {
        problem(format!("the filter takes {bytes} bytes, and Lambda takes {MOST_BYTES}"), "make it shorter");
        return None;
    }
    Some(value)
}

/// The key of a value that stands alone where a list of values is due.
fn bare(key: &str, value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => fields.iter().find_map(|(key, value)| bare(key, value)),
        Value::Array(_) => None,
        _ => Some(key.to_owned()),
    }
}
