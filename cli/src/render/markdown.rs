//! A plan for a comment on a pull request: counts first, deletions loud, changes in a table, what stays folded.

use std::fmt::Write as _;

use pipectl_pipeline::plan::{Action, Counts, Plan, Purpose, Step};
use pipectl_pipeline::resources::PropertyChange;

use super::{losses, wanted};

/// The longest comment that GitHub takes is 65,536 characters; what stands around this one needs some of them.
const LONGEST: usize = 60_000;
/// The longest value shown in a table's cell.
const LONGEST_VALUE: usize = 160;

/// The plan.
pub(crate) fn plan(plan: &Plan) -> String {
    let mut text = format!("### {} {}\n\n", heading(plan), code(&plan.pipeline));
    let _ = writeln!(text, "{}  ", counts(plan));
    let _ = writeln!(text, "in account {}, {}\n", code(&plan.account), code(&plan.region));
    if !plan.has_changes() {
        text.push_str("Everything is as the file says.\n");
    }
    losses::markdown(&mut text, plan, escape);
    warning(&mut text, plan);
    table(&mut text, plan);
    for note in &plan.notes {
        let _ = writeln!(text, "> {}\n", escape(note));
    }
    details(&mut text, plan);
    unchanged(&mut text, plan);
    text.trim_end().to_owned()
}

fn heading(plan: &Plan) -> &'static str {
    match (plan.purpose, plan.has_changes()) {
        (_, false) => "✅ No changes in",
        (Purpose::Destroy, true) => "🔥 Destroy",
        (Purpose::Apply, true) => "Plan for",
    }
}

fn counts(plan: &Plan) -> String {
    let Counts { create, update, replace, delete, release, no_change } = plan.counts();
    let parts: Vec<String> = [
        (create, "to create"),
        (update, "to update"),
        (replace, "to replace"),
        (delete, "to delete"),
        (release, "to let go"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, words)| format!("**{count} {words}**"))
    .chain(losses::count(plan).map(|lost| format!("**{lost}**")))
    .chain((no_change > 0).then(|| format!("{no_change} unchanged")))
    .collect();
    if parts.is_empty() { "Nothing to do.".to_owned() } else { format!("{}.", parts.join(", ")) }
}

/// What goes, where nobody can miss it.
fn warning(text: &mut String, plan: &Plan) {
    let gone: Vec<&Step> =
        plan.steps.iter().filter(|step| matches!(step.action, Action::Delete | Action::Replace)).collect();
    if gone.is_empty() {
        return;
    }
    let _ = writeln!(text, "> [!CAUTION]\n> **What is deleted is gone with its data:**");
    for step in gone {
        let because =
            step.reason.as_ref().map(|why| format!(", because {}", escape(why))).unwrap_or_default();
        let _ = writeln!(text, "> - **{}** {} {}{because}", step.action, step.kind, code(&step.name));
    }
    text.push('\n');
}

fn table(text: &mut String, plan: &Plan) {
    let changed: Vec<&Step> = plan.steps.iter().filter(|step| step.action != Action::NoChange).collect();
    if changed.is_empty() {
        return;
    }
    text.push_str("| | Resource | What changes |\n|---|---|---|\n");
    for (index, step) in changed.iter().enumerate() {
        let row = format!(
            "| {} {} | {}<br>{} {} | {} |\n",
            sign(step.action),
            step.action,
            code(step.address.as_str()),
            step.kind,
            code(&step.name),
            cell(step)
        );
        if text.len() + row.len() > LONGEST {
            let _ = writeln!(
                text,
                "\n… and {} more: too many for a comment, `pipectl plan` shows them all.",
                changed.len() - index
            );
            break;
        }
        text.push_str(&row);
    }
    text.push('\n');
}

fn sign(action: Action) -> &'static str {
    match action {
        Action::NoChange => "",
        Action::Create => "➕",
        Action::Update => "✏️",
        Action::Replace => "♻️",
        Action::Delete => "❌",
        Action::Release => "🔓",
    }
}

fn cell(step: &Step) -> String {
    let mut lines: Vec<String> = step.changes.iter().map(property).collect();
    if let (Action::Create, Some(desired)) = (step.action, &step.desired) {
        lines.extend(
            wanted::properties(&desired.spec)
                .into_iter()
                .map(|(name, value)| format!("{name}: {}", code(&value))),
        );
    }
    if step.action == Action::Update && step.operations.len() > 1 {
        let steps: Vec<String> = step.operations.iter().map(ToString::to_string).collect();
        lines.push(escape(&format!("in {} steps: {}", steps.len(), steps.join(", then "))));
    }
    lines.join("<br>")
}

fn property(change: &PropertyChange) -> String {
    let path = escape(&change.path);
    match (&change.before, &change.after) {
        (Some(before), Some(after)) if before.contains('\n') || after.contains('\n') => {
            format!("{path}: see below")
        }
        (Some(before), Some(after)) => format!("{path}: {} → {}", code(before), code(after)),
        (None, Some(after)) => format!("{path}: {}", code(after)),
        (Some(before), None) => format!("{path}: ~~{}~~", code(before)),
        (None, None) => format!("{path}: known after the change"),
    }
}

/// The programs and other long texts that change, folded.
fn details(text: &mut String, plan: &Plan) {
    for step in &plan.steps {
        for change in &step.changes {
            let (Some(before), Some(after)) = (&change.before, &change.after) else { continue };
            if !before.contains('\n') && !after.contains('\n') {
                continue;
            }
            let lines = similar::TextDiff::from_lines(before.as_str(), after.as_str());
            let diff = lines.unified_diff().context_radius(2).to_string();
            let fence = "`".repeat(longest_run(&diff).max(2) + 1);
            let summary = format!("{} {}", step.address, change.path);
            let block = format!(
                "<details><summary>{}</summary>\n\n{fence}diff\n{}\n{fence}\n</details>\n\n",
                html(&summary),
                diff.trim_end()
            );
            if text.len() + block.len() <= LONGEST {
                text.push_str(&block);
            }
        }
    }
}

fn unchanged(text: &mut String, plan: &Plan) {
    let same: Vec<String> = plan
        .steps
        .iter()
        .filter(|step| step.action == Action::NoChange)
        .map(|step| format!("- {} {} {}\n", code(step.address.as_str()), step.kind, code(&step.name)))
        .collect();
    let list = same.concat();
    if same.is_empty() || text.len() + list.len() > LONGEST {
        return;
    }
    let _ = writeln!(text, "<details><summary>{} unchanged</summary>\n\n{list}\n</details>", same.len());
}

/// A value in a code span that no backtick in it ends, on one line, and safe in a table's cell.
fn code(value: &str) -> String {
    let mut line = value.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > LONGEST_VALUE {
        line = line.chars().take(LONGEST_VALUE).collect::<String>() + "…";
    }
    let ticks = "`".repeat(longest_run(&line) + 1);
    let pad = if line.starts_with('`') || line.ends_with('`') || line.is_empty() { " " } else { "" };
    format!("{ticks}{pad}{}{pad}{ticks}", line.replace('|', "\\|"))
}

/// Text that means nothing to Markdown or HTML.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in html(text).chars() {
        match letter {
            '\n' | '\r' => escaped.push(' '),
            '|' | '*' | '_' | '`' | '[' | ']' | '~' | '\\' => escaped.extend(['\\', letter]),
            '@' => escaped.push_str("&#64;"),
            other => escaped.push(other),
        }
    }
    escaped
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

fn longest_run(text: &str) -> usize {
    text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::plan::tests::{a_plan, step};
    use super::*;
    use pipectl_pipeline::resources::{Address, Kind};

    #[test]
    fn counts_come_first_deletions_are_loud_and_what_stays_is_folded() {
        let mut replaced = step(
            Address::delivery("lake"),
            Kind::Delivery,
            Action::Replace,
            &[("from", Some("events"), Some("orders"))],
        );
        replaced.reason = Some("the source of a delivery stream cannot be changed".into());
        let program = ("vrl", Some(". = 1\n.a = 2\n"), Some(". = 1\n.a = 3\n"));
        let steps = vec![
            step(Address::stream("events"), Kind::Stream, Action::Create, &[("shards", None, Some("2"))]),
            step(Address::transform("parse"), Kind::Function, Action::Update, &[program]),
            replaced,
            step(Address::transform("old").role(), Kind::Role, Action::Delete, &[]),
            step(Address::bucket("b"), Kind::Bucket, Action::NoChange, &[]),
        ];
        insta::assert_snapshot!(plan(&a_plan(steps)));
    }

    #[test]
    fn nothing_in_a_value_breaks_out_of_its_cell() {
        assert_eq!(code("a|b `c` d"), "``a\\|b `c` d``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("one\ntwo"), "`one two`");
        assert_eq!(escape("<b> @team *x*"), "&lt;b&gt; &#64;team \\*x\\*");
    }

    #[test]
    fn a_huge_plan_still_fits_in_a_comment() {
        let steps = (0..3000).map(|number| {
            step(Address::stream(&format!("stream-{number}")), Kind::Stream, Action::Create, &[])
        });
        let text = plan(&a_plan(steps.collect()));
        assert!(text.len() < 65_536 && text.contains("more: too many"), "{}", text.len());
    }
}
