//! Diagnostics for machines: what `--json` prints, one object a finding.

use schemars::JsonSchema;
use serde::Serialize;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics, Place, Severity, Spot};
use super::position::Position;

/// One finding with everything looked up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub struct Report {
    /// The file as the user named it.
    pub file: String,
    /// Line, from 1; 1 when the finding is about the file as such.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Where it ends, exclusive.
    pub end: Position,
    /// Error or warning.
    #[schemars(with = "String")]
    pub severity: Severity,
    /// The stable name.
    #[schemars(with = "String")]
    pub code: Code,
    /// The keys that lead there, such as `streams.events.retention`; empty for the top.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What else is to be known, such as where the value of a variable came from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Diagnostics {
    /// The findings for machines, in the order of the files.
    pub fn report(&self) -> Vec<Report> {
        self.items.iter().zip(&self.spots).map(|(item, spot)| self.one(item, spot)).collect()
    }

    fn one(&self, item: &Diagnostic, spot: &Spot) -> Report {
        let top = self.sources.bytes(spot.file).start;
        let bytes = spot.bytes.clone().unwrap_or(top..top);
        let start = self.sources.position(bytes.start);
        Report {
            file: self.sources.path(spot.file).display().to_string(),
            line: start.line,
            column: start.column,
            end: self.sources.position(bytes.end),
            severity: item.severity,
            code: item.code,
            path: match &item.place {
                Place::Key(path) | Place::Value(path) | Place::Within(path, _) => path.to_string(),
                Place::Bytes(_) | Place::File => String::new(),
            },
            message: item.message.clone(),
            help: item.help.clone(),
            notes: item.notes.clone(),
        }
    }
}
