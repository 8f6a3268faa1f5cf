//! One revision: what was applied, by whom, how it ended, and what it left.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Applied;
use crate::apply::Outcome;
use crate::plan::{Action, Plan, Purpose};
use crate::resources::{Address, Kind, Outline, ResourceId};
use crate::spec::{self, CheckTransform, Diagnostics, Document, FileInputs};

/// The newest format this program reads and writes.
pub const FORMAT: u32 = 1;

/// A numbered apply or destroy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Revision {
    /// The format it is written in.
    pub format: u32,
    /// The pipeline.
    pub pipeline: String,
    /// Counts from 1.
    pub number: u64,
    /// What it was for.
    pub purpose: Purpose,
    /// Who applied it.
    pub actor: String,
    /// When it began.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// When it ended; `None` while it runs, or when its process was killed.
    #[schemars(with = "Option<String>")]
    pub ended: Option<Timestamp>,
    /// How it ended.
    pub outcome: Outcome,
    /// The commit of the pipeline file's repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,
    /// The revision it went back to, where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<u64>,
    /// Whether it only took what is there for what was left, and touched nothing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refreshed: bool,
    /// The text of the pipeline file.
    pub source: String,
    /// The overlays and variables that went into it; sensitive values are sealed.
    #[serde(default, skip_serializing_if = "FileInputs::is_empty")]
    pub inputs: FileInputs,
    /// Everything that may exist: what earlier revisions left, and what this one means to make.
    pub resources: Vec<Record>,
}

impl Revision {
    /// The pipeline file that was applied, with its overlays and variables. Sensitive values are not kept: what
    /// stands for them is of no use but to look at the rest.
    ///
    /// # Errors
    /// What this program finds wrong with it.
    pub fn document(&self, check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
        spec::recall(&self.source, &self.inputs, check)
    }
}

/// The commit that a pipeline file was applied from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Commit {
    /// Its full hash.
    pub id: String,
    /// The branch, where one was checked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Whether the file had changes that were not committed.
    #[serde(default)]
    pub dirty: bool,
}

impl std::fmt::Display for Commit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.id.get(..10).unwrap_or(&self.id))?;
        if self.dirty { f.write_str(" with changes") } else { Ok(()) }
    }
}

/// A resource in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// Whether it exists, as far as we know.
    pub standing: Standing,
    /// What it depends on.
    pub depends_on: Vec<Address>,
    /// The keys of the tags we set, those included that are to go and may still be there.
    pub tags: Vec<String>,
    /// What it was last brought to; `None` until its first step is done, or when an older program wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Applied>,
}

/// How far along a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It is to be created, and nothing was called for it yet, or all that was called was refused.
    Intended,
    /// Its creation is being called for, and may or may not have happened. If it has, without tags, it is ours.
    Creating,
    /// It exists and carries our tags.
    Present,
    /// It is to be deleted, and may or may not be gone.
    Leaving,
}

impl Record {
    /// What makes it itself.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        ResourceId::new(self.kind, self.name.clone())
    }

    /// A record of a resource that the file outlines.
    #[must_use]
    pub fn of_outline(outline: &Outline, standing: Standing) -> Self {
        Self {
            address: outline.address.clone(),
            kind: outline.id.kind,
            name: outline.id.name.clone(),
            standing,
            depends_on: outline.depends_on.clone(),
            tags: Vec::new(),
            applied: None,
        }
    }
}

/// The records a revision begins with: what may exist before it, and what its plan means to do.
#[must_use]
pub(super) fn intent(before: Option<&Revision>, plan: &Plan) -> Vec<Record> {
    let mut records = before.map(|revision| revision.resources.clone()).unwrap_or_default();
    if before.is_some_and(|revision| revision.outcome != Outcome::Succeeded) {
        // Nobody knows how far it came with what this plan leaves out.
        let left_out = |record: &Record| {
            plan.left_out.iter().any(|left| left.kind == record.kind && left.name == record.name)
        };
        records.iter_mut().filter(|record| left_out(record)).for_each(|record| record.applied = None);
    }
    // What the plan looked for and did not find is gone; it has no step, unless it is to be made. What was not
    // picked stays remembered as it is.
    let stays = |record: &Record| {
        plan.steps.iter().any(|step| step.kind == record.kind && step.name == record.name)
            || plan.left_out.iter().any(|left| left.kind == record.kind && left.name == record.name)
    };
    records.retain(stays);
    for step in &plan.steps {
        let there = records.iter().position(|record| record.kind == step.kind && record.name == step.name);
        let before = there.map(|index| records.remove(index));
        let standing = match step.action {
            // What was looked for and not found is anyone's until its creation is called for.
            Action::Create => Standing::Intended,
            Action::NoChange => Standing::Present,
            // Until its tags are on, or it is gone, what an unfinished revision made stays ours.
            _ if is_creating(before.as_ref()) => Standing::Creating,
            Action::Replace => Standing::Intended,
            Action::Delete | Action::Release => Standing::Leaving,
            Action::Update => Standing::Present,
        };
        let applied = match (step.action, &step.desired) {
            (Action::NoChange, Some(desired)) => Some(Applied::of(desired)),
            _ => before.as_ref().and_then(|record| record.applied.clone()),
        };
        let (depends_on, tags) = match (&step.desired, before) {
            // Tags that retire stay remembered until the step is done: a kill may come before they go.
            (Some(desired), _) => {
                let retired = desired.tags.retired.iter().filter(|_| step.action != Action::NoChange);
                (desired.depends_on.clone(), desired.tags.set.keys().chain(retired).cloned().collect())
            }
            (None, Some(record)) => (record.depends_on, record.tags),
            (None, None) => (Vec::new(), Vec::new()),
        };
        records.push(Record {
            address: step.address.clone(),
            kind: step.kind,
            name: step.name.clone(),
            standing,
            depends_on,
            tags,
            applied,
        });
    }
    records
}

fn is_creating(record: Option<&Record>) -> bool {
    record.is_some_and(|record| record.standing == Standing::Creating)
}
