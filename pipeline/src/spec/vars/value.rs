//! The types of variables, and reading a value as one of them. Pure.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::super::tree::{Kind, Reads, plain};

/// The type of a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum VariableType {
    /// Text.
    String,
    /// A number, whole or not.
    Number,
    /// `true` or `false`.
    Bool,
}

impl VariableType {
    /// Their names in the file.
    pub(super) const CHOICES: [(&'static str, Self); 3] =
        [("string", Self::String), ("number", Self::Number), ("bool", Self::Bool)];

    /// The type of a value of which nothing else is said.
    pub(super) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Integer(_) | Kind::Float => Self::Number,
            Kind::Null | Kind::Text => Self::String,
        }
    }

    /// A value of this type, as it is put into the file. However it was written: text that is a number is one.
    pub(super) fn read(self, text: &str) -> Option<String> {
        let trimmed = text.trim();
        match (self, plain(trimmed)) {
            (Self::String, _) => Some(text.to_owned()),
            (Self::Number, Kind::Integer(number)) => Some(number.to_string()),
            (Self::Number, Kind::Float) if trimmed.parse::<f64>().is_ok_and(f64::is_finite) => {
                Some(trimmed.to_owned())
            }
            (Self::Bool, Kind::Bool) => Some(trimmed.to_lowercase()),
            _ => None,
        }
    }

    /// How a scalar reads that is a variable of this type and nothing else.
    pub(super) fn reads(self) -> Reads {
        match self {
            Self::String => Reads::Text,
            Self::Number | Self::Bool => Reads::Content,
        }
    }

    /// What a value has to be, for a message.
    pub(super) fn due(self) -> &'static str {
        match self {
            Self::String => "text",
            Self::Number => "a number",
            Self::Bool => "`true` or `false`",
        }
    }
}

impl fmt::Display for VariableType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Bool => "bool",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_its_type_however_it_was_written() {
        let read = |kind: VariableType, text: &str| kind.read(text);
        assert_eq!(read(VariableType::String, " 5 "), Some(" 5 ".to_owned()));
        assert_eq!(read(VariableType::Number, " 5 "), Some("5".to_owned()));
        assert_eq!(read(VariableType::Number, "+7"), Some("7".to_owned()));
        assert_eq!(read(VariableType::Number, "1.5"), Some("1.5".to_owned()));
        assert_eq!(read(VariableType::Bool, "True"), Some("true".to_owned()));
        for (kind, text) in [
            (VariableType::Number, "many"),
            (VariableType::Number, ".inf"),
            (VariableType::Number, "0x10"),
            (VariableType::Number, ""),
            (VariableType::Bool, "yes"),
            (VariableType::Bool, "1"),
        ] {
            assert_eq!(read(kind, text), None, "{kind} {text}");
        }
    }
}
