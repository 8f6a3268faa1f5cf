//! What exists of a pipeline: a table, and who was there last.

use std::fmt::Write as _;

use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::engine::{Health, ResourceStatus, RevisionSummary, Status};
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
    let _ = write!(text, "\n\n{}", last(status.last_revision.as_ref()));
    text
}

fn row(resource: &ResourceStatus) -> Vec<Field> {
    let state = match &resource.health {
        Health::Ready => Field::Good("ready".to_owned()),
        Health::Missing => Field::Bad("missing".to_owned()),
        Health::Pending(state) => Field::Change(format!("waits for {state}")),
        Health::Leaving => Field::Change("being deleted".to_owned()),
        Health::Failed(why) => Field::Bad(format!("failed: {why}")),
        Health::Failing(why) => Field::Bad(format!("failing: {why}")),
        Health::NotOurs(whose) => Field::Bad(format!("not ours: {whose}")),
    };
    let facts: Vec<String> = resource.facts.iter().map(|(name, value)| format!("{name} {value}")).collect();
    vec![
        Field::Plain(resource.address.to_string()),
        Field::Plain(format!("{} {}", resource.kind, resource.name)),
        state,
        Field::Faint(facts.join(", ")),
    ]
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
        };
        let shown = Status {
            pipeline: "clicks".into(),
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            resources: vec![missing("a"), missing("b")],
            last_revision: None,
        };
        let text = anstream::adapter::strip_str(&status(&shown)).to_string();
        assert_eq!(
            text,
            "clicks in 000000000000/eu-west-1: none of its 2 resources exists.\nNever applied from here."
        );
    }
}
