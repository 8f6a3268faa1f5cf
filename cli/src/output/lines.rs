//! The lines that the provisioning commands write under `--json`, as one type: their JSON Schema is made from it.
//!
//! The type is not what writes the lines. That each line that is written fits the schema is tested.

use pipectl_pipeline::apply::Event;
use pipectl_pipeline::engine::{RevisionSummary, Status};
use pipectl_pipeline::ledger::{Comparison, LockRecord, Revision};
use pipectl_pipeline::plan::{Drift, PlanPrice, PlanSummary, StepSummary};
use pipectl_pipeline::spec;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::error::Kind;

/// One line of `validate`, `plan`, `apply`, `status`, `drift`, `history`, `rollback`, `destroy`, `import` or `force-unlock`
/// with `--json`.
#[derive(JsonSchema)]
#[schemars(tag = "type", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its shape is used")]
enum Line {
    /// The first line.
    Version {
        /// The version of the program.
        pipectl: String,
        /// The version of this format; it grows when a field changes its meaning or goes away.
        format: u32,
    },
    /// A finding in the pipeline file.
    Diagnostic(spec::Report),
    /// A step of a plan that does something.
    Change(StepSummary),
    /// A plan as a whole, after its changes.
    Plan(PlanSummary),
    /// What a plan costs in a month, before and after, after the plan.
    Price(PlanPrice),
    /// Something that happened during an apply.
    Apply(Event),
    /// What exists.
    Status(Status),
    /// What moved outside.
    Drift(Drift),
    /// A revision, in short from `history` and whole from `history show`.
    Revision(AnyRevision),
    /// What differs between two revisions.
    Comparison(Comparison),
    /// A file that was written.
    Wrote {
        /// Its path.
        file: String,
    },
    /// A pipeline file of what runs.
    Imported {
        /// The pipeline's name.
        pipeline: String,
        /// The text of the file.
        text: String,
        /// What the file does not have, or cannot say.
        warnings: Vec<String>,
        /// Entries that nobody owns yet, for `--adopt`.
        adopt: Vec<String>,
    },
    /// A lock that was taken away.
    Unlocked(LockRecord),
    /// The last line of a command that failed.
    Error {
        /// What kind of failure.
        kind: Kind,
        /// What happened.
        message: String,
        /// Why, from near to far.
        causes: Vec<String>,
        /// The ways out.
        hints: Vec<String>,
    },
}

#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its shape is used")]
enum AnyRevision {
    Whole(Box<Revision>),
    Short(RevisionSummary),
}

/// The schema of a line as pretty JSON with a line break at the end, the same bytes each time.
pub(crate) fn schema() -> String {
    let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Line>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
