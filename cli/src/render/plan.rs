//! A plan as Terraform's users expect it: what comes, changes and goes, with the counts first and last.

use std::fmt::Write as _;

use pipectl_pipeline::plan::{Action, Counts, Plan, PlanSummary, Purpose, Step, StepSummary};
use pipectl_pipeline::resources::PropertyChange;
use serde_json::{Value, json};
use similar::{ChangeTag, TextDiff};

use super::{losses, sign, wanted};
use crate::output::lines::Line;
use crate::output::style::{BAD, CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::{Output, words};

/// The whole plan.
pub(crate) fn plan(plan: &Plan) -> String {
    let place = format!("{} in {}/{}", plan.pipeline, plan.account, plan.region);
    let mut text = String::new();
    if plan.has_changes() {
        let _ = writeln!(text, "{} {}", paint(STRONG, format!("{place}:")), counts(plan));
        text.push('\n');
        for step in plan.steps.iter().filter(|step| step.action != Action::NoChange) {
            step_lines(&mut text, step);
        }
    } else {
        let _ = writeln!(text, "{}", unchanged(plan, &place));
    }
    losses::lines(&mut text, plan);
    for note in &plan.notes {
        let _ = write!(text, "\n{} {note}", paint(CHANGE, "note:"));
    }
    if !plan.notes.is_empty() {
        text.push('\n');
    }
    if plan.has_changes() {
        let _ = write!(text, "\n{} {}", paint(STRONG, "Plan:"), counts(plan));
    }
    text.trim_end().to_owned()
}

/// The plan as events: a line for each step that does something, then the counts.
pub(crate) fn events(output: &Output, plan: &Plan) {
    for step in plan.steps.iter().filter(|step| step.action != Action::NoChange) {
        output.event(&Line::Change(StepSummary::of(step)));
    }
    output.event(&Line::Plan(PlanSummary::of(plan)));
}

/// The plan as one JSON document: what the events say, with every step in it.
pub(crate) fn document(plan: &Plan) -> Value {
    let steps: Vec<StepSummary> = plan.steps.iter().map(StepSummary::of).collect();
    let mut document = json!({ "format": plan.format, "plan": PlanSummary::of(plan) });
    document["steps"] = json!(steps);
    document
}

fn unchanged(plan: &Plan, place: &str) -> String {
    match plan.purpose {
        Purpose::Apply => format!(
            "{} {place}: {} as the file says.",
            paint(GOOD, "No changes."),
            words::counted(plan.steps.len() as u64, "resource")
        ),
        Purpose::Destroy => format!("{} {place}: none of its resources exist.", paint(GOOD, "No changes.")),
    }
}

/// `3 to create, 1 to update.`, in words of their colours.
pub(crate) fn counts(plan: &Plan) -> String {
    let Counts { create, update, replace, delete, release, no_change } = plan.counts();
    let parts: Vec<String> = [
        (create, "to create", GOOD),
        (update, "to update", CHANGE),
        (replace, "to replace", BAD),
        (delete, "to delete", BAD),
        (release, "to let go", CHANGE),
        (no_change, "unchanged", FAINT),
    ]
    .into_iter()
    .filter(|(count, ..)| *count > 0)
    .map(|(count, words, style)| paint(style, format!("{count} {words}")))
    .chain(losses::count(plan).map(|lost| paint(BAD, lost)))
    .collect();
    format!("{}.", parts.join(", "))
}

fn step_lines(text: &mut String, step: &Step) {
    let (sign, style) = sign(step.action);
    let address = paint(FAINT, format!("({})", step.address));
    let _ = writeln!(
        text,
        "{}{} {} {address}",
        " ".repeat(4 - sign.chars().count()),
        paint(style, sign),
        paint(STRONG, format!("{} {}", step.kind, step.name)),
    );
    if let Some(reason) = &step.reason {
        let _ = writeln!(text, "       {}", paint(CHANGE, format!("because {reason}")));
    }
    for change in &step.changes {
        property(text, change);
    }
    if let (Action::Create, Some(desired)) = (step.action, &step.desired) {
        for (name, value) in wanted::properties(&desired.spec) {
            let _ = writeln!(text, "       {} {}", paint(FAINT, format!("{name}:")), value);
        }
    }
    // One operation is the action itself; more of them are what AWS forces, and worth knowing beforehand.
    if step.action == Action::Update && step.operations.len() > 1 {
        let steps: Vec<String> = step.operations.iter().map(ToString::to_string).collect();
        let _ = writeln!(
            text,
            "       {}",
            paint(FAINT, format!("in {} steps: {}", steps.len(), steps.join(", then ")))
        );
    }
}

/// A property that changes, in a line, or in lines where it is a text of several.
pub(super) fn property(text: &mut String, change: &PropertyChange) {
    let many = |side: &Option<String>| side.as_ref().is_some_and(|value| value.contains('\n'));
    if many(&change.before) || many(&change.after) {
        return lines(text, change);
    }
    let path = &change.path;
    let line = match (&change.before, &change.after) {
        (None, Some(after)) => format!("{} {path}: {after}", paint(GOOD, "+")),
        (Some(before), None) => format!("{} {path}: {}", paint(BAD, "-"), paint(FAINT, before)),
        (Some(before), Some(after)) => {
            format!("{} {path}: {before} {} {after}", paint(CHANGE, "~"), paint(FAINT, "→"))
        }
        (None, None) => format!("{} {path}: {}", paint(CHANGE, "~"), paint(FAINT, "known after the change")),
    };
    let _ = writeln!(text, "       {line}");
}

/// A program, or another text of several lines: only the lines that differ, with two around them.
fn lines(text: &mut String, change: &PropertyChange) {
    let (sign, style) = match (&change.before, &change.after) {
        (None, _) => ("+", GOOD),
        (_, None) => ("-", BAD),
        _ => ("~", CHANGE),
    };
    let _ = writeln!(text, "       {} {}:", paint(style, sign), change.path);
    let (before, after) = (change.before.as_deref().unwrap_or(""), change.after.as_deref().unwrap_or(""));
    let diff = TextDiff::from_lines(before, after);
    for group in diff.grouped_ops(2) {
        for line in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match line.tag() {
                ChangeTag::Insert => ("+", GOOD),
                ChangeTag::Delete => ("-", BAD),
                ChangeTag::Equal => (" ", FAINT),
            };
            let value = line.value().trim_end_matches(['\r', '\n']);
            let _ = writeln!(text, "           {}", paint(style, format!("{sign} {value}")));
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use pipectl_pipeline::plan::PLAN_FORMAT;
    use pipectl_pipeline::resources::{Address, Kind};

    pub(in crate::render) fn a_plan(steps: Vec<Step>) -> Plan {
        Plan {
            format: PLAN_FORMAT,
            pipeline: "clicks".into(),
            purpose: Purpose::Apply,
            account: "000000000000".into(),
            region: "eu-west-1".into(),
            source: String::new(),
            based_on: 0,
            steps,
            notes: Vec::new(),
            footprint: Vec::new(),
            losses: Vec::new(),
            refusals: Vec::new(),
            left_out: Vec::new(),
            returns_to: None,
            inputs: pipectl_pipeline::spec::FileInputs::default(),
        }
    }

    pub(in crate::render) fn step(
        address: Address,
        kind: Kind,
        action: Action,
        changes: &[(&str, Option<&str>, Option<&str>)],
    ) -> Step {
        Step {
            name: format!("clicks-{}", address.as_str().rsplit('.').next().unwrap_or_default()),
            address,
            kind,
            action,
            changes: changes
                .iter()
                .map(|(path, before, after)| PropertyChange {
                    path: (*path).into(),
                    before: before.map(Into::into),
                    after: after.map(Into::into),
                })
                .collect(),
            reason: None,
            operations: Vec::new(),
            depends_on: Vec::new(),
            desired: None,
        }
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn every_action_shows_its_sign_and_what_changes() {
        let mut replaced = step(
            Address::delivery("lake"),
            Kind::Delivery,
            Action::Replace,
            &[("from", Some("events"), Some("orders"))],
        );
        replaced.reason = Some("the source of a delivery stream cannot be changed".into());
        let steps = vec![
            step(Address::stream("events"), Kind::Stream, Action::Create, &[("shards", None, Some("2"))]),
            step(
                Address::transform("parse"),
                Kind::Function,
                Action::Update,
                &[
                    ("memory", Some("128 MiB"), Some("256 MiB")),
                    ("vrl", Some(". = 1\n.a = 2\n"), Some(". = 1\n.a = 3\n")),
                    ("tags.team", Some("growth"), None),
                ],
            ),
            replaced,
            step(Address::transform("old").role(), Kind::Role, Action::Delete, &[]),
            step(Address::bucket("b"), Kind::Bucket, Action::NoChange, &[]),
        ];
        insta::assert_snapshot!(plain(&plan(&a_plan(steps))));
    }

    #[test]
    fn a_plan_without_changes_is_one_line() {
        let steps = vec![step(Address::bucket("b"), Kind::Bucket, Action::NoChange, &[])];
        let text = plain(&plan(&a_plan(steps)));
        assert_eq!(text, "No changes. clicks in 000000000000/eu-west-1: 1 resource as the file says.");
    }
}
