//! What differs between two revisions: resources that came, went or changed, property by property. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Record, Revision};
use crate::resources::{Address, Kind, PropertyChange};
use crate::spec::FileInputs;
use crate::spec::vars::is_sealed;

/// What differs between two revisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// The one that is taken for the older.
    pub from: u64,
    /// The one that is taken for the newer.
    pub to: u64,
    /// The text of the pipeline file then.
    pub file_before: String,
    /// The text of the pipeline file afterwards.
    pub file_after: String,
    /// The variables that have not the same value in both, and the overlays that have not the same text. Sensitive
    /// values are not told.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<PropertyChange>,
    /// The resources that are not the same in both, by address.
    pub resources: Vec<RecordChange>,
}

/// A resource that is not the same in two revisions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordChange {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// Whether it is in the first.
    pub before: bool,
    /// Whether it is in the second.
    pub after: bool,
    /// The properties that differ, by their path in the resource; none where it came or went.
    pub changes: Vec<PropertyChange>,
}

/// Compares two revisions of one pipeline.
#[must_use]
pub fn compare(from: &Revision, to: &Revision) -> Comparison {
    let by_id = |revision: &Revision| -> BTreeMap<_, Record> {
        revision.resources.iter().map(|record| (record.id(), record.clone())).collect()
    };
    let (before, after) = (by_id(from), by_id(to));
    let mut resources: Vec<RecordChange> = before
        .iter()
        .filter(|(id, _)| !after.contains_key(*id))
        .map(|(_, record)| RecordChange { before: true, ..change(record) })
        .chain(after.iter().filter_map(|(id, record)| match before.get(id) {
            None => Some(RecordChange { after: true, ..change(record) }),
            Some(old) => {
                let changes = properties(old, record);
                let both = RecordChange { before: true, after: true, changes, ..change(record) };
                (!both.changes.is_empty()).then_some(both)
            }
        }))
        .collect();
    resources.sort_by(|one, other| one.address.cmp(&other.address));
    Comparison {
        from: from.number,
        to: to.number,
        file_before: from.source.clone(),
        file_after: to.source.clone(),
        inputs: inputs(&from.inputs, &to.inputs),
        resources,
    }
}

/// What stands for a value that is not told.
const SENSITIVE: &str = "(sensitive)";

/// How overlays and variables differ.
fn inputs(from: &FileInputs, to: &FileInputs) -> Vec<PropertyChange> {
    let overlays = from.changed_overlays(to).into_iter().map(|file| {
        let text = |inputs: &FileInputs| {
            inputs.overlays.iter().find(|overlay| overlay.file == file).map(|overlay| overlay.text.clone())
        };
        PropertyChange { path: format!("the overlay {file}"), before: text(from), after: text(to) }
    });
    let variables = from.changed_variables(to).into_iter().map(|name| {
        let value = |inputs: &FileInputs, other: &str| {
            let input = inputs.variables.get(&name)?;
            Some(if input.sensitive { other.to_owned() } else { input.value.clone() })
        };
        let before = value(from, SENSITIVE);
        // Only beside one that was sensitive, too, is it another.
        let hidden = before.as_deref() == Some(SENSITIVE);
        let after = value(to, if hidden { "(another sensitive value)" } else { SENSITIVE });
        PropertyChange { path: format!("vars.{name}"), before, after }
    });
    overlays.chain(variables).collect()
}

fn change(record: &Record) -> RecordChange {
    RecordChange {
        address: record.address.clone(),
        kind: record.kind,
        name: record.name.clone(),
        before: false,
        after: false,
        changes: Vec::new(),
    }
}

fn properties(before: &Record, after: &Record) -> Vec<PropertyChange> {
    let (before, after) = (leaves(before), leaves(after));
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter(|path| before.get(*path) != after.get(*path))
        .map(|path| PropertyChange {
            path: path.clone(),
            before: before.get(path).cloned(),
            after: after.get(path).cloned(),
        })
        .collect()
}

/// The leaves of what was applied, by path.
fn leaves(record: &Record) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let Some(applied) = &record.applied else { return found };
    // The outermost key is the kind, which is said already.
    match &applied.spec {
        Value::Object(kinds) => kinds.values().for_each(|spec| leaf(spec, String::new(), &mut found)),
        other => leaf(other, String::new(), &mut found),
    }
    found.extend(applied.tags.iter().map(|(key, value)| (format!("tags.{key}"), value.clone())));
    found
}

fn leaf(value: &Value, path: String, found: &mut BTreeMap<String, String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Null => {}
        Value::Object(fields) => fields.iter().for_each(|(key, value)| leaf(value, below(key), found)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, item)| leaf(item, below(&at.to_string()), found));
        }
        // Two seals of one value are the same, and what they hide is not told.
        Value::String(text) if is_sealed(text) => {
            let shown = text.get(..17).unwrap_or(text).replace("sealed:1:", "(sensitive, ") + "…)";
            found.insert(path, shown);
        }
        Value::String(text) => drop(found.insert(path, text.clone())),
        other => drop(found.insert(path, other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::apply::Outcome;
    use crate::ledger::{Applied, FORMAT, Standing};
    use crate::plan::Purpose;

    fn record(address: &Address, spec: Value) -> Record {
        Record {
            address: address.clone(),
            kind: Kind::Stream,
            name: address.to_string(),
            standing: Standing::Present,
            depends_on: Vec::new(),
            tags: Vec::new(),
            applied: Some(Applied { spec, tags: [("team".to_owned(), "growth".to_owned())].into() }),
        }
    }

    fn revision(number: u64, resources: Vec<Record>) -> Revision {
        Revision {
            format: FORMAT,
            pipeline: "p".into(),
            number,
            purpose: Purpose::Apply,
            actor: "ada".into(),
            started: jiff::Timestamp::UNIX_EPOCH,
            ended: None,
            outcome: Outcome::Succeeded,
            commit: None,
            returns_to: None,
            refreshed: false,
            source: format!("file {number}"),
            inputs: FileInputs::default(),
            resources,
        }
    }

    #[test]
    fn what_came_went_and_changed_is_told_property_by_property() {
        let (a, b, c) = (Address::stream("a"), Address::stream("b"), Address::stream("c"));
        let shards = |count: u32| json!({ "stream": { "capacity": { "fixed": count }, "retention": 24 } });
        let from = revision(1, vec![record(&a, shards(1)), record(&b, shards(2))]);
        let to = revision(2, vec![record(&b, shards(4)), record(&c, shards(1))]);
        let compared = compare(&from, &to);
        let told: Vec<_> =
            compared.resources.iter().map(|it| (it.address.as_str(), it.before, it.after)).collect();
        assert_eq!(told, [("streams.a", true, false), ("streams.b", true, true), ("streams.c", false, true)]);
        let [change] = &compared.resources[1].changes[..] else { panic!("{compared:#?}") };
        assert_eq!(change.path, "capacity.fixed");
        assert_eq!((change.before.as_deref(), change.after.as_deref()), (Some("2"), Some("4")));
        assert_eq!(compare(&from, &from).resources, []);
    }

    #[test]
    fn a_sensitive_value_is_another_only_beside_one_that_was_there() {
        let given = |seal: &str| {
            let value = format!("sealed:1:{seal}");
            let input = crate::spec::VariableInput { value, sensitive: true, from: "--var".into() };
            FileInputs { variables: [("key".to_owned(), input)].into(), ..FileInputs::default() }
        };
        let told = |from: &FileInputs, to: &FileInputs| inputs(from, to).remove(0);
        let new = told(&FileInputs::default(), &given("a"));
        assert_eq!((new.before.as_deref(), new.after.as_deref()), (None, Some("(sensitive)")));
        let other = told(&given("a"), &given("b"));
        assert_eq!(other.after.as_deref(), Some("(another sensitive value)"));
    }
}
