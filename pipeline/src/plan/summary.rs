//! A plan as scripts read it: what happens to what, without the properties of each call. Its shape is in the JSON
//! Schema of the events.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Counts, LeftOut, Loss, Plan, Purpose, Refusal, Step};
use crate::resources::{Address, Kind, PropertyChange};

/// A plan as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanSummary {
    /// The pipeline's name.
    pub pipeline: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// What it is for.
    pub purpose: Purpose,
    /// The last revision in the ledger when it was made; 0 is none.
    pub based_on: u64,
    /// The revision it goes back to, where it does.
    pub returns_to: Option<u64>,
    /// How many steps there are of each action.
    pub counts: Counts,
    /// Data that it gives up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub losses: Vec<Loss>,
    /// What keeps it from being carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// Changes that were not picked.
    pub left_out: Vec<LeftOut>,
    /// What the reader should know beside the steps.
    pub notes: Vec<String>,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepSummary {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What happens to it.
    pub action: Action,
    /// The properties that change; of what is created, all that it will have, without what is sensitive.
    pub changes: Vec<PropertyChange>,
    /// Why, where that is not plain.
    pub reason: Option<String>,
    /// The calls that are made for it, in words, in order.
    pub operations: Vec<String>,
    /// What has to be done before.
    pub depends_on: Vec<Address>,
}

impl PlanSummary {
    /// Of a plan.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        Self {
            pipeline: plan.pipeline.clone(),
            account: plan.account.clone(),
            region: plan.region.clone(),
            purpose: plan.purpose,
            based_on: plan.based_on,
            returns_to: plan.returns_to,
            counts: plan.counts(),
            losses: plan.losses.clone(),
            refusals: plan.refusals.clone(),
            left_out: plan.left_out.iter().filter(|left| left.action != Action::NoChange).cloned().collect(),
            notes: plan.notes.clone(),
        }
    }
}

impl StepSummary {
    /// Of a step.
    #[must_use]
    pub fn of(step: &Step) -> Self {
        Self {
            address: step.address.clone(),
            kind: step.kind,
            name: step.name.clone(),
            action: step.action,
            changes: match (step.action, &step.desired) {
                (Action::Create, Some(desired)) if step.changes.is_empty() => desired.properties(),
                _ => step.changes.clone(),
            },
            reason: step.reason.clone(),
            operations: step.operations.iter().map(ToString::to_string).collect(),
            depends_on: step.depends_on.clone(),
        }
    }
}
