//! The JSON Schema of the pipeline file, for editors and for `pipectl schema`.
//!
//! An editor that speaks YAML finds it by a line at the top of the file:
//! `# yaml-language-server: $schema=…`.

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::file::PipelineFile;

/// The schema as pretty JSON with a line break at the end, the same bytes each time.
pub fn json() -> String {
    let mut schema = value();
    let definitions = schema["definitions"].clone();
    for (name, property) in properties(&mut schema) {
        if !["apiVersion", "kind", "vars"].contains(&name.as_str()) {
            takes_variables(property, &definitions);
        }
    }
    for (name, definition) in schema["definitions"].as_object_mut().into_iter().flatten() {
        if name == "Variable" {
            continue;
        }
        for (_, property) in properties(definition) {
            takes_variables(property, &definitions);
        }
    }
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema of a file without variables: what each field takes in the end.
pub(crate) fn value() -> Value {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<PipelineFile>();
    schema.to_value()
}

fn properties(schema: &mut Value) -> impl Iterator<Item = (&String, &mut Value)> {
    schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten()
}

/// What says something of a value and does not restrict it.
const NOTES: [&str; 5] = ["title", "description", "default", "examples", "deprecated"];

/// Lets a variable stand where a single value is due, and in its names and items where it has some.
fn takes_variables(schema: &mut Value, definitions: &Value) {
    for inner in ["additionalProperties", "items", "propertyNames"] {
        if let Some(inner) = schema.get_mut(inner).filter(|inner| inner.is_object()) {
            takes_variables(inner, definitions);
        }
    }
    for branch in schema.get_mut("anyOf").and_then(Value::as_array_mut).into_iter().flatten() {
        if branch.get("items").is_some() {
            takes_variables(branch, definitions);
        }
    }
    // The names of a mapping are restricted without a type.
    let names = schema.get("type").is_none() && schema.get("pattern").is_some();
    if (!names && !is_single(schema, definitions)) || takes_any_text(schema) {
        return;
    }
    let Value::Object(fields) = schema.take() else { return };
    let (notes, restricts): (Map<String, Value>, Map<String, Value>) =
        fields.into_iter().partition(|(key, _)| NOTES.contains(&key.as_str()));
    *schema = Value::Object(notes);
    schema["anyOf"] = json!([restricts, { "type": "string", "pattern": r"\$\{ *var\." }]);
}

/// Whether a value may be a single one: neither a list nor a mapping.
fn is_single(schema: &Value, definitions: &Value) -> bool {
    let single = |kind: &Value| matches!(kind.as_str(), Some("string" | "integer" | "number" | "boolean"));
    match (&schema["type"], schema["$ref"].as_str()) {
        (Value::String(_), _) => single(&schema["type"]),
        (Value::Array(kinds), _) => kinds.iter().any(single),
        (_, Some(reference)) => {
            let name = reference.rsplit('/').next().unwrap_or_default();
            is_single(&definitions[name], definitions)
        }
        _ if schema.get("enum").is_some() || schema.get("const").is_some() => true,
        _ => ["anyOf", "oneOf"].iter().any(|key| {
            let branches = schema[*key].as_array();
            branches.is_some_and(|branches| branches.iter().any(|branch| is_single(branch, definitions)))
        }),
    }
}

/// Whether nothing restricts a text, so that the name of a variable is one as well.
fn takes_any_text(schema: &Value) -> bool {
    let text = |kind: &Value| kind == "string";
    let is_text = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().any(text),
        kind => text(kind),
    };
    is_text
        && !["pattern", "enum", "const", "format", "maxLength"].iter().any(|key| schema.get(key).is_some())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::check::SHAPES;
    use super::*;

    fn schema() -> Value {
        serde_json::from_str(&json()).unwrap()
    }

    #[test]
    fn the_committed_schema_is_fresh() {
        let committed = include_str!("../../schema/pipeline-v1.schema.json");
        assert!(
            committed == json(),
            "the schema has changed: cargo run -p pipectl -- schema > pipeline/schema/pipeline-v1.schema.json"
        );
    }

    #[test]
    fn schema_and_checks_know_the_same_fields() {
        let schema = schema();
        for shape in SHAPES {
            let object = match shape.schema {
                "" => &schema,
                name => &schema["definitions"][name],
            };
            let known: BTreeSet<&str> =
                object["properties"].as_object().unwrap().keys().map(String::as_str).collect();
            let checked: BTreeSet<&str> = shape.fields.iter().map(|field| field.name).collect();
            assert_eq!(known, checked, "{}", shape.what);
            let required: BTreeSet<&str> = object["required"]
                .as_array()
                .map(|names| names.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            let must: BTreeSet<&str> =
                shape.fields.iter().filter(|field| field.example.is_some()).map(|field| field.name).collect();
            assert_eq!(required, must, "{}", shape.what);
            assert_eq!(object["additionalProperties"], Value::Bool(false), "{}", shape.what);
        }
    }

    #[test]
    fn every_object_of_the_schema_is_checked() {
        let schema = schema();
        let objects: BTreeSet<&str> = schema["definitions"]
            .as_object()
            .unwrap()
            .iter()
            .filter(|(_, definition)| definition.get("properties").is_some())
            .map(|(name, _)| name.as_str())
            .collect();
        let checked: BTreeSet<&str> =
            SHAPES.iter().map(|shape| shape.schema).filter(|name| !name.is_empty()).collect();
        assert_eq!(objects, checked);
    }

    #[test]
    fn every_field_has_a_text() {
        let schema = schema();
        let objects = schema["definitions"].as_object().unwrap().values().chain([&schema]);
        for properties in objects.filter_map(|object| object["properties"].as_object()) {
            for (name, property) in properties {
                assert!(property["description"].is_string(), "{name}");
            }
        }
    }

    #[test]
    fn a_variable_may_stand_for_every_single_value_and_what_it_stands_for_is_still_told() {
        let schema = schema();
        let variable = json!({ "type": "string", "pattern": r"\$\{ *var\." });
        let shards = &schema["definitions"]["Stream"]["properties"]["shards"];
        assert_eq!(shards["anyOf"][1], variable, "{shards}");
        assert!(shards["description"].is_string());
        assert_eq!(schema["properties"]["name"]["anyOf"][1], variable);
        assert_eq!(schema["properties"]["streams"]["propertyNames"]["anyOf"][1], variable);
        assert!(schema["definitions"]["Delivery"]["properties"]["to"].get("anyOf").is_none());
        assert!(schema["definitions"]["Delivery"]["properties"]["from"].get("anyOf").is_none());
        assert!(schema["definitions"]["Variable"]["properties"]["sensitive"].get("anyOf").is_none());
    }
}
