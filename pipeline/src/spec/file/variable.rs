//! `vars` as editors see it.

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::vars::VariableType;

/// A variable: its default, or more.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum Declaration {
    /// Its default, whose type is the variable's.
    Default(Default),
    /// More.
    Variable(Variable),
}

/// A default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum Default {
    /// Of a truth value.
    Bool(bool),
    /// Of a number.
    Number(f64),
    /// Of text.
    Text(String),
}

/// A variable with more than a default.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// Its type. Without it, that of the default, or `string`.
    pub r#type: Option<VariableType>,
    /// What it is when nothing else is given. Without it, a value must be given.
    pub default: Option<Default>,
    /// What it is for; shown where its value is missing.
    pub description: Option<String>,
    /// Whether its value is a secret: it is masked wherever it would be shown, and plans and the ledger keep a hash of it
    /// and not itself. It may stand in `environment` and in `vrl`.
    #[schemars(extend("default" = false))]
    pub sensitive: Option<bool>,
}
