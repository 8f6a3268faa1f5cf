//! What policies would have made of recorded traffic: a table, events, and the reasons of one.

use std::path::Path;

use pipectl_autoscaler::simulate::{Contender, FrontierPoint, Outcome};

use crate::output::Output;
use crate::output::lines::{Line, PolicyDecision, PolicyOutcome, Trace};
use crate::output::style::{CHANGE, FAINT, GOOD, STRONG, paint};
use crate::output::table::{self, Field};
use crate::output::words::{counted, grouped};

/// What the traffic is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts<'a> {
    /// Its file.
    pub(crate) trace: &'a Path,
    /// The load of each minute, in shards.
    pub(crate) loads: &'a [f64],
    /// What it was scaled to.
    pub(crate) mean_shards: f64,
    /// Where something was missing and interpolated.
    pub(crate) gaps: usize,
}

impl<'a> Facts<'a> {
    /// The same for programs.
    pub(crate) fn line(&self) -> Trace<'a> {
        let Facts { trace, loads, mean_shards, gaps } = *self;
        Trace { trace, minutes: loads.len(), mean_shards, gaps }
    }
}

/// Everybody's account, and the frontier where there is one.
pub(crate) fn table(facts: &Facts<'_>, outcomes: &[Outcome], frontier: &[FrontierPoint]) -> String {
    let peak = facts.loads.iter().copied().fold(0.0, f64::max);
    let title = facts.trace.display().to_string();
    let minutes = facts.loads.len();
    let length =
        if minutes < 2880 { format!("{minutes} minutes") } else { format!("{} days", minutes / 1440) };
    let about = format!("{length}, mean {:.0} and peak {peak:.0} shards", facts.mean_shards);
    let heading = [
        "POLICY",
        "SHARD-HOURS",
        "TO OPTIMUM",
        "THROTTLED",
        "UPDATES",
        "SPLITS",
        "MERGES",
        "REFUSED",
        "COST",
    ];
    let mut text = format!("{}  {}\n\n", paint(STRONG, &title), paint(FAINT, &about));
    text.push_str(&table::render(&heading, outcomes.iter().map(row)));
    if !frontier.is_empty() {
        let rows = frontier.iter().map(|point| {
            vec![
                Field::Plain(point.family.to_owned()),
                Field::Number(point.headroom.to_string()),
                Field::Number(format!("{:.3}", point.ratio_to_optimum)),
                Field::Number(percent(point.throttled_ratio)),
            ]
        });
        text.push_str("\n\n");
        text.push_str(&table::render(&["FRONTIER", "HEADROOM", "TO OPTIMUM", "THROTTLED"], rows));
    }
    text
}

fn row(outcome: &Outcome) -> Vec<Field> {
    let account = &outcome.account;
    let number = |count: usize| Field::Number(grouped(u64::try_from(count).unwrap_or(u64::MAX)));
    let name = match outcome.contender {
        Contender::Pipectl => Field::Good(outcome.contender.to_string()),
        contender => Field::Plain(contender.to_string()),
    };
    vec![
        name,
        Field::Number(format!("{:.0}", account.shard_hours)),
        Field::Number(format!("{:.3}", outcome.ratio_to_optimum)),
        Field::Number(percent(account.throttled_ratio)),
        number(account.update_shard_count_calls),
        number(account.splits),
        number(account.merges),
        number(account.refused_calls),
        Field::Number(format!("${:.2}", account.dollars)),
    ]
}

fn percent(ratio: f64) -> String {
    format!("{:.3} %", ratio * 100.0)
}

/// One event for each policy and for each point of the frontier.
pub(crate) fn events(output: &Output, outcomes: &[Outcome], frontier: &[FrontierPoint]) {
    for outcome in outcomes {
        let policy = outcome.contender.name();
        let ratio_to_optimum = outcome.ratio_to_optimum;
        output.event(&Line::Policy(PolicyOutcome { policy, account: &outcome.account, ratio_to_optimum }));
    }
    for point in frontier {
        output.event(&Line::Frontier(point));
    }
}

/// When something was called, and why.
pub(crate) fn reasons(output: &Output, outcome: &Outcome) {
    for decided in &outcome.decisions {
        let (day, hour, minute) = (decided.minute / 1440, decided.minute / 60 % 24, decided.minute % 60);
        let when = format!("day {day} {hour:02}:{minute:02}");
        let refused: Vec<String> = decided.refused.iter().map(|(_, refusal)| refusal.to_string()).collect();
        let answer = refused.iter().fold(String::new(), |text, refusal| text + "; refused: " + refusal);
        output.data(format!("{}  {}{answer}", paint(FAINT, &when), decided.action.reason));
        output.event(&Line::Decision(PolicyDecision {
            policy: outcome.contender.name(),
            t_s: decided.minute * 60,
            reason: &decided.action.reason,
            refused: &refused,
        }));
    }
}

/// That something was missing.
pub(crate) fn gaps(count: usize) -> String {
    let counted = counted(u64::try_from(count).unwrap_or(u64::MAX), "gap");
    format!("{} {counted} in the trace, interpolated", paint(CHANGE, "!"))
}

/// That a file was written.
pub(crate) fn wrote(path: &Path) -> String {
    format!("{} wrote {}", paint(GOOD, "✓"), path.display())
}
