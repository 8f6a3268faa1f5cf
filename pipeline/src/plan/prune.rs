//! What an earlier revision made and the file no longer has: deleted, each after what depended on it.

use super::ownership::{Verdict, verdict};
use super::{Action, BucketData, Inputs, Operation, PlanError, Step};
use crate::ledger::Record;
use crate::resources::bucket::BucketChange;
use crate::resources::role::RoleChange;
use crate::resources::stream::StreamChange;
use crate::resources::tags::{PIPELINE, RESOURCE, TagChange};
use crate::resources::{Address, Change, Kind, Observed, State};

/// The steps that remove what is remembered and no longer wanted.
pub(super) fn steps(inputs: &Inputs<'_>, notes: &mut Vec<String>) -> Result<Vec<Step>, PlanError> {
    let wanted = &inputs.graph.resources;
    let gone = |record: &&Record| !wanted.values().any(|it| it.id() == record.id());
    let candidates: Vec<&Record> = inputs.remembered.iter().filter(gone).collect();
    let along = Along { bucket_data: inputs.bucket_data, consumers: inputs.delete_consumers };
    let mut steps = removals(inputs.pipeline, &candidates, inputs.observed, along, notes)?;
    // What stays but used what goes has to be changed first, whatever its entry is called by now.
    let planned = |user: &Record| {
        let stays = wanted.values().find(|it| it.spec.kind() == user.kind && it.name == user.name);
        let there = || wanted.get(&user.address);
        stays.or_else(there).map(|it| it.address.clone())
    };
    for step in &mut steps {
        let users = inputs.remembered.iter().filter(|record| record.depends_on.contains(&step.address));
        step.depends_on.extend(users.filter_map(planned).collect::<Vec<_>>());
        // What had another name goes when what takes its place is there.
        step.depends_on.extend(wanted.contains_key(&step.address).then(|| step.address.clone()));
    }
    Ok(steps)
}

/// The role that a delivery reads its stream under, where that is one of ours that goes: its entry is called otherwise
/// by now, and Firehose cannot change the role of a source.
pub(super) fn reads_under_what_goes(inputs: &Inputs<'_>, seen: &Observed) -> Option<String> {
    let State::Delivery(delivery) = &seen.state else { return None };
    let arn = &delivery.source.as_ref()?.role_arn;
    let is_it = |record: &&Record| record.kind == Kind::Role && *arn == inputs.place.role(&record.name);
    let role = inputs.remembered.iter().find(is_it)?;
    let stays = inputs.graph.resources.values().any(|it| it.id() == role.id());
    (!stays).then(|| role.name.clone())
}

/// What goes along with what is removed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Along {
    /// The objects of buckets.
    pub(super) bucket_data: BucketData,
    /// Consumers of streams that others registered.
    pub(super) consumers: bool,
}

/// The steps that remove these resources as far as they exist and are ours, dependents first.
pub(super) fn removals(
    pipeline: &str,
    candidates: &[&Record],
    observed: &std::collections::BTreeMap<crate::resources::ResourceId, Observed>,
    along: Along,
    notes: &mut Vec<String>,
) -> Result<Vec<Step>, PlanError> {
    let bucket_data = along.bucket_data;
    let mut steps = Vec::new();
    let (mut full, mut read) = (Vec::new(), Vec::new());
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
            _ if is_read_by_others(&id.name, seen, candidates) => {
                read.push(id.name);
                steps.push(Step {
                    operations: vec![
                        Operation::Change(Change::Stream(StreamChange::DeleteWithConsumers)),
                        Operation::Delete,
                    ],
                    reason: Some("with the consumers that others registered".to_owned()),
                    ..delete(record, seen, bucket_data)
                });
            }
            _ => steps.push(delete(record, seen, bucket_data)),
        }
    }
    if !full.is_empty() {
        return Err(PlanError::HoldsObjects(full));
    }
    if !read.is_empty() && !along.consumers {
        return Err(PlanError::HasConsumers(read));
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

/// Whether a stream has consumers beside those that go with it.
fn is_read_by_others(stream: &str, seen: &Observed, candidates: &[&Record]) -> bool {
    let State::Stream(state) = &seen.state else { return false };
    let ours = |record: &&&Record| {
        record.kind == Kind::StreamConsumer && record.name.split_once('/').is_some_and(|(of, _)| of == stream)
    };
    let going = candidates.iter().filter(ours).count();
    usize::try_from(state.consumers).is_ok_and(|consumers| consumers > going)
}

/// Sorts steps so that each comes after those it depends on, keeping their order where that leaves a choice.
fn dependents_first(mut left: Vec<Step>) -> Vec<Step> {
    let mut sorted: Vec<Step> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let free = |step: &Step| !left.iter().any(|other| step.waits_for(other));
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
