//! The lines of `--json`, as one type that both writes them and makes their JSON Schema: there is no line that the schema
//! does not know.
//!
//! A line is made of what a library answers with, where that is all there is to say; the others have their shapes here,
//! by what they are about.

mod autoscaling;
mod feeding;
mod local;
mod provisioning;
mod reading;

use std::path::Path;

use pipectl_autoscaler::controller::Explained;
use pipectl_autoscaler::estimate::Estimate;
use pipectl_autoscaler::simulate::FrontierPoint;
use pipectl_pipeline::apply::Event;
use pipectl_pipeline::diagram::Diagram;
use pipectl_pipeline::engine::Status;
use pipectl_pipeline::ledger::{Comparison, LockRecord};
use pipectl_pipeline::plan::{Drift, PlanPrice, PlanSummary, StepSummary};
use pipectl_pipeline::spec;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

pub(crate) use autoscaling::{Decisions, PolicyDecision, PolicyOutcome, Step, Trace};
pub(crate) use feeding::{Account, DryRun, Problem, Progress, Reason, ShardShare, Summary};
pub(crate) use local::{Ready, Request};
pub(crate) use provisioning::{AnyRevision, Failure, Imported, OfPipeline, Valid};
pub(crate) use reading::{Damaged, Gap, Record};

/// The number of the event format; it grows when a field changes its meaning or goes away.
const FORMAT: u32 = 1;

/// One line of a command with `--json`. The first of them is always `version`; more kinds and more fields may come without
/// a new number of the format.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(crate) enum Line<'a> {
    /// The first line.
    Version {
        /// The version of the program.
        pipectl: &'a str,
        /// The version of this format; it grows when a field changes its meaning or goes away.
        format: u32,
    },
    /// A finding in the pipeline file.
    Diagnostic(&'a spec::Report),
    /// `validate`: a file that holds.
    Valid(Valid<'a>),
    /// A step of a plan that does something.
    Change(StepSummary),
    /// A plan as a whole, after its changes.
    Plan(PlanSummary),
    /// What a plan costs in a month, before and after, after the plan.
    Price(&'a PlanPrice),
    /// Something that happened during an apply.
    Apply(&'a Event),
    /// `status`: what exists.
    Status(&'a Status),
    /// `status`: what the autoscaler decided of late on a stream.
    Autoscale(&'a Decisions),
    /// What moved outside.
    Drift(&'a Drift),
    /// A revision, in short from `history` and whole from `history show`.
    Revision(AnyRevision<'a>),
    /// What differs between two revisions.
    Comparison(&'a Comparison),
    /// A lock that was taken away.
    Unlocked(&'a LockRecord),
    /// A file that was written.
    Wrote {
        /// Its path.
        file: &'a Path,
    },
    /// `import`: a pipeline file of what runs.
    Imported(Imported<'a>),
    /// `graph`: what is drawn.
    Graph(&'a Diagram),
    /// `fmt`: a file.
    Layout {
        /// Its path.
        file: &'a Path,
        /// Whether it has, or would get, another text.
        changes: bool,
    },
    /// `explain`: a field of the pipeline file.
    Topic(&'a spec::Topic),
    /// `init --list`: a template.
    Template {
        /// Its name.
        name: &'a str,
        /// What it is for.
        description: &'a str,
    },
    /// `help exit-codes`: an exit code.
    ExitCode {
        /// The code.
        code: u8,
        /// When a command ends with it.
        meaning: &'a str,
    },
    /// `produce`, `demo`: how far it is, about each ten seconds.
    Progress(Progress),
    /// `produce`: a line of the input that cannot be sent; the first ten of them.
    Problem(Problem<'a>),
    /// `produce`, `demo`: what became of every record.
    Account(Account<'a>),
    /// `produce --dry-run`: what would be sent, and where to.
    DryRun(DryRun<'a>),
    /// `demo`: where every record was found, the last line.
    Summary(&'a Summary),
    /// `tail`: a record.
    Record(Record<'a>),
    /// `tail`: a record that looks like an aggregate, and is damaged.
    Damaged(Damaged<'a>),
    /// `tail`: records that expired before they were read.
    Gap(Gap<'a>),
    /// `autoscale run|once`: what a step came to for a stream.
    Step(&'a Step),
    /// `autoscale explain`, `autoscale run --dry-run`: what would be done about a stream, and why.
    Explained(&'a Explained),
    /// `autoscale simulate`: the traffic.
    Trace(Trace<'a>),
    /// `autoscale simulate`: what a policy came to on it.
    Policy(PolicyOutcome<'a>),
    /// `autoscale simulate --frontier`: a point of cost against throttling.
    Frontier(&'a FrontierPoint),
    /// `autoscale simulate --reasons`: a call, and why it was made.
    Decision(PolicyDecision<'a>),
    /// `estimate`: shards and price.
    Estimate(&'a Estimate),
    /// `local`: the endpoint takes calls.
    Ready(Ready<'a>),
    /// `local --verbose`: a request that was answered.
    Request(Request<'a>),
    /// `local reset`: what is empty now.
    Reset {
        /// The endpoint's URL, or the folder.
        what: &'a str,
    },
    /// The last line of a command that failed.
    Error(Failure),
}

impl Line<'static> {
    /// The first line: which program, and which event format.
    pub(crate) fn version() -> Self {
        Line::Version { pipectl: env!("CARGO_PKG_VERSION"), format: FORMAT }
    }
}

/// The schema of a line as pretty JSON with a line break at the end, the same bytes each time.
pub(crate) fn schema() -> String {
    let mut generator = SchemaSettings::draft07().for_serialize().into_generator();
    let schema = generator.root_schema_for::<Line>();
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
