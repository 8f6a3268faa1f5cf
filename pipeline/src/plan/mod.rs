//! From what is wanted, what is there and what the ledger remembers to a plan: pure, and the plan is data.
//!
//! A plan can be saved, shown, compared and applied later. It names every mutation beforehand, those that AWS
//! forces on us included (2 → 16 shards is three of them), so that applying leaves no choices open.

mod accept;
mod build;
mod cascade;
mod describe;
mod drift;
mod footprint;
mod loss;
mod moved;
mod ownership;
mod price;
mod program;
mod prune;
mod quota;
mod refresh;
mod refusal;
mod removal;
mod rename;
mod saved;
mod saved_set;
mod select;
mod summary;
mod trouble;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use accept::{Acceptance, Refused};
pub use build::{Inputs, Remaining, build, remaining};
pub use drift::{Drift, Drifted, Fate, OwnedByOther};
pub use footprint::{Footprint, Partitioned, Size};
pub(crate) use loss::reads;
pub use loss::{Loss, Reader};
pub use moved::{Moved, moved};
pub use ownership::{Here, OwnershipProblem, PlanError};
pub(crate) use ownership::{Verdict, verdict};
pub use price::{Assumed, Cost, PlanPrice, PriceLine, Rate};
pub use quota::{QuotaError, ShardQuota, check_shards, shards_opened};
pub use refresh::Refresh;
pub use refusal::Refusal;
pub use removal::{RemovalInputs, build_removal};
pub use saved::{SavedPlan, SavedPlanError};
pub use saved_set::SavedPlans;
pub use select::{LeftOut, SelectError, Selection};
pub use summary::{PlanSummary, StepSummary};
pub use trouble::Trouble;

use crate::resources::tags::TagChange;
use crate::resources::{Address, Change, Desired, Kind, PropertyChange, ResourceId};
use crate::spec::FileInputs;

/// Everything that will be done, and what already is as it should be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The version of this format.
    pub format: u32,
    /// The pipeline's name.
    pub pipeline: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The account it was made for.
    pub account: String,
    /// The region it was made for.
    pub region: String,
    /// The text of the pipeline file it was made from.
    pub source: String,
    /// The overlays and variables that went into it.
    #[serde(default, skip_serializing_if = "FileInputs::is_empty")]
    pub inputs: FileInputs,
    /// The last revision in the ledger when it was made; 0 is none.
    pub based_on: u64,
    /// One step per resource, each after what it depends on.
    pub steps: Vec<Step>,
    /// What the reader should know beside the steps.
    pub notes: Vec<String>,
    /// Data that it gives up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// What keeps it from being carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What its resources are billed by, before and after.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub footprint: Vec<Footprint>,
    /// Changes that were not picked, and wait for another apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<LeftOut>,
    /// The revision it goes back to; `None` when it goes forward to a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns_to: Option<u64>,
}

/// The version of the plan format.
pub const PLAN_FORMAT: u32 = 1;

/// What a plan is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Purpose {
    /// To make what the file says.
    Apply,
    /// To remove all that belongs to the pipeline.
    Destroy,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Where it stands in the file: `streams.events`.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What happens to it.
    pub action: Action,
    /// The properties that change.
    pub changes: Vec<PropertyChange>,
    /// Why, where that is not plain: what forces a replacement, what is waited for, why it is deleted.
    pub reason: Option<String>,
    /// The mutations, in order; each is one call.
    pub operations: Vec<Operation>,
    /// Addresses whose steps have to be done before; which of them, [`Step::waits_for`] says.
    pub depends_on: Vec<Address>,
    /// What is wanted; `None` for what goes.
    pub desired: Option<Desired>,
}

impl Step {
    /// What makes its resource itself. An address may have two steps: one for what is wanted there, and one for what
    /// had another name there and goes.
    #[must_use]
    pub fn id(&self) -> ResourceId {
        ResourceId::new(self.kind, self.name.clone())
    }

    /// Whether it has to wait for another: what is wanted for what is wanted, and what goes for both. An entry that had
    /// several names has several steps that go, none of which waits for another.
    #[must_use]
    pub fn waits_for(&self, other: &Step) -> bool {
        let is_itself = self.kind == other.kind && self.name == other.name;
        let may_wait = match (&self.desired, &other.desired) {
            (_, Some(_)) => !is_itself,
            (None, None) => self.address != other.address,
            (Some(_), None) => false,
        };
        may_wait && self.depends_on.contains(&other.address)
    }
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing: it is as it should be.
    NoChange,
    /// It is made.
    Create,
    /// It is changed in place.
    Update,
    /// It is deleted and made again.
    Replace,
    /// It is deleted.
    Delete,
    /// It stays, and is the pipeline's no more: its ownership tags go.
    Release,
}

/// One mutation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Create the resource, with its tags where the call takes them.
    Create,
    /// Change a property.
    Change(Change),
    /// Set and remove tags.
    Tag(TagChange),
    /// Delete the resource.
    Delete,
}

/// How many steps there are of each action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// To create.
    pub create: usize,
    /// To update in place.
    pub update: usize,
    /// To replace.
    pub replace: usize,
    /// To delete.
    pub delete: usize,
    /// To release.
    pub release: usize,
    /// As they should be.
    pub no_change: usize,
}

impl Plan {
    /// Whether applying it would do anything.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.steps.iter().any(|step| step.action != Action::NoChange)
    }

    /// How many steps there are of each action.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for step in &self.steps {
            counts.add(step.action);
        }
        counts
    }
}

impl Counts {
    /// Counts one more of this action.
    pub fn add(&mut self, action: Action) {
        *match action {
            Action::NoChange => &mut self.no_change,
            Action::Create => &mut self.create,
            Action::Update => &mut self.update,
            Action::Replace => &mut self.replace,
            Action::Delete => &mut self.delete,
            Action::Release => &mut self.release,
        } += 1;
    }
}

/// What to do with buckets that still hold objects when they have to go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BucketData {
    /// Refuse, before anything is done.
    #[default]
    Refuse,
    /// Delete every object, then the bucket.
    Delete,
    /// Leave the bucket, which is the pipeline's no more.
    Keep,
}
