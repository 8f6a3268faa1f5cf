//! The query protocol's forms as the structures the other protocols send, and outputs as its XML.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::invalid;
use crate::http::{Answer, AwsError, Parameters, QueryCall, Xml};

/// Deeper than any member of an input.
const MOST_DEPTH: usize = 16;

/// Lists, which are sent as one empty parameter when they are empty.
const LISTS: [&str; 16] = [
    "AlarmActions",
    "AlarmNames",
    "AlarmTypes",
    "Counts",
    "DashboardNames",
    "Dimensions",
    "ExtendedStatistics",
    "InsufficientDataActions",
    "MetricData",
    "MetricDataQueries",
    "Metrics",
    "OKActions",
    "Statistics",
    "TagKeys",
    "Tags",
    "Values",
];

/// Parameters as a tree: `Dimensions.member.1.Name` is four steps.
#[derive(Default)]
struct Node<'a> {
    value: Option<&'a str>,
    children: BTreeMap<&'a str, Node<'a>>,
}

/// The input of a call.
pub(super) fn input<T: DeserializeOwned>(call: &QueryCall) -> Result<T, AwsError> {
    let tree = tree(&call.parameters)?;
    serde_json::from_value(tree).map_err(|error| invalid(error.to_string()))
}

fn tree(parameters: &Parameters) -> Result<Value, AwsError> {
    let mut root = Node::default();
    for (name, value) in parameters.iter() {
        if name.split('.').count() > MOST_DEPTH {
            return Err(AwsError::bad_request(
                "MalformedQueryString",
                format!("{name} is nested too deeply"),
            ));
        }
        let leaf = name.split('.').fold(&mut root, |node, step| node.children.entry(step).or_default());
        leaf.value = Some(value);
    }
    let members = root.children.iter().map(|(name, node)| ((*name).to_owned(), node.to_json(name)));
    Ok(Value::Object(members.collect()))
}

impl Node<'_> {
    fn to_json(&self, name: &str) -> Value {
        if let Some(list) = self.children.get("member") {
            let mut members: Vec<(u64, Value)> = Vec::new();
            for (number, node) in &list.children {
                members.extend(number.parse().ok().map(|number| (number, node.to_json(""))));
            }
            members.sort_by_key(|(number, _)| *number);
            return Value::Array(members.into_iter().map(|(_, value)| value).collect());
        }
        match self.value {
            Some("") if LISTS.contains(&name) => Value::Array(Vec::new()),
            Some(value) if self.children.is_empty() => Value::String(value.to_owned()),
            _ => {
                let members =
                    self.children.iter().map(|(name, node)| ((*name).to_owned(), node.to_json(name)));
                Value::Object(members.collect())
            }
        }
    }
}

/// An output as XML: lists have `member` elements, maps `entry` elements, and times are text.
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
            Value::Object(entries) if name == "ExtendedStatistics" => xml.element(name, |xml| {
                for (key, value) in entries {
                    xml.element("entry", |xml| {
                        xml.leaf("key", key);
                        xml.leaf("value", value.to_string());
                    });
                }
            }),
            Value::Object(members) => xml.element(name, |xml| write_members(xml, members)),
            plain => xml.leaf(name, text(name, plain)),
        }
    }
}

fn text(name: &str, value: &Value) -> String {
    let is_time = name.ends_with("Timestamp") || matches!(name, "Timestamps" | "LastModified");
    match value {
        Value::Number(seconds) if is_time => {
            let seconds = seconds.as_f64().unwrap_or_default();
            let since = SignedDuration::try_from_secs_f64(seconds).unwrap_or_default();
            Timestamp::from_duration(since).unwrap_or_default().to_string()
        }
        Value::String(text) => text.clone(),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(form: &str) -> Value {
        tree(&Parameters::parse(form.as_bytes()).unwrap()).unwrap()
    }

    #[test]
    fn a_form_is_the_structure_the_other_protocols_send() {
        let form = "N=x&MetricData.member.2.Value=4&MetricData.member.10.Value=5&MetricData.member.2.S.Sum=1&Dimensions=";
        let expected = serde_json::json!({
            "N": "x", "Dimensions": [], "MetricData": [{"Value": "4", "S": {"Sum": "1"}}, {"Value": "5"}],
        });
        assert_eq!(json(form), expected);
    }

    #[test]
    fn a_form_cannot_nest_without_end() {
        let deep = format!("{}a=1", "a.".repeat(100_000));
        assert!(tree(&Parameters::parse(deep.as_bytes()).unwrap()).is_err());
    }
}
