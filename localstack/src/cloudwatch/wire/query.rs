//! The query protocol's forms as the structures the other protocols send, and outputs as its XML.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::http::{Answer, AwsError, Parameters, QueryCall, Xml};

use super::invalid;

/// Members that are lists.
const LISTS: [&str; 7] =
    ["MetricData", "Dimensions", "Values", "Counts", "Statistics", "ExtendedStatistics", "MetricDataQueries"];
/// Members that are structures, with the prefix their own members have.
const STRUCTURES: [&str; 3] = ["StatisticValues", "MetricStat", "Metric"];

/// The input of a call.
pub(super) fn input<T: DeserializeOwned>(call: &QueryCall) -> Result<T, AwsError> {
    let tree = structure(&call.parameters, "");
    serde_json::from_value(tree).map_err(|error| invalid(error.to_string()))
}

/// The members below a prefix as an object.
fn structure(parameters: &Parameters, prefix: &str) -> Value {
    let mut object = Map::new();
    for (name, value) in parameters.iter() {
        let Some(rest) = name.strip_prefix(prefix) else { continue };
        let (head, tail) = rest.split_once('.').unwrap_or((rest, ""));
        if object.contains_key(head) {
            continue;
        }
        let value = if LISTS.contains(&head) {
            list(parameters, &format!("{prefix}{head}.member"))
        } else if STRUCTURES.contains(&head) {
            structure(parameters, &format!("{prefix}{head}."))
        } else if tail.is_empty() {
            scalar(value)
        } else {
            continue;
        };
        object.insert(head.to_owned(), value);
    }
    Value::Object(object)
}

fn list(parameters: &Parameters, name: &str) -> Value {
    let members = parameters.members(name).into_iter();
    let member = |member: Parameters| match member.get("") {
        Some(plain) => scalar(plain),
        None => structure(&member, ""),
    };
    Value::Array(members.map(member).collect())
}

/// Truth values are the one kind of text that has to be told apart here.
fn scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        text => Value::String(text.to_owned()),
    }
}

/// An output as XML: lists have `member` elements, and times are text.
pub(super) fn output<T: Serialize>(call: &QueryCall, output: &T) -> Result<Answer, AwsError> {
    let tree = serde_json::to_value(output).map_err(|error| AwsError::internal(&error))?;
    Ok(call.result(|xml| {
        if let Value::Object(members) = &tree {
            write_members(xml, members);
        }
    }))
}

fn write_members(xml: &mut Xml, members: &Map<String, Value>) {
    for (name, value) in members {
        match value {
            Value::Null => {}
            Value::Array(items) => xml.list(name, items, |xml, item| match item {
                Value::Object(members) => write_members(xml, members),
                plain => xml.content(&text(name, plain)),
            }),
            Value::Object(members) => xml.element(name, |xml| write_members(xml, members)),
            plain => xml.leaf(name, text(name, plain)),
        }
    }
}

fn text(name: &str, value: &Value) -> String {
    match (name, value) {
        ("Timestamp" | "Timestamps", Value::Number(seconds)) => {
            let seconds = seconds.as_f64().unwrap_or_default();
            let since = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
            Timestamp::from_duration(since).unwrap_or_default().to_string()
        }
        (_, Value::String(text)) => text.clone(),
        (_, plain) => plain.to_string(),
    }
}
