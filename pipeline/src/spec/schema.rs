//! The JSON Schema of the pipeline file, for editors and for `pipectl schema`.
//!
//! An editor that speaks YAML finds it by a line at the top of the file:
//! `# yaml-language-server: $schema=…`.

use schemars::Schema;
use schemars::generate::SchemaSettings;

use super::file::PipelineFile;

/// The schema as pretty JSON with a line break at the end, the same bytes each time.
pub fn json() -> String {
    let mut text = serde_json::to_string_pretty(&root()).unwrap_or_default();
    text.push('\n');
    text
}

/// The schema as a value.
pub(crate) fn value() -> serde_json::Value {
    root().to_value()
}

fn root() -> Schema {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<PipelineFile>()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

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
}
