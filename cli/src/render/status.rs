//! What exists of a pipeline: a table, and who was there last.

use std::fmt::Write as _;

use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::engine::{Failed, FailureCount, Health, ResourceStatus, RevisionSummary, Status};
use pipectl_pipeline::plan::Purpose;

use crate::output::style::{BAD, CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::table::{self, Field};
use crate::output::words;

/// The whole status.
pub(crate) fn status(status: &Status) -> String {
    let place = format!("{} in {}/{}", status.pipeline, status.account, status.region);
    let missing = |resource: &ResourceStatus| resource.health == Health::Missing;
    if !status.resources.is_empty() && status.resources.iter().all(missing) {
        let count = words::counted(status.resources.len() as u64, "resource");
        let nothing = format!("{place}: none of its {count} exists.");
        return format!("{}\n{}", paint(STRONG, nothing), last(status.last_revision.as_ref()));
    }
    let mut text = format!("{}\n\n", paint(STRONG, place));
    let rows = status.resources.iter().map(row);
    text.push_str(&table::render(&["RESOURCE", "NAME", "STATE", "FACTS"], rows));
    if let Some(why) = &status.failures_unknown {
        let note = format!("what failed in the last hour is not known: {why}");
        let _ = write!(text, "\n\n{} {note}", paint(CHANGE, "note:"));
    }
    let _ = write!(text, "\n\n{}", last(status.last_revision.as_ref()));
    text
}

fn row(resource: &ResourceStatus) -> Vec<Field> {
    let state = match &resource.health {
        Health::Ready if !resource.failures.is_empty() => Field::Change("ready, with failures".to_owned()),
        Health::Ready => Field::Good("ready".to_owned()),
        Health::Missing => Field::Bad("missing".to_owned()),
        Health::Pending(state) => Field::Change(format!("waits for {state}")),
        Health::Leaving => Field::Change("being deleted".to_owned()),
        Health::Failed(why) => Field::Bad(format!("failed: {why}")),
        Health::Failing(why) => Field::Bad(format!("failing: {why}")),
        Health::NotOurs(whose) => Field::Bad(format!("not ours: {whose}")),
    };
    let failed: Vec<String> = resource.failures.iter().map(failure).collect();
    let failed = (!failed.is_empty()).then(|| format!("in the last hour {}", failed.join(" and ")));
    let facts = resource.facts.iter().map(|(name, value)| format!("{name} {value}"));
    // What went wrong is what one looks for.
    let facts: Vec<String> = failed.into_iter().chain(facts).collect();
    vec![
        Field::Plain(resource.address.to_string()),
        Field::Plain(format!("{} {}", resource.kind, resource.name)),
        state,
        Field::Faint(facts.join(", ")),
    ]
}

/// What failed, in words that say what becomes of it.
fn failure(failure: &FailureCount) -> String {
    let count = failure.count;
    match failure.what {
        Failed::TransformedRecords => {
            format!("{} failed in the transform (see the error prefix)", words::counted(count, "record"))
        }
        Failed::TransformCalls => format!("{} of the transform failed", words::counted(count, "call")),
        Failed::Writes => format!("{} failed and tried again", words::counted(count, "write")),
        Failed::RefusedRecords => format!("{} refused", words::counted(count, "record")),
        Failed::PartitionLimit => {
            format!("too many partitions {} (see the error prefix)", words::counted(count, "time"))
        }
        Failed::Calls => format!("{} failed", words::counted(count, "call")),
        Failed::RefusedCalls => format!("{} refused by Lambda", words::counted(count, "call")),
    }
}

fn last(revision: Option<&RevisionSummary>) -> String {
    let Some(revision) = revision else { return paint(FAINT, "Never applied from here.") };
    let verb = match revision.purpose {
        Purpose::Apply => "apply",
        Purpose::Destroy => "destroy",
    };
    let ended = match revision.outcome {
        Outcome::Succeeded => paint(GOOD, "succeeded"),
        Outcome::Failed => paint(BAD, "failed half way"),
        Outcome::Interrupted => paint(CHANGE, "stopped half way"),
        Outcome::Applying => paint(CHANGE, "runs, or was killed"),
    };
    let when = revision.ended.unwrap_or(revision.started);
    let when = when.round(jiff::Unit::Second).unwrap_or(when);
    format!("Revision {}: {verb} {ended}, {when}, by {}.", revision.number, revision.actor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pipectl_pipeline::resources::{Address, Kind};

    #[test]
    fn a_status_is_a_table_and_the_last_revision() {
        let resource = |address, kind, name: &str, health, facts: &[(&str, &str)]| ResourceStatus {
            address,
            kind,
            name: name.into(),
            id: None,
            health,
            facts: facts.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect(),
            failures: Vec::new(),
        };
        let second = jiff::Timestamp::from_second(1_800_000_000).unwrap();
        let shown = Status {
            pipeline: "clicks".into(),
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            resources: vec![
                resource(
                    Address::stream("events"),
                    Kind::Stream,
                    "clicks-events",
                    Health::Ready,
                    &[("open shards", "2"), ("retention", "24 h")],
                ),
                resource(Address::delivery("lake"), Kind::Delivery, "clicks-lake", Health::Missing, &[]),
            ],
            last_revision: Some(RevisionSummary {
                number: 4,
                purpose: Purpose::Apply,
                actor: "ada@laptop".into(),
                started: second,
                ended: Some(second),
                outcome: Outcome::Succeeded,
                resources: 7,
                commit: None,
                returns_to: None,
                refreshed: false,
            }),
            failures_unknown: None,
        };
        insta::assert_snapshot!(anstream::adapter::strip_str(&status(&shown)).to_string());
    }

    #[test]
    fn what_failed_stands_before_the_facts_and_what_is_not_known_below() {
        let shown = Status {
            pipeline: "clicks".into(),
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            resources: vec![ResourceStatus {
                address: Address::delivery("lake"),
                kind: Kind::Delivery,
                name: "clicks-lake".into(),
                id: None,
                health: Health::Ready,
                facts: vec![("from".into(), "clicks-events".into())],
                failures: vec![
                    FailureCount { what: Failed::TransformedRecords, count: 1204 },
                    FailureCount { what: Failed::Writes, count: 1 },
                ],
            }],
            last_revision: None,
            failures_unknown: Some("cloudwatch:GetMetricData: not authorized".into()),
        };
        insta::assert_snapshot!(anstream::adapter::strip_str(&status(&shown)).to_string());
    }

    #[test]
    fn after_a_destroy_it_is_said_in_a_line_that_there_is_nothing() {
        let missing = |logical: &str| ResourceStatus {
            address: Address::stream(logical),
            kind: Kind::Stream,
            name: format!("clicks-{logical}"),
            id: None,
            health: Health::Missing,
            facts: Vec::new(),
            failures: Vec::new(),
        };
        let shown = Status {
            pipeline: "clicks".into(),
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            resources: vec![missing("a"), missing("b")],
            last_revision: None,
            failures_unknown: None,
        };
        let text = anstream::adapter::strip_str(&status(&shown)).to_string();
        assert_eq!(
            text,
            "clicks in 000000000000/eu-west-1: none of its 2 resources exists.\nNever applied from here."
        );
    }
}
