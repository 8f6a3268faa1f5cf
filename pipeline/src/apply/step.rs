//! One step: its operations, the wait for the resource to settle, and what is then still missing.

use std::time::Duration;

use tokio::time::Instant;

use super::call::{Caller, Stop};
use super::event::{Event, Failure};
use super::retry;
use crate::cloud::{CallError, Meaning};
use crate::plan::{Action, Operation, Remaining, Step, remaining};
use crate::resources::tags::{Owner, REGION, owner};
use crate::resources::{Kind, Observed, Readiness, ResourceId};

/// How often what is missing after the operations is made up for before the step fails.
const ROUNDS: u32 = 6;
/// How long a resource may take to settle: a large reshard takes the longest.
const SETTLE_LIMIT: Duration = Duration::from_secs(60 * 60);

/// What a resource is waited for to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Ready,
    Gone,
}

/// What of a step was done, as far as can be told.
#[derive(Default)]
struct Done {
    /// What was there was deleted.
    deleted: bool,
    /// It was created.
    made: bool,
}

/// What a series of operations came to.
enum Performed {
    /// All were made and answered.
    All,
    /// One failed in a way that has to be looked into: it may have been made, or need not be.
    LookAgain(CallError),
}

impl Caller<'_> {
    /// Does a step.
    pub(super) async fn run_step(&self, pipeline: &str, step: &Step) -> Result<(), Stop> {
        let mut operations = step.operations.clone();
        // A resource that is only waited for has no operations; one without async states needs no second look.
        let mut sure = !has_states(step.kind) && !operations.is_empty();
        let (mut last, mut done) = (None, Done::default());
        for round in 0..ROUNDS {
            match self.perform_all(step, &operations, &mut done).await? {
                Performed::All if sure => return Ok(()),
                Performed::All => {}
                Performed::LookAgain(error) => last = Some(error),
            }
            sure = false;
            let seen = self.settle(step, until(step)).await?;
            let left = match (&step.desired, &seen) {
                (None, None) => return Ok(()),
                (None, Some(_)) if step.action == Action::Release => return Ok(()),
                (None, Some(_)) => Remaining { operations: step.operations.clone(), ..nothing() },
                // What is to be made anew is there still, as nobody knows of its deletion: it is as it was.
                (Some(_), Some(seen)) if step.action == Action::Replace && !done.deleted => {
                    self.check_owner(pipeline, step, Some(seen))?;
                    Remaining { operations: step.operations.clone(), ..nothing() }
                }
                (Some(desired), seen) => {
                    self.check_owner(pipeline, step, seen.as_ref())?;
                    if let (false, Some(seen), Some(error)) = (done.made, seen, last.as_ref())
                        && is_of_others(pipeline, step, seen, error)
                    {
                        return Err(Stop::Failed(error.clone()));
                    }
                    remaining(desired, seen.as_ref())
                }
            };
            if left.action == Action::NoChange && left.operations.is_empty() {
                return Ok(());
            }
            if round > 0 || last.is_some() {
                self.sleep(retry::next_look(round * 3)).await?;
            }
            operations = left.operations;
        }
        Err(last.map_or_else(|| did_not_take(step), Stop::Failed))
    }

    async fn perform_all(
        &self,
        step: &Step,
        operations: &[Operation],
        so_far: &mut Done,
    ) -> Result<Performed, Stop> {
        for (index, operation) in operations.iter().enumerate() {
            (self.listener)(Event::Performing {
                address: step.address.clone(),
                operation: operation.to_string(),
            });
            let done = match operation {
                Operation::Create => self.create(step, &mut so_far.made).await,
                _ => self.perform(step, operation).await,
            };
            match done {
                Ok(()) => so_far.deleted |= *operation == Operation::Delete,
                Err(Stop::Failed(error)) if looks_again(operation, error.meaning) => {
                    return Ok(Performed::LookAgain(error));
                }
                Err(stop) => return Err(stop),
            }
            if index + 1 == operations.len() || !has_states(step.kind) {
                continue;
            }
            match operation {
                Operation::Tag(_) => {}
                Operation::Delete => drop(self.settle(step, Until::Gone).await?),
                Operation::Create | Operation::Change(_) => drop(self.settle(step, Until::Ready).await?),
            }
        }
        Ok(Performed::All)
    }

    /// Makes the create call, which the ledger knows of before; it keeps no claim to what it did not make.
    async fn create(&self, step: &Step, made: &mut bool) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        if let Err(error) = self.session.creating(step).await {
            let why = format!("it was not created, as the ledger could not be written: {}", error.told());
            return Err(Stop::Stuck(why, error.hint()));
        }
        let done = self.perform(step, &Operation::Create).await;
        *made |= match &done {
            Ok(()) => true,
            Err(Stop::Failed(error)) => error.meaning == Meaning::Unknown,
            Err(_) => false,
        };
        if !*made {
            self.session.refused(step);
        }
        done
    }

    /// Looks at the resource until it is ready or gone.
    async fn settle(&self, step: &Step, until: Until) -> Result<Option<Observed>, Stop> {
        let (id, began) = (ResourceId::new(step.kind, step.name.clone()), Instant::now());
        let (mut looks, mut told) = (0, String::new());
        loop {
            if self.cancel.is_cancelled() {
                return Err(Stop::Cancelled);
            }
            let seen = match self.cloud.observe(&id).await {
                Ok(seen) => seen,
                Err(error) if retry::passing(&error).is_some() || error.meaning == Meaning::Unknown => {
                    tracing::debug!(%error, "could not look");
                    if began.elapsed() > SETTLE_LIMIT || (error.meaning == Meaning::Unknown && looks > 20) {
                        return Err(Stop::Failed(error));
                    }
                    self.sleep(retry::next_look(looks)).await?;
                    looks += 1;
                    continue;
                }
                Err(error) => return Err(Stop::Failed(error)),
            };
            let Some(awaited) = awaited(seen.as_ref(), until) else { return Ok(seen) };
            if told != awaited {
                (self.listener)(Event::Waiting {
                    address: step.address.clone(),
                    waiting_for: awaited.clone(),
                });
                told.clone_from(&awaited);
            }
            if began.elapsed() > SETTLE_LIMIT {
                let hint = "look at it in the AWS console; apply again goes on waiting".to_owned();
                return Err(Stop::Stuck(format!("waited an hour for {awaited}"), Some(hint)));
            }
            self.sleep(retry::next_look(looks)).await?;
            looks += 1;
        }
    }

    /// What turned up under the name may belong to another pipeline by now.
    fn check_owner(&self, pipeline: &str, step: &Step, seen: Option<&Observed>) -> Result<(), Stop> {
        let whose = seen.and_then(|seen| match owner(&seen.tags, pipeline) {
            Owner::Pipeline(other) => Some(format!("the pipeline {other}")),
            _ => {
                let wanted = step.desired.as_ref()?.tags.set.get(REGION)?;
                let region = seen.tags.get(REGION).filter(|there| *there != wanted)?;
                Some(format!("the pipeline of this name in {region}"))
            }
        });
        match whose {
            Some(whose) => {
                let text = format!("the {} {} belongs to {whose}", step.kind, step.name);
                Err(Stop::Stuck(text, None))
            }
            None => Ok(()),
        }
    }
}

/// Whether what was there already when this step was to create it was made by someone else: it has no tags,
/// and no try of ours can have made it. Log groups are the exception, as Lambda makes them.
fn is_of_others(pipeline: &str, step: &Step, seen: &Observed, error: &CallError) -> bool {
    error.meaning == Meaning::AlreadyExists
        && step.kind != Kind::LogGroup
        && owner(&seen.tags, pipeline) == Owner::Unknown
}

/// Whether resources of this kind go through states after a call, and so have to be waited for.
fn has_states(kind: Kind) -> bool {
    match kind {
        Kind::Stream | Kind::Function | Kind::Delivery | Kind::StreamConsumer | Kind::Mapping => true,
        Kind::Bucket | Kind::LogGroup | Kind::Role | Kind::Alarm | Kind::Dashboard => false,
    }
}

fn until(step: &Step) -> Until {
    if step.action == Action::Delete { Until::Gone } else { Until::Ready }
}

/// What is still awaited; `None` when it has come.
fn awaited(seen: Option<&Observed>, until: Until) -> Option<String> {
    let readiness = seen.map(|seen| seen.state.readiness());
    match (until, readiness) {
        (_, None) => None,
        // Being deleted ends in gone, which whoever wants it made again waits for too.
        (_, Some(Readiness::Leaving)) => Some("its deletion".to_owned()),
        (Until::Gone, Some(Readiness::Failed(_) | Readiness::Ready)) => None,
        (_, Some(Readiness::Creating(awaited) | Readiness::Pending(awaited))) => Some(awaited),
        (Until::Ready, Some(Readiness::Ready | Readiness::Failed(_))) => None,
    }
}

/// Whether a failure says that the world is not as the plan has it, or leaves open whether the call was made.
fn looks_again(operation: &Operation, meaning: Meaning) -> bool {
    match meaning {
        Meaning::Unknown => true,
        Meaning::AlreadyExists | Meaning::Unreachable => *operation == Operation::Create,
        Meaning::NotFound => !matches!(operation, Operation::Create | Operation::Delete),
        _ => false,
    }
}

fn nothing() -> Remaining {
    Remaining { action: Action::Delete, properties: Vec::new(), reason: None, operations: Vec::new() }
}

fn did_not_take(step: &Step) -> Stop {
    let hint = "something else may be changing it at the same time".to_owned();
    Stop::Stuck(format!("every call succeeded, and the {} is still not as planned", step.kind), Some(hint))
}

impl Stop {
    /// The failure to report; `None` when the user stopped it.
    pub(super) fn failure(self, step: &Step) -> Option<Failure> {
        let (call, code, message, request_id, hint) = match self {
            Stop::Cancelled => return None,
            Stop::Stuck(message, hint) => (None, None, message, None, hint),
            Stop::Failed(error) => {
                let hint = hint(&error);
                (Some(error.call.to_owned()), error.code, error.message, error.request_id, hint)
            }
        };
        let (address, kind, name) = (step.address.clone(), step.kind, step.name.clone());
        Some(Failure { address, kind, name, call, code, message, request_id, hint })
    }
}

/// The way out of a failed call, where one is known.
fn hint(error: &CallError) -> Option<String> {
    let text = match error.meaning {
        Meaning::Denied => format!("allow your credentials {}, or ask who may", error.call),
        // The quota of shards is told by the same call and code.
        Meaning::LimitExceeded if error.message.contains("24 hour") => {
            "apply again when the first of these calls is a day old: it goes on from the size that the stream has; \
             `shards: on-demand` needs none of them"
                .to_owned()
        }
        Meaning::LimitExceeded => "ask AWS for a higher quota, or remove what is not needed".to_owned(),
        Meaning::NotEmpty => {
            "--delete-data deletes the objects too, --keep-data leaves the bucket".to_owned()
        }
        Meaning::HasConsumers => {
            "--delete-consumers deletes the stream with the consumers that others registered".to_owned()
        }
        Meaning::Unreachable | Meaning::Unknown | Meaning::Throttled | Meaning::Busy => {
            "apply again: it finds what is done and does the rest".to_owned()
        }
        Meaning::AlreadyExists if error.call == "s3:CreateBucket" => {
            "bucket names are unique in all of AWS: choose another".to_owned()
        }
        Meaning::Unsupported => "this endpoint does not know the call".to_owned(),
        _ => return None,
    };
    Some(text)
}
