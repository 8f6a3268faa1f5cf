//! The revisions of a pipeline.

use std::fmt::Write as _;

use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::engine::RevisionSummary;
use pipectl_pipeline::ledger::{Comparison, RecordChange, Revision};
use pipectl_pipeline::plan::Purpose;
use pipectl_pipeline::resources::PropertyChange;

use super::plan::property;
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::table::{self, Field};

/// The revisions as a table, the newest first.
pub(crate) fn list(pipeline: &str, revisions: &[RevisionSummary]) -> String {
    if revisions.is_empty() {
        return format!("{pipeline} was never applied from here.");
    }
    let rows = revisions.iter().map(|revision| {
        vec![
            Field::Number(revision.number.to_string()),
            Field::Plain(verb(revision.purpose, revision.returns_to, revision.refreshed)),
            outcome(revision.outcome),
            Field::Plain(second(revision.ended.unwrap_or(revision.started))),
            Field::Plain(revision.actor.clone()),
            Field::Plain(revision.commit.as_ref().map(ToString::to_string).unwrap_or_default()),
            Field::Number(revision.resources.to_string()),
        ]
    });
    table::render(&["REVISION", "WHAT", "ENDED", "WHEN", "BY", "COMMIT", "RESOURCES"], rows)
}

/// One revision, and what it left.
pub(crate) fn revision(revision: &Revision) -> String {
    let mut text =
        format!("{}\n", paint(STRONG, format!("{} revision {}", revision.pipeline, revision.number)));
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {} {value}", paint(FAINT, format!("{name}:")));
    };
    line("what", verb(revision.purpose, revision.returns_to, revision.refreshed));
    line("ended", how(revision.outcome).to_owned());
    line("begun", second(revision.started));
    if let Some(ended) = revision.ended {
        line("done", second(ended));
    }
    line("by", revision.actor.clone());
    if let Some(commit) = &revision.commit {
        let branch = commit.branch.as_ref().map(|branch| format!(" on {branch}")).unwrap_or_default();
        let dirty = if commit.dirty { ", with changes that were not committed" } else { "" };
        line("commit", format!("{}{branch}{dirty}", commit.id));
    }
    for overlay in &revision.inputs.overlays {
        line("overlay", overlay.file.clone());
    }
    for (name, input) in &revision.inputs.variables {
        let value = if input.is_closed() { "(sensitive)" } else { input.value.as_str() };
        line("var", format!("{name} = {value}, {}", input.from));
    }
    text.push('\n');
    let rows = revision.resources.iter().map(|record| {
        vec![
            Field::Plain(record.address.to_string()),
            Field::Plain(format!("{} {}", record.kind, record.name)),
        ]
    });
    text.push_str(&table::render(&["RESOURCE", "NAME"], rows));
    let _ = write!(text, "\n\n`pipectl history show {} --file` prints its pipeline file.", revision.number);
    text
}

/// What differs between two revisions.
pub(crate) fn comparison(comparison: &Comparison) -> String {
    let Comparison { from, to, file_before, file_after, inputs, resources } = comparison;
    let mut text = String::new();
    if resources.is_empty() {
        let _ = writeln!(text, "{} between revisions {from} and {to}.", paint(GOOD, "No resource differs"));
    } else {
        let _ = writeln!(text, "{}\n", paint(STRONG, format!("From revision {from} to {to}:")));
        resources.iter().for_each(|change| resource(&mut text, change));
    }
    if !inputs.is_empty() {
        text.push('\n');
    }
    inputs.iter().for_each(|change| property(&mut text, change));
    if file_before != file_after {
        let file = PropertyChange {
            path: "the pipeline file".to_owned(),
            before: Some(format!("{}\n", file_before.trim_end())),
            after: Some(format!("{}\n", file_after.trim_end())),
        };
        text.push('\n');
        property(&mut text, &file);
    }
    text.trim_end().to_owned()
}

fn resource(text: &mut String, change: &RecordChange) {
    let (sign, style) = match (change.before, change.after) {
        (false, _) => ("+", GOOD),
        (_, false) => ("-", BAD),
        _ => ("~", CHANGE),
    };
    let name = paint(STRONG, format!("{} {}", change.kind, change.name));
    let _ =
        writeln!(text, "   {} {name} {}", paint(style, sign), paint(FAINT, format!("({})", change.address)));
    change.changes.iter().for_each(|change| property(text, change));
}

fn verb(purpose: Purpose, returns_to: Option<u64>, refreshed: bool) -> String {
    match (purpose, returns_to) {
        _ if refreshed => "refresh".to_owned(),
        (_, Some(number)) => format!("rollback to {number}"),
        (Purpose::Apply, None) => "apply".to_owned(),
        (Purpose::Destroy, None) => "destroy".to_owned(),
    }
}

fn how(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "succeeded",
        Outcome::Failed => "failed half way",
        Outcome::Interrupted => "stopped half way",
        Outcome::Applying => "runs, or was killed",
    }
}

fn outcome(outcome: Outcome) -> Field {
    let text = how(outcome).to_owned();
    match outcome {
        Outcome::Succeeded => Field::Good(text),
        Outcome::Failed => Field::Bad(text),
        Outcome::Interrupted | Outcome::Applying => Field::Change(text),
    }
}

fn second(when: jiff::Timestamp) -> String {
    when.round(jiff::Unit::Second).unwrap_or(when).to_string()
}
