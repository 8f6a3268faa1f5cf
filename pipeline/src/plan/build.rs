//! Makes the plan of an apply.

use std::collections::BTreeMap;

use super::footprint::footprints;
use super::ownership::{Here, Verdict, verdict};
use super::{
    Action, BucketData, Operation, OwnershipProblem, PLAN_FORMAT, Plan, PlanError, Purpose, Selection, Step,
    cascade, loss, program, prune, quota, rename, select,
};
use crate::ledger::Record;
use crate::resources::names::Place;
use crate::resources::tags::Owner;
use crate::resources::{
    Address, Desired, Difference, Graph, Kind, Observed, PropertyChange, Readiness, ResourceId,
};
use crate::spec::FileInputs;

/// All that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The text of its file.
    pub source: &'a str,
    /// Account and region.
    pub place: &'a Place,
    /// What is wanted.
    pub graph: &'a Graph,
    /// What exists, of all that is wanted or remembered.
    pub observed: &'a BTreeMap<ResourceId, Observed>,
    /// What the ledger's last revision remembers.
    pub remembered: &'a [Record],
    /// The number of that revision; 0 when there is none.
    pub based_on: u64,
    /// What becomes of buckets that have to go.
    pub bucket_data: BucketData,
    /// Whether streams that have to go take the consumers along that others registered.
    pub delete_consumers: bool,
    /// What the user picked out of it.
    pub selection: &'a Selection,
    /// The revision that is gone back to, where it is one and not a file.
    pub returns_to: Option<u64>,
}

impl<'a> Inputs<'a> {
    /// From where resources are looked at.
    pub(super) fn here(&self) -> Here<'a> {
        Here { pipeline: self.pipeline, region: &self.place.region }
    }
}

/// Compares what is wanted with what is there.
///
/// # Errors
/// Resources in the way that are not ours. What keeps the plan from being carried out stands in it.
pub fn build(inputs: &Inputs<'_>) -> Result<Plan, PlanError> {
    inputs.selection.check(&known(inputs))?;
    let mut notes = Vec::new();
    let mut problems = Vec::new();
    let mut steps = Vec::new();
    for desired in inputs.graph.resources.values() {
        match step(inputs, desired, &mut notes) {
            Ok(step) => steps.push(step),
            Err(problem) => problems.push(problem),
        }
    }
    let along = cascade::along(inputs, &mut steps);
    let mut refusals = cascade::consumers(inputs, &mut steps);
    steps.extend(prune::steps(inputs, &mut notes, &mut refusals));
    let mut picked = inputs.selection.picked(&needs(inputs, &steps));
    // What goes along with something that is picked is picked.
    if let Some(picked) = &mut picked {
        while let Some((with, _)) = along.iter().find(|(it, by)| picked.contains(by) && !picked.contains(it))
        {
            picked.insert(with.clone());
        }
        refusals.retain(|refusal| picked.contains(&refusal.address));
    }
    problems.retain(|problem| picked.as_ref().is_none_or(|picked| picked.contains(&problem.address)));
    if !problems.is_empty() {
        return Err(PlanError::NotOurs(problems));
    }
    let (mut steps, left_out) = select::split(steps, picked.as_ref());
    rename::tell(&mut steps, &mut notes);
    notes.extend(quota::days_of_resizing(&steps));
    notes.extend(select::note(&left_out));
    Ok(Plan {
        format: PLAN_FORMAT,
        pipeline: inputs.pipeline.to_owned(),
        purpose: Purpose::Apply,
        account: inputs.place.account.clone(),
        region: inputs.place.region.clone(),
        source: inputs.source.to_owned(),
        based_on: inputs.based_on,
        losses: loss::losses(&steps, inputs.observed, inputs.remembered),
        refusals,
        footprint: footprints(&steps, inputs.observed),
        steps,
        notes,
        left_out,
        returns_to: inputs.returns_to,
        inputs: FileInputs::default(),
    })
}

/// Every address that may be picked.
fn known<'a>(inputs: &Inputs<'a>) -> Vec<(&'a Address, Kind)> {
    let wanted = inputs.graph.resources.values().map(|wanted| (&wanted.address, wanted.spec.kind()));
    let remembered = inputs.remembered.iter().map(|record| (&record.address, record.kind));
    wanted.chain(remembered).collect()
}

/// What each resource needs to be done before it.
fn needs(inputs: &Inputs<'_>, steps: &[Step]) -> BTreeMap<Address, Vec<Address>> {
    let wanted = inputs.graph.resources.values().map(|it| (it.address.clone(), it.depends_on.clone()));
    let mut needs: BTreeMap<Address, Vec<Address>> = wanted.collect();
    // What goes may have the address of what takes its place.
    for step in steps.iter().filter(|step| step.desired.is_none()) {
        needs.entry(step.address.clone()).or_default().extend(step.depends_on.iter().cloned());
    }
    needs
}

/// The step for one wanted resource.
fn step(inputs: &Inputs<'_>, wanted: &Desired, notes: &mut Vec<String>) -> Result<Step, OwnershipProblem> {
    let id = wanted.id();
    let record = inputs.remembered.iter().find(|record| record.id() == id);
    let mut wanted = wanted.clone();
    if let Some(record) = record {
        let retired = record.tags.iter().filter(|key| !wanted.tags.set.contains_key(*key));
        wanted.tags.retired = retired.cloned().collect();
    }
    let seen = inputs.observed.get(&id);
    if let Some(seen) = seen {
        match verdict(inputs.here(), &id, seen, record) {
            Verdict::Ours => {}
            Verdict::Adopt => notes.push(format!("{}: the {id} exists and is taken over", wanted.address)),
            Verdict::NotOurs(Owner::Unknown | Owner::Unplaced)
                if inputs.selection.adopts(&wanted.address) =>
            {
                notes.push(format!("{}: the {id} exists and is adopted", wanted.address));
            }
            Verdict::NotOurs(owner) => {
                return Err(OwnershipProblem { address: wanted.address.clone(), id, owner });
            }
        }
    }
    let mut outcome = remaining(&wanted, seen);
    if let Some(seen) = seen {
        if let Some(reason) = forced(inputs, &wanted, seen, outcome.action) {
            outcome = replace(&wanted, seen, reason, outcome.properties);
        }
        outcome.properties.extend(program::change(&wanted, seen, record, &outcome.properties));
    }
    Ok(Step {
        address: wanted.address.clone(),
        kind: id.kind,
        name: id.name,
        action: outcome.action,
        changes: outcome.properties,
        reason: outcome.reason,
        operations: outcome.operations,
        depends_on: wanted.depends_on.clone(),
        desired: Some(wanted),
    })
}

/// Why a resource that could stay, or be changed in place, is made anew all the same.
fn forced(inputs: &Inputs<'_>, wanted: &Desired, seen: &Observed, action: Action) -> Option<String> {
    if !matches!(action, Action::NoChange | Action::Update) {
        return None;
    }
    if inputs.selection.replaces(&wanted.address) {
        return Some("you asked for it".to_owned());
    }
    prune::reads_under_anothers_role(inputs, &wanted.spec, seen)
}

/// What is left to do for one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Remaining {
    /// What that amounts to.
    pub action: Action,
    /// The properties that change.
    pub properties: Vec<PropertyChange>,
    /// Why, where that is not plain.
    pub reason: Option<String>,
    /// The mutations.
    pub operations: Vec<Operation>,
}

/// What is left to do until the resource is what is wanted. Planning asks it of what it observed, and applying
/// again of what it finds after its operations.
#[must_use]
pub fn remaining(wanted: &Desired, seen: Option<&Observed>) -> Remaining {
    let Some(seen) = seen else {
        return create(wanted, None);
    };
    match seen.state.readiness() {
        Readiness::Leaving => {
            create(wanted, Some("it is being deleted; made again once it is gone".to_owned()))
        }
        Readiness::Failed(why) => replace(wanted, seen, why, Vec::new()),
        Readiness::Creating(awaited) => {
            let mut outcome = compare(wanted, seen);
            if outcome.action == Action::NoChange {
                outcome.action = Action::Update;
                outcome.reason = Some(format!("wait until it is {awaited}"));
            }
            outcome
        }
        Readiness::Ready | Readiness::Pending(_) => compare(wanted, seen),
    }
}

/// The create call, and what has to follow it.
fn create(wanted: &Desired, reason: Option<String>) -> Remaining {
    let tags = wanted.spec.created_tags(&wanted.tags.set);
    let after = wanted.spec.compare(&wanted.spec.created(), &tags);
    let mut operations = vec![Operation::Create];
    // Tags first: until they are on, only the ledger knows whose the resource is.
    let missing = wanted.tags.compare(&tags);
    if !missing.is_empty() {
        operations.push(Operation::Tag(missing));
    }
    operations.extend(after.changes.into_iter().map(Operation::Change));
    Remaining { action: Action::Create, properties: Vec::new(), reason, operations }
}

/// Deletes it and makes it again.
pub(super) fn replace(
    wanted: &Desired,
    seen: &Observed,
    reason: String,
    properties: Vec<PropertyChange>,
) -> Remaining {
    let mut operations = prune::delete_operations(&seen.state, BucketData::Refuse);
    operations.extend(create(wanted, None).operations);
    Remaining { action: Action::Replace, properties, reason: Some(reason), operations }
}

fn compare(wanted: &Desired, seen: &Observed) -> Remaining {
    let Difference { mut properties, changes, replace: reason } =
        wanted.spec.compare(&seen.state, &seen.tags);
    if let Some(reason) = reason {
        return replace(wanted, seen, reason, properties);
    }
    let tags = wanted.tags.compare(&seen.tags);
    let mut operations = Vec::new();
    if !tags.is_empty() {
        properties.extend(tags.properties(&seen.tags));
        operations.push(Operation::Tag(tags));
    }
    operations.extend(changes.into_iter().map(Operation::Change));
    let action = if operations.is_empty() { Action::NoChange } else { Action::Update };
    Remaining { action, properties, reason: None, operations }
}
