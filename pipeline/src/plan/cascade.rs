//! What goes along when a stream is made anew. A mapping, a delivery and a fan-out consumer read the very stream that they
//! were made for: they do not read another that takes its name. Pure.
//!
//! Which stream a reader was made for is told by time: one that was made before its stream reads an earlier one. So an
//! apply that was killed between the two is finished by the next, too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::build::replace;
use super::refusal::Refusal;
use super::{Action, Inputs, Operation, Step};
use crate::resources::stream::StreamChange;
use crate::resources::{Address, Change, Desired, Kind, Observed, ResourceId, Spec, State};

/// Has everything that reads what is made anew be made anew as well. Answers those steps with the step that takes them
/// along.
pub(super) fn along(inputs: &Inputs<'_>, steps: &mut [Step]) -> BTreeMap<Address, Address> {
    let mut along = BTreeMap::new();
    // A consumer goes with its stream, and a mapping with its consumer: until nothing more does.
    while let Some((index, Cause { address, reason })) = next(inputs, steps) {
        let step = &mut steps[index];
        let (Some(wanted), Some(seen)) = (&step.desired, inputs.observed.get(&id(step))) else { break };
        let anew = replace(wanted, seen, reason, std::mem::take(&mut step.changes));
        step.action = anew.action;
        step.changes = anew.properties;
        step.reason = anew.reason;
        step.operations = anew.operations;
        along.extend(address.map(|address| (step.address.clone(), address)));
    }
    along
}

/// Why a step goes along.
struct Cause {
    /// The step that takes it along; `None` when that is done already.
    address: Option<Address>,
    reason: String,
}

/// The next step that has to go along and does not yet.
fn next(inputs: &Inputs<'_>, steps: &[Step]) -> Option<(usize, Cause)> {
    let stays = |step: &&Step| matches!(step.action, Action::NoChange | Action::Update);
    steps.iter().enumerate().filter(|(_, step)| stays(step)).find_map(|(index, step)| {
        let (wanted, seen) = (step.desired.as_ref()?, inputs.observed.get(&id(step))?);
        Some((index, cause(inputs, steps, wanted, seen)?))
    })
}

fn cause(inputs: &Inputs<'_>, steps: &[Step], wanted: &Desired, seen: &Observed) -> Option<Cause> {
    let by_step = sources(wanted).find_map(|source| {
        let step = steps.iter().find(|step| id(step) == source)?;
        let reason = match step.action {
            Action::Replace => format!("{} is replaced", step.address),
            Action::Create => format!("{} is made anew", step.address),
            _ => return None,
        };
        Some(Cause { address: Some(step.address.clone()), reason })
    });
    by_step.or_else(|| Some(Cause { address: None, reason: outlived(wanted, seen, inputs.observed)? }))
}

fn id(step: &Step) -> ResourceId {
    ResourceId::new(step.kind, step.name.clone())
}

/// What a resource reads, and is tied to.
fn sources(wanted: &Desired) -> impl Iterator<Item = ResourceId> {
    let stream = |arn: &str| ResourceId::new(Kind::Stream, arn.rsplit('/').next().unwrap_or(arn));
    let (stream, consumer) = match &wanted.spec {
        Spec::Delivery(delivery) => (delivery.source.as_ref().map(|it| stream(&it.stream_arn)), None),
        Spec::Mapping(mapping) => {
            let stream = stream(&mapping.source.stream_arn);
            let by = |consumer: &String| {
                ResourceId::new(Kind::StreamConsumer, format!("{}/{consumer}", stream.name))
            };
            let consumer = mapping.source.consumer.as_ref().map(by);
            (Some(stream), consumer)
        }
        Spec::StreamConsumer(_) => (wanted.name.split_once('/').map(|(of, _)| stream(of)), None),
        _ => (None, None),
    };
    stream.into_iter().chain(consumer)
}

/// Why a reader that is there reads nothing any more: its stream was deleted, and there is another of that name.
pub(super) fn outlived(
    wanted: &Desired,
    seen: &Observed,
    observed: &BTreeMap<ResourceId, Observed>,
) -> Option<String> {
    sources(wanted).find_map(|source| {
        let State::Stream(stream) = &observed.get(&source)?.state else { return None };
        let later = |made: Option<Timestamp>| {
            // Kinesis tells whole seconds, and the others more of them.
            made.zip(stream.created).is_some_and(|(made, stream)| made.as_second() < stream.as_second())
        };
        let lost = match &seen.state {
            State::Delivery(delivery) => later(delivery.created),
            State::Mapping(mapping) => later(mapping.modified) || mapping.has_lost_its_stream(),
            _ => false,
        };
        lost.then(|| format!("the stream {} was made anew after it", source.name))
    })
}

/// Has the consumers of a stream go with it where it is replaced, since it cannot be deleted before: those of this plan
/// are made anew after it. Those that others registered are a refusal, unless they may go.
pub(super) fn consumers(inputs: &Inputs<'_>, steps: &mut [Step]) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for step in steps {
        let seen = inputs.observed.get(&id(step)).map(|seen| &seen.state);
        let (Action::Replace, Some(State::Stream(stream))) = (step.action, seen) else { continue };
        let of_it = |it: &&ResourceId| {
            it.kind == Kind::StreamConsumer && it.name.split_once('/').is_some_and(|(of, _)| of == step.name)
        };
        // Only consumers of this pipeline are looked at.
        let ours = inputs.observed.keys().filter(of_it).count();
        let all = usize::try_from(stream.consumers).unwrap_or(usize::MAX);
        if all > ours && !inputs.delete_consumers {
            refusals.push(Refusal::has_consumers(step, all - ours));
        }
        if all > 0 {
            let with_them = Operation::Change(Change::Stream(StreamChange::DeleteWithConsumers));
            step.operations.insert(0, with_them);
        }
    }
    refusals
}
