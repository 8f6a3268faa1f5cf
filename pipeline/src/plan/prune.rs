//! What an earlier revision made and the file no longer has: deleted, each after what depended on it.

use std::collections::BTreeMap;

use super::ownership::{Here, Verdict, verdict};
use super::refusal::Refusal;
use super::{Action, BucketData, Inputs, Operation, Step};
use crate::ledger::Record;
use crate::resources::bucket::BucketChange;
use crate::resources::role::RoleChange;
use crate::resources::stream::StreamChange;
use crate::resources::tags::{Owner, PIPELINE, REGION, RESOURCE, TagChange};
use crate::resources::{Address, Change, Kind, Observed, ResourceId, Spec, State};

/// The steps that remove what is remembered and no longer wanted.
pub(super) fn steps(inputs: &Inputs<'_>, notes: &mut Vec<String>, refusals: &mut Vec<Refusal>) -> Vec<Step> {
    let wanted = &inputs.graph.resources;
    let gone = |record: &&Record| !wanted.values().any(|it| it.id() == record.id());
    let candidates: Vec<&Record> = inputs.remembered.iter().filter(gone).collect();
    let along = Along { bucket_data: inputs.bucket_data, consumers: inputs.delete_consumers };
    let mut told = Told { notes, refusals };
    let mut steps = removals(inputs.here(), &candidates, inputs.observed, along, &mut told);
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
    steps
}

/// What is said beside the steps.
pub(super) struct Told<'a> {
    /// What the reader should know.
    pub(super) notes: &'a mut Vec<String>,
    /// What keeps the plan from being carried out.
    pub(super) refusals: &'a mut Vec<Refusal>,
}

/// Why a delivery that stays cannot go on reading its stream: it does so under a role of ours that goes, or that is made for
/// what another entry needs, because its own entry was called otherwise when it was made. A role that somebody else
/// chose does no harm.
pub(super) fn reads_under_anothers_role(
    inputs: &Inputs<'_>,
    wanted: &Spec,
    seen: &Observed,
) -> Option<String> {
    let (Spec::Delivery(wanted), State::Delivery(there)) = (wanted, &seen.state) else { return None };
    let arn = &there.source.as_ref()?.role_arn;
    if wanted.source.as_ref().is_some_and(|source| source.role_arn == *arn) {
        return None;
    }
    let is_it = |kind: Kind, name: &str| kind == Kind::Role && *arn == inputs.place.role(name);
    let stays = inputs.graph.resources.values().find(|it| is_it(it.spec.kind(), &it.name));
    let (role, why) = match stays {
        Some(role) => (&role.name, "is another delivery's"),
        None => {
            let goes = inputs.remembered.iter().find(|record| is_it(record.kind, &record.name))?;
            (&goes.name, "goes")
        }
    };
    Some(format!("it reads its stream under {role}, which {why}, and Firehose cannot change that"))
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
    here: Here<'_>,
    candidates: &[&Record],
    observed: &BTreeMap<ResourceId, Observed>,
    along: Along,
    told: &mut Told<'_>,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for record in candidates {
        let id = record.id();
        let Some(seen) = observed.get(&id) else { continue };
        match verdict(here, &id, seen, Some(record)) {
            Verdict::Ours => steps.push(removal(record, seen, candidates, along, told.refusals)),
            Verdict::Adopt => told.notes.push(left_alone(&record.address, &id, &Owner::Unknown)),
            Verdict::NotOurs(owner) => told.notes.push(left_alone(&record.address, &id, &owner)),
        }
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
    dependents_first(steps)
}

/// That something is there, and stays.
pub(super) fn left_alone(address: &Address, id: &ResourceId, owner: &Owner) -> String {
    match (owner, owner.told()) {
        (Owner::Pipeline(_) | Owner::Elsewhere(_) | Owner::Unplaced, Some(whose)) => {
            format!("{address}: the {id} {whose}, and is left alone")
        }
        _ => format!("{address}: the {id} is not this pipeline's (any more) and is left alone"),
    }
}

/// The step that removes one resource of ours.
fn removal(
    record: &Record,
    seen: &Observed,
    candidates: &[&Record],
    along: Along,
    refusals: &mut Vec<Refusal>,
) -> Step {
    let step = delete(record, seen, along.bucket_data);
    let others = match &seen.state {
        State::Bucket(bucket) if bucket.holds_objects() == Some(true) => match along.bucket_data {
            BucketData::Keep => return release(record, seen),
            BucketData::Delete => return step,
            BucketData::Refuse => {
                let contents = bucket.contents.unwrap_or_default();
                refusals.push(Refusal::holds_objects(&record.address, &record.id(), &contents));
                return step;
            }
        },
        State::Stream(_) => consumers_of_others(&record.name, seen, candidates),
        _ => 0,
    };
    if others == 0 {
        return step;
    }
    if !along.consumers {
        refusals.push(Refusal::has_consumers(&step, others));
    }
    Step {
        operations: vec![
            Operation::Change(Change::Stream(StreamChange::DeleteWithConsumers)),
            Operation::Delete,
        ],
        reason: Some("with the consumers that others registered".to_owned()),
        ..step
    }
}

/// How many consumers a stream has beside those that go with it.
fn consumers_of_others(stream: &str, seen: &Observed, candidates: &[&Record]) -> usize {
    let State::Stream(state) = &seen.state else { return 0 };
    let ours = |record: &&&Record| {
        record.kind == Kind::StreamConsumer && record.name.split_once('/').is_some_and(|(of, _)| of == stream)
    };
    let going = candidates.iter().filter(ours).count();
    usize::try_from(state.consumers).map_or(0, |consumers| consumers.saturating_sub(going))
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
    let ours = [PIPELINE, RESOURCE, REGION].into_iter().filter(|key| seen.tags.contains_key(*key));
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
