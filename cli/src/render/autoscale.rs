//! What the autoscaler sees and decides, as text for people.

use std::fmt::Write as _;

use pipectl_autoscaler::controller::{Explained, Planned};

use crate::output::lines::Decisions;
use crate::output::style::{BAD, CHANGE, FAINT, STRONG, paint};
use crate::output::table::{self, Field};
use crate::output::words;

/// Calls that are shown of a long route.
const CALLS: usize = 6;

/// A paragraph for each stream.
pub(crate) fn explained(all: &[Explained]) -> String {
    let parts: Vec<String> = all.iter().map(one).collect();
    parts.join("\n\n")
}

fn one(explained: &Explained) -> String {
    let mut text = paint(STRONG, &explained.stream);
    if let Some(problem) = &explained.problem {
        let _ = write!(text, "\n  {}", paint(BAD, problem));
    }
    if let Some(planned) = &explained.planned {
        for (what, is) in rows(planned) {
            let _ = write!(text, "\n  {:<12}{is}", what);
        }
    }
    text
}

fn rows(planned: &Planned) -> Vec<(&'static str, String)> {
    let mut rows = vec![("sees", sees(planned))];
    if let Some(lag) = planned.consumer_lag_seconds.filter(|lag| *lag >= 1.0) {
        rows.push(("consumers", format!("the slowest is {lag:.0} s behind")));
    }
    if let Some(hottest) = planned.hottest_share.filter(|_| planned.open_shards > 1) {
        let even = 100.0 / f64::from(planned.open_shards);
        rows.push((
            "hottest",
            format!("{:.1} % of the traffic on one shard; evenly it would be {even:.1} %", hottest * 100.0),
        ));
    }
    if let Some(owner) = &planned.held_by {
        rows.push(("acts", format!("{owner} does; this would stand by")));
    }
    rows.push(("decides", format!("{}: {}", paint(CHANGE, &planned.action), planned.reason)));
    if !planned.calls.is_empty() {
        let shown: Vec<&str> = planned.calls.iter().take(CALLS).map(String::as_str).collect();
        let more = planned.calls.len().saturating_sub(CALLS);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        let takes = words::duration(std::time::Duration::from_secs(planned.takes_seconds));
        rows.push(("calls", format!("{}{more}; about {takes}", shown.join(", "))));
    }
    if let Some(wait) = &planned.waits_for {
        rows.push(("waits", wait.clone()));
    }
    rows.push(("day", format!("{} of 10 UpdateShardCount calls left", planned.updates_left)));
    rows.extend(planned.advice.iter().map(|advice| ("advice", advice.text.clone())));
    rows
}

fn sees(planned: &Planned) -> String {
    let mut text = match (planned.accepted_shards, planned.newest_minute) {
        (Some(accepted), Some(minute)) => {
            let refused = planned.refused_shards.unwrap_or(0.0);
            let refused = if refused > 0.0 { format!(" and {refused:.2} refused") } else { String::new() };
            format!(
                "traffic worth {accepted:.2} shards taken in{refused} by {} open, in the minute from {minute}",
                planned.open_shards
            )
        }
        _ => format!("{}, and no metrics", words::counted(u64::from(planned.open_shards), "open shard")),
    };
    if planned.late_minutes > 0 {
        let _ = write!(text, "; {} late", words::counted(planned.late_minutes, "minute"));
    }
    if planned.missing_minutes > 0 {
        let _ = write!(text, "; {} missing", words::counted(planned.missing_minutes, "minute"));
    }
    text
}

/// The last decisions of each stream, as a table; nothing where there are none.
pub(crate) fn decisions(all: &[Decisions]) -> Option<String> {
    let mut rows = Vec::new();
    for stream in all {
        for decided in &stream.decisions {
            let at = decided.until.round(jiff::Unit::Second).unwrap_or(decided.until);
            rows.push(vec![
                Field::Plain(stream.stream.clone()),
                Field::Faint(at.to_string()),
                Field::Number(decided.shards.to_string()),
                if decided.action == "hold" {
                    Field::Plain(decided.action.clone())
                } else {
                    Field::Change(decided.action.clone())
                },
                Field::Plain(decided.reason.clone()),
                Field::Faint(decided.outcome.clone().unwrap_or_default()),
            ]);
        }
    }
    if rows.is_empty() {
        return None;
    }
    let mut text = table::render(&["AUTOSCALED", "AT", "SHARDS", "DECISION", "WHY", "OUTCOME"], rows);
    for stream in all {
        let actor = match &stream.actor {
            Some(actor) => format!("{} is steered by {actor}", stream.stream),
            None => format!("Nobody steers {} now: `pipectl autoscale run`", stream.stream),
        };
        let _ = write!(text, "\n{}", paint(FAINT, actor));
    }
    Some(text)
}
