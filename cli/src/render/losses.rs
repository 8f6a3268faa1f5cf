//! Data that a plan gives up, where nobody can miss it, and what keeps a plan from being carried out.

use std::fmt::Write as _;

use pipectl_pipeline::plan::{Loss, Plan};

use crate::output::style::{BAD, FAINT, STRONG, paint};

/// A line for each, to stand under the steps.
pub(super) fn lines(text: &mut String, plan: &Plan) {
    for loss in &plan.losses {
        let _ = write!(
            text,
            "\n{} {} {}: {loss}",
            paint(BAD, "loses data:"),
            paint(STRONG, format!("{} {}", loss.kind, loss.name)),
            paint(FAINT, format!("({})", loss.address)),
        );
    }
    if !plan.losses.is_empty() {
        text.push('\n');
    }
}

/// `2 lose data`, where any does.
pub(super) fn count(plan: &Plan) -> Option<String> {
    match plan.losses.len() {
        0 => None,
        1 => Some("1 loses data".to_owned()),
        several => Some(format!("{several} lose data")),
    }
}

/// What is asked before a plan is carried out: `Apply this`.
pub(crate) fn question<'a>(doing: &str, mut plans: impl Iterator<Item = &'a Plan>) -> String {
    let lose = if plans.any(|plan| !plan.losses.is_empty()) { ", and lose the data named above" } else { "" };
    format!("\n{doing}{lose}? Only `yes` does:")
}

/// The same as two warnings at the top of a comment.
pub(super) fn markdown(text: &mut String, plan: &Plan, escape: impl Fn(&str) -> String) {
    if !plan.refusals.is_empty() {
        text.push_str("> [!WARNING]\n> **It cannot be applied as it is:**\n");
        for refusal in &plan.refusals {
            let _ = writeln!(text, "> - {}; {}", escape(&refusal.why), escape(&refusal.hint));
        }
        text.push('\n');
    }
    if !plan.losses.is_empty() {
        text.push_str("> [!CAUTION]\n> **Data is lost:**\n");
        for loss in &plan.losses {
            let _ = writeln!(text, "> - {} {}: {}", loss.kind, escape(&loss.name), escape(&loss.to_string()));
        }
        text.push('\n');
    }
}

/// What is lost of a resource.
pub(super) fn of<'a>(plan: &'a Plan, address: &str) -> Option<&'a Loss> {
    plan.losses.iter().find(|loss| loss.address.as_str() == address)
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{a_plan, step};
    use super::*;
    use pipectl_pipeline::plan::{Action, Reader, Refusal};
    use pipectl_pipeline::resources::{Address, Kind};

    fn losing() -> Plan {
        let events = Address::stream("events");
        let mut plan = a_plan(vec![step(events.clone(), Kind::Stream, Action::Delete, &[])]);
        plan.losses.push(Loss {
            address: events,
            kind: Kind::Stream,
            name: "clicks-events".into(),
            what: "the records in it go with it, read or not; it keeps them for 168h".into(),
            goes: true,
            readers: vec![Reader { pipeline: Some("reader".into()), what: "deliveries.raw".into() }],
            recent: Some(5000),
        });
        plan
    }

    fn plain(text: &str) -> String {
        anstream::adapter::strip_str(text).to_string()
    }

    #[test]
    fn a_loss_is_a_line_a_count_a_question_and_a_warning() {
        let plan = losing();
        let text = plain(&super::super::plan::plan(&plan));
        let lost = "the records in it go with it, read or not; it keeps them for 168h; 5,000 records came in \
                    within the last day; read by deliveries.raw of the pipeline reader";
        let line = format!("loses data: Kinesis stream clicks-events (streams.events): {lost}");
        assert!(text.contains(&line), "{text}");
        assert!(text.ends_with("Plan: 1 to delete, 1 loses data."), "{text}");
        assert!(question("Apply this", [&plan].into_iter()).contains("and lose the data named above"));
        assert_eq!(question("Apply this", std::iter::empty()), "\nApply this? Only `yes` does:");
        let comment = super::super::markdown::plan(&plan);
        assert!(comment.contains("**Data is lost:**") && comment.contains("**1 loses data**"), "{comment}");
    }

    #[test]
    fn a_refused_plan_says_so_in_a_comment_beside_what_it_would_do() {
        let mut plan = losing();
        plan.refusals.push(Refusal {
            address: Address::bucket("lake"),
            kind: Kind::Bucket,
            name: "lake".into(),
            why: "the bucket lake would be deleted and still holds 3 objects (1.0 KiB)".into(),
            hint: "--delete-data deletes them".into(),
        });
        let comment = super::super::markdown::plan(&plan);
        assert!(comment.contains("**It cannot be applied as it is:**\n> - the bucket lake"), "{comment}");
        assert!(comment.contains("`streams.events`"), "{comment}");
    }
}
