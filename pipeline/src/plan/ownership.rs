//! Whose a resource is: what we may touch, what we take over, and what keeps a plan from being made.

use std::fmt;

use super::{QuotaError, SelectError};
use crate::ledger::{Record, Standing};
use crate::resources::tags::{Owner, PIPELINE, owner};
use crate::resources::{Address, Kind, Observed, ResourceId, State};

/// What may be done with a resource that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is ours.
    Ours,
    /// It is nobody's, and a by-product of something that is ours: we take it over, and say so.
    Adopt,
    /// It is not ours.
    NotOurs(Owner),
}

/// Whose the resource is, seen from `pipeline`, given what the ledger remembers of it.
///
/// A resource that carries no ownership tags is ours only in one case: its creation was called for, and whoever
/// called was stopped between the creation and the tags. A bucket that holds something is not that new.
pub(crate) fn verdict(pipeline: &str, id: &ResourceId, seen: &Observed, record: Option<&Record>) -> Verdict {
    match owner(&seen.tags, pipeline) {
        Owner::Ours => Verdict::Ours,
        Owner::Unknown if record.is_some_and(|record| claims(record, seen)) => Verdict::Ours,
        // Lambda makes the log group of a function that has none at its first line.
        Owner::Unknown if id.kind == Kind::LogGroup => Verdict::Adopt,
        other => Verdict::NotOurs(other),
    }
}

fn claims(record: &Record, seen: &Observed) -> bool {
    let used = matches!(&seen.state, State::Bucket(bucket) if bucket.holds_objects != Some(false));
    record.standing == Standing::Creating && !used
}

/// A resource that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipProblem {
    /// Where it stands in the file.
    pub address: Address,
    /// What exists.
    pub id: ResourceId,
    /// The pipeline it belongs to, when its tags name one.
    pub belongs_to: Option<String>,
}

impl fmt::Display for OwnershipProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the {} exists and ", self.address, self.id)?;
        match &self.belongs_to {
            Some(pipeline) => write!(f, "belongs to the pipeline {pipeline}"),
            None => write!(f, "is not owned by this pipeline (it has no tag {PIPELINE})"),
        }
    }
}

/// Why no plan can be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Resources exist under names the file wants, and are not this pipeline's.
    #[error("{}", lines(.0))]
    NotOurs(Vec<OwnershipProblem>),
    /// Buckets have to go and still hold objects.
    #[error("{}", buckets(.0))]
    HoldsObjects(Vec<String>),
    /// Streams have to go, and others read them by enhanced fan-out consumers of their own.
    #[error("others read what would be deleted, by consumers that they registered: {}", .0.join(", "))]
    HasConsumers(Vec<String>),
    /// A quota has no room for it.
    #[error(transparent)]
    Quota(#[from] QuotaError),
    /// What was picked cannot be.
    #[error(transparent)]
    Select(#[from] SelectError),
}

fn lines(problems: &[OwnershipProblem]) -> String {
    match problems {
        [problem] => problem.to_string(),
        several => {
            several.iter().fold("resources that this plan needs are in the way:".to_owned(), |text, it| {
                text + "\n  " + &it.to_string()
            })
        }
    }
}

fn buckets(names: &[String]) -> String {
    let one = names.len() == 1;
    let (noun, verb) = if one { ("bucket", "holds") } else { ("buckets", "hold") };
    format!("the {noun} {} would be deleted and still {verb} objects", names.join(", "))
}

impl PlanError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            PlanError::NotOurs(problems) => {
                let bucket = problems.iter().any(|problem| problem.id.kind == Kind::Bucket);
                let what = if bucket { "another bucket name" } else { "another name" };
                let ownerless = problems.iter().filter(|problem| problem.belongs_to.is_none());
                let adopt: Vec<String> =
                    ownerless.map(|problem| format!("--adopt {}", problem.address)).collect();
                let adopt = match adopt.as_slice() {
                    [] => String::new(),
                    [one] => format!("; {one} takes it over"),
                    some => format!("; {} takes them over", some.join(" ")),
                };
                format!(
                    "give the entry or the pipeline {what}, or remove what exists if nobody needs it{adopt}"
                )
            }
            PlanError::HasConsumers(_) => {
                "--delete-consumers deletes the consumers too; whoever reads by them then has no more"
                    .to_owned()
            }
            PlanError::HoldsObjects(_) => {
                "--delete-data deletes the objects too, --keep-data leaves the bucket with them".to_owned()
            }
            PlanError::Quota(error) => error.hint(),
            PlanError::Select(error) => error.hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_that_are_in_the_way_are_a_list_under_one_head_and_one_is_a_sentence() {
        let problem = |logical: &str| OwnershipProblem {
            address: Address::stream(logical),
            id: ResourceId::new(Kind::Stream, format!("p-{logical}")),
            belongs_to: None,
        };
        let two = PlanError::NotOurs(vec![problem("a"), problem("b")]);
        let text = two.to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[1].starts_with("  streams.a: ") && lines[2].starts_with("  streams.b: "), "{text}");
        assert!(two.hint().contains("--adopt streams.a --adopt streams.b takes them over"), "{}", two.hint());
        let one = PlanError::NotOurs(vec![problem("a")]);
        assert!(one.to_string().starts_with("streams.a: ") && one.hint().contains("takes it over"));
    }
}
