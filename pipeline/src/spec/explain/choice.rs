//! The words that may stand in a field.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::plain;

/// One of the words that may stand in a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Choice {
    /// The word.
    pub value: String,
    /// What it means; empty where the word says it.
    pub description: String,
}

impl Choice {
    /// The choices that a part of the schema names: one by `const`, several by `enum`.
    pub(super) fn named_by(node: &Value) -> Vec<Self> {
        let described = node["description"].as_str().map(super::unbroken).unwrap_or_default();
        let only = node.get("const").map(|value| Self { value: plain(value), description: described });
        let several = node["enum"].as_array().into_iter().flatten().filter(|value| !value.is_null());
        let several = several.map(|value| Self { value: plain(value), description: String::new() });
        only.into_iter().chain(several).collect()
    }
}
