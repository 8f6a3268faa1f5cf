//! Lines about the file, the ledger and failures.

use std::path::Path;

use pipectl_pipeline::engine::RevisionSummary;
use pipectl_pipeline::ledger::Revision;
use schemars::JsonSchema;
use serde::Serialize;

use crate::error::{CommandError, Kind};

/// A pipeline file that holds.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Valid<'a> {
    /// Its path.
    pub(crate) file: &'a Path,
    /// The pipeline's name.
    pub(crate) pipeline: &'a str,
    /// How many warnings there are.
    pub(crate) warnings: usize,
    /// Streams of other pipelines, which are looked up in the ledger later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) unresolved: Vec<String>,
}

/// A revision, in short or whole.
#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
pub(crate) enum AnyRevision<'a> {
    /// With its file and its resources.
    Whole(&'a Revision),
    /// One of a list.
    Short(OfPipeline<'a>),
}

/// A revision, and whose it is.
#[derive(Serialize, JsonSchema)]
pub(crate) struct OfPipeline<'a> {
    /// The pipeline's name.
    pub(crate) pipeline: &'a str,
    /// The revision in short.
    #[serde(flatten)]
    pub(crate) revision: &'a RevisionSummary,
}

/// A pipeline file of what runs.
#[derive(Serialize, JsonSchema)]
pub(crate) struct Imported<'a> {
    /// The pipeline's name.
    pub(crate) pipeline: &'a str,
    /// The text of the file.
    pub(crate) text: &'a str,
    /// What the file does not have, or cannot say.
    pub(crate) warnings: &'a [String],
    /// Entries that nobody owns yet, for `--adopt`.
    pub(crate) adopt: &'a [String],
}

/// Why a command failed.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "CommandFailure")]
pub(crate) struct Failure {
    /// What kind of failure.
    kind: Kind,
    /// What happened.
    message: String,
    /// Why, from near to far.
    causes: Vec<String>,
    /// The ways out.
    hints: Vec<String>,
}

impl From<&CommandError> for Failure {
    fn from(error: &CommandError) -> Self {
        Failure {
            kind: error.kind(),
            message: error.to_string(),
            causes: error.chain().split_off(1),
            hints: error.hints().to_vec(),
        }
    }
}
