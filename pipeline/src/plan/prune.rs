//! What an earlier revision made and the file no longer has: deleted, each after what depended on it.

use super::ownership::{Verdict, verdict};
use super::{Action, BucketData, Inputs, Operation, PlanError, Step};
use crate::ledger::Record;
use crate::resources::bucket::BucketChange;
use crate::resources::role::RoleChange;
use crate::resources::tags::{PIPELINE, RESOURCE, TagChange};
use crate::resources::{Address, Change, Observed, State};

/// The steps that remove what is remembered and no longer wanted.
pub(super) fn steps(inputs: &Inputs<'_>, notes: &mut Vec<String>) -> Result<Vec<Step>, PlanError> {
    let wanted = &inputs.graph.resources;
    let gone = |record: &&Record| !wanted.values().any(|it| it.id() == record.id());
    let candidates: Vec<&Record> = inputs.remembered.iter().filter(gone).collect();
    let mut steps = removals(inputs.pipeline, &candidates, inputs.observed, inputs.bucket_data, notes)?;
    // What stays but used what goes has to be changed first.
    for step in &mut steps {
        let users = inputs.remembered.iter().filter(|record| record.depends_on.contains(&step.address));
        let users = users.map(|record| record.address.clone());
        let planned = users.filter(|user| wanted.contains_key(user));
        step.depends_on.extend(planned.collect::<Vec<_>>());
    }
    Ok(steps)
}

/// The steps that remove these resources as far as they exist and are ours, dependents first.
pub(super) fn removals(
    pipeline: &str,
    candidates: &[&Record],
    observed: &std::collections::BTreeMap<crate::resources::ResourceId, Observed>,
    bucket_data: BucketData,
    notes: &mut Vec<String>,
) -> Result<Vec<Step>, PlanError> {
    let mut steps = Vec::new();
    let mut full = Vec::new();
    for record in candidates {
        let id = record.id();
        let Some(seen) = observed.get(&id) else { continue };
        if verdict(pipeline, &id, seen, Some(record)) != Verdict::Ours {
            notes.push(format!(
                "{}: the {id} is not this pipeline's (any more) and is left alone",
                record.address
            ));
            continue;
        }
        let holds = matches!(&seen.state, State::Bucket(bucket) if bucket.holds_objects == Some(true));
        match bucket_data {
            BucketData::Refuse if holds => full.push(id.name),
            BucketData::Keep if holds => steps.push(release(record, seen)),
            _ => steps.push(delete(record, seen, bucket_data)),
        }
    }
    if !full.is_empty() {
        return Err(PlanError::HoldsObjects(full));
    }
    let users: Vec<Vec<Address>> = steps
        .iter()
        .map(|step| {
            let uses = |record: &&&Record| record.depends_on.contains(&step.address);
            candidates.iter().filter(uses).map(|record| record.address.clone()).collect()
        })
        .collect();
    let present: Vec<Address> = steps.iter().map(|step| step.address.clone()).collect();
    for (step, users) in steps.iter_mut().zip(users) {
        step.depends_on = users.into_iter().filter(|user| present.contains(user)).collect();
    }
    Ok(dependents_first(steps))
}

/// Sorts steps so that each comes after those it depends on, keeping their order where that leaves a choice.
fn dependents_first(mut left: Vec<Step>) -> Vec<Step> {
    let mut sorted: Vec<Step> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = |step: &Step| !left.iter().any(|other| step.depends_on.contains(&other.address));
        // Edges come from a graph without cycles; should a damaged ledger hold one, its order stands.
        let next = left.iter().position(free).unwrap_or(0);
        sorted.push(left.remove(next));
    }
    sorted
}

fn delete(record: &Record, seen: &Observed, bucket_data: BucketData) -> Step {
    Step {
        address: record.address.clone(),
        kind: record.kind,
        name: record.name.clone(),
        action: Action::Delete,
        changes: Vec::new(),
        reason: None,
        operations: delete_operations(&seen.state, bucket_data),
        depends_on: Vec::new(),
        desired: None,
    }
}

/// Takes the ownership tags off, and nothing else.
fn release(record: &Record, seen: &Observed) -> Step {
    let ours = [PIPELINE, RESOURCE].into_iter().filter(|key| seen.tags.contains_key(*key));
    let tags = TagChange { remove: ours.map(str::to_owned).collect(), ..TagChange::default() };
    Step {
        action: Action::Release,
        changes: tags.properties(&seen.tags),
        reason: Some("it holds objects, which are kept".to_owned()),
        operations: vec![Operation::Tag(tags)],
        ..delete(record, seen, BucketData::Keep)
    }
}

/// The mutations that delete a resource in this state.
pub(super) fn delete_operations(state: &State, bucket_data: BucketData) -> Vec<Operation> {
    let before = match state {
        State::Bucket(_) if bucket_data == BucketData::Delete => Some(Change::Bucket(BucketChange::Empty)),
        State::Role(role) if role.policy.is_some() => Some(Change::Role(RoleChange::DeletePolicy)),
        _ => None,
    };
    before.map(Operation::Change).into_iter().chain([Operation::Delete]).collect()
}
