//! Whose a resource is: what we may touch, what we take over, and what keeps a plan from being made.

use std::fmt;

use serde_json::Value;

use super::{Plan, QuotaError, SelectError, refusal};
use crate::ledger::{Record, Standing};
use crate::resources::tags::{Owner, PIPELINE, REGION, owner};
use crate::resources::{Address, Kind, Observed, ResourceId, Spec, State};

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

/// From where a resource is looked at: the pipeline, and the region that it is applied in.
#[derive(Clone, Copy, Debug)]
pub struct Here<'a> {
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The region.
    pub region: &'a str,
}

/// Whose the resource is, seen from here, given what the ledger remembers of it.
///
/// A resource that carries no ownership tags is ours only in one case: its creation was called for, and whoever
/// called was stopped between the creation and the tags. A bucket that holds something is not that new.
pub(crate) fn verdict(here: Here<'_>, id: &ResourceId, seen: &Observed, record: Option<&Record>) -> Verdict {
    match owner(&seen.tags, here.pipeline) {
        Owner::Ours if id.kind.is_global() => match home(seen, record) {
            Some(region) if region == here.region => Verdict::Ours,
            Some(region) => Verdict::NotOurs(Owner::Elsewhere(region)),
            None if record.is_some() => Verdict::Ours,
            None => Verdict::NotOurs(Owner::Unplaced),
        },
        Owner::Ours => Verdict::Ours,
        Owner::Unknown if record.is_some_and(|record| claims(record, seen)) => Verdict::Ours,
        // Lambda makes the log group of a function that has none at its first line.
        Owner::Unknown if id.kind == Kind::LogGroup => Verdict::Adopt,
        other => Verdict::NotOurs(other),
    }
}

/// The region of the pipeline that has what has one name in every region. Its tag says so. Before there was that tag, a
/// role told by what it allows, a dashboard by what it shows, and of a bucket the ledger has where it was made.
fn home(seen: &Observed, record: Option<&Record>) -> Option<String> {
    if let Some(region) = seen.tags.get(REGION) {
        return Some(region.clone());
    }
    match &seen.state {
        State::Role(role) => role.policy.as_ref().and_then(region_of_arn),
        State::Dashboard(dashboard) => {
            let widgets = dashboard.body["widgets"].as_array()?;
            widgets.iter().find_map(|widget| Some(widget["properties"]["region"].as_str()?.to_owned()))
        }
        State::Bucket(_) => match record?.applied.as_ref()?.spec()? {
            Spec::Bucket(bucket) => Some(bucket.region).filter(|region| !region.is_empty()),
            _ => None,
        },
        _ => None,
    }
}

/// The region of the first ARN in a document that has one.
fn region_of_arn(document: &Value) -> Option<String> {
    match document {
        Value::String(text) => {
            let region = text.strip_prefix("arn:")?.split(':').nth(2)?;
            (!region.is_empty() && region != "*").then(|| region.to_owned())
        }
        Value::Array(items) => items.iter().find_map(region_of_arn),
        Value::Object(fields) => fields.values().find_map(region_of_arn),
        _ => None,
    }
}

fn claims(record: &Record, seen: &Observed) -> bool {
    let used = matches!(&seen.state, State::Bucket(bucket) if bucket.holds_objects() != Some(false));
    record.standing == Standing::Creating && !used
}

/// A resource that is in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnershipProblem {
    /// Where it stands in the file.
    pub address: Address,
    /// What exists.
    pub id: ResourceId,
    /// Whose it is.
    pub owner: Owner,
}

impl fmt::Display for OwnershipProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: the {} exists and ", self.address, self.id)?;
        match (&self.owner, self.owner.told()) {
            (Owner::Pipeline(_) | Owner::Elsewhere(_) | Owner::Unplaced, Some(whose)) => f.write_str(&whose),
            _ => write!(f, "is not owned by this pipeline (it has no tag {PIPELINE})"),
        }
    }
}

/// Why no plan can be made.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// Resources exist under names the file wants, and are not this pipeline's.
    #[error("{}", lines(.0))]
    NotOurs(Vec<OwnershipProblem>),
    /// It would delete what the user, or others, have in what goes, and nobody said that it may. It can be looked at.
    #[error("{}", refusal::told(&.0.refusals))]
    Refused(Box<Plan>),
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

impl PlanError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            PlanError::NotOurs(problems) => way_out(problems),
            PlanError::Refused(plan) => refusal::hints(&plan.refusals),
            PlanError::Quota(error) => error.hint(),
            PlanError::Select(error) => error.hint(),
        }
    }
}

fn way_out(problems: &[OwnershipProblem]) -> String {
    let elsewhere = problems.iter().find_map(|problem| match &problem.owner {
        Owner::Elsewhere(region) => Some(region),
        _ => None,
    });
    if let Some(region) = elsewhere {
        return format!(
            "names of buckets, roles and dashboards are the same in every region: give the pipeline another `name:` \
             here, or destroy it there first, with {region} as its region (`region:` in the file, or --region)"
        );
    }
    let bucket = problems.iter().any(|problem| problem.id.kind == Kind::Bucket);
    let what = if bucket { "another bucket name" } else { "another name" };
    let ownerless = problems.iter().filter(|problem| !matches!(problem.owner, Owner::Pipeline(_)));
    let adopt: Vec<String> = ownerless.map(|problem| format!("--adopt {}", problem.address)).collect();
    let adopt = match adopt.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} takes it over"),
        some => format!("; {} takes them over", some.join(" ")),
    };
    format!("give the entry or the pipeline {what}, or remove what exists if nobody needs it{adopt}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_that_are_in_the_way_are_a_list_under_one_head_and_one_is_a_sentence() {
        let problem = |logical: &str| OwnershipProblem {
            address: Address::stream(logical),
            id: ResourceId::new(Kind::Stream, format!("p-{logical}")),
            owner: Owner::Unknown,
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
