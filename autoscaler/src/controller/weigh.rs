//! From what is known to a decision and a goal, without a call.

use std::num::NonZeroU32;

use jiff::Timestamp;

use super::Managed;
use super::known::{Known, moment};
use crate::execute::{Change, Decided, Entry, Goal, Seen, Status, Target, Terms, Wait, hindrance};
use crate::policy::{self, Action, Decision, Operation, StreamStatus};

/// What was decided, and where the stream is to go by it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Weighed {
    pub(super) decision: Decision,
    pub(super) target: Option<Target>,
}

/// Decides and notes the goal in the entry: a decision to do something replaces it, one to hold still ends it, and one
/// that could not be made, since the stream is changing, leaves it.
pub(super) fn weigh(
    known: &mut Known,
    entry: &mut Entry,
    (seen, managed, room): (&Seen, &Managed, u32),
    (terms, now): (&Terms, Timestamp),
) -> Weighed {
    if matches!(hindrance(seen, entry, terms, now), Some((Wait::Others, _))) {
        entry.foreign = Some(now);
    }
    known.see_entry(entry);
    known.see_status(match seen.description.status {
        Status::Active => StreamStatus::Active,
        Status::Updating => StreamStatus::Updating,
        Status::Creating | Status::Deleting => StreamStatus::Unavailable,
    });
    let limits = limits(known, entry, (managed, room), now);
    let decision = if seen.description.on_demand {
        let reason = policy::Reason::Hold(policy::HoldReason::OnDemand);
        Decision { action: Action::Hold, reason, wanted: seen.description.open_shards }
    } else {
        policy::decide(&known.history, moment(now), &limits)
    };
    let target = target(&decision.action);
    let reason = decision.reason.to_string();
    match (&target, seen.description.status) {
        (Some(target), _) => {
            entry.goal = Some(Goal { target: target.clone(), since: now, reason: reason.clone() });
        }
        (None, Status::Active) => entry.goal = None,
        (None, _) => {}
    }
    let waits_for_ours = matches!(hindrance(seen, entry, terms, now), Some((Wait::Ours(_), _)));
    // That what was decided is under way is no decision of its own.
    if target.is_some() || !waits_for_ours {
        let shards = known.map().count();
        let action = words(&decision.action);
        entry.note_decision(Decided { at: now, until: now, shards, action, reason, outcome: None });
    }
    entry.looked = Some(now);
    Weighed { decision, target }
}

/// The user's bounds within what AWS allows just now.
fn limits(known: &Known, entry: &Entry, (managed, room): (&Managed, u32), now: Timestamp) -> policy::Limits {
    let left = usize::try_from(entry.updates_left(now)).unwrap_or(usize::MAX);
    policy::Limits {
        quota_shards: known.map().count().saturating_add(room),
        // What others have called, and AWS has told of by refusing, is not in the history.
        updates_per_day: known.history.updates_within_day(moment(now)).saturating_add(left),
        ..managed.limits.clone()
    }
}

fn target(action: &Action) -> Option<Target> {
    match action {
        Action::Hold => None,
        Action::UpdateShardCount(count) => NonZeroU32::new(*count).map(Target::Update),
        Action::Serial(operations) => {
            let changes: Vec<Change> = operations.iter().map(change).collect();
            (!changes.is_empty()).then(|| Target::changes(&changes))
        }
    }
}

fn change(operation: &Operation) -> Change {
    match *operation {
        Operation::Split { at } => Change::Split(at),
        Operation::Merge { at } => Change::Merge(at),
    }
}

/// An action in a few words.
pub(super) fn words(action: &Action) -> String {
    let count = |wanted: fn(&Operation) -> bool, operations: &[Operation]| match operations
        .iter()
        .filter(|operation| wanted(operation))
        .count()
    {
        0 => None,
        count => Some(count),
    };
    match action {
        Action::Hold => "hold".to_owned(),
        Action::UpdateShardCount(count) => format!("update-shard-count {count}"),
        Action::Serial(operations) => {
            let splits = count(|operation| matches!(operation, Operation::Split { .. }), operations);
            let merges = count(|operation| matches!(operation, Operation::Merge { .. }), operations);
            let part = |count: Option<usize>, noun| count.map(|count| format!("{noun} {count}"));
            let parts: Vec<String> = part(splits, "split").into_iter().chain(part(merges, "merge")).collect();
            parts.join(", ")
        }
    }
}
