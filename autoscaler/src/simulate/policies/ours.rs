//! Our own policy in the simulation: its history is fed with what a view shows, and its decisions become calls.
//!
//! The simulator knows places in the hash-key space as shares, the policy as hash keys. A share times 2^128 is a whole
//! number that a share is read back from exactly, so that a boundary is the same on both sides.

use pipectl_shards::{HashKey, HashKeyRange};

use super::super::policy::{Action, Policy};
use super::super::stream::Operation;
use super::super::view::View;
use crate::policy::{self, History, Layout, Limits, Load, OpenShard, StreamStatus, Timestamp};

/// Hash keys in the whole space, as far as a share can tell: 2^128.
const SPACE: f64 = 340_282_366_920_938_463_463_374_607_431_768_211_456.0;

/// [`crate::policy::decide`], fed from views.
#[derive(Debug)]
pub struct Ours {
    limits: Limits,
    history: Option<History>,
    points: usize,
    /// The minute of the last `UpdateShardCount` that the history knows of.
    updated: Option<usize>,
    /// Since when the layout that the history knows of serves, and whether its shares are known.
    layout: Option<(usize, bool)>,
}

impl Ours {
    /// Our policy within these bounds. AWS's limits and times in them are set to the simulation's.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self { limits, history: None, points: 0, updated: None, layout: None }
    }

    fn take_in_bounds(&mut self, view: &View<'_>) {
        let aws = view.limits();
        self.limits.quota_shards = self.limits.quota_shards.min(aws.most_shards);
        self.limits.updates_per_day = aws.updates_per_day;
        self.limits.update_seconds = seconds(aws.update_minutes);
        self.limits.serial_seconds = 60 / i64::try_from(aws.serial_per_minute.max(1)).unwrap_or(60);
        self.limits.metric_delay_seconds = seconds(aws.metric_delay_minutes);
    }

    /// The open shards, where they are others than the history knows, or their metrics can be read for the first time.
    fn layout(&mut self, view: &View<'_>) -> Option<Layout> {
        let since = view.serving_since();
        let measured = view.points().len() > since;
        if self.layout == Some((since, measured)) {
            return None;
        }
        self.layout = Some((since, measured));
        let points = if measured { view.shard_points() } else { Vec::new() };
        let total: f64 = points.iter().map(|point| point.accepted + point.throttled).sum();
        let share = |index: usize| {
            let point = points.get(index).filter(|_| total > 0.0)?;
            Some(((point.accepted + point.throttled) / total).clamp(0.0, 1.0))
        };
        let shard = |(index, (start, end)): (usize, (f64, f64))| {
            let last = if end < 1.0 { key(end).previous()? } else { HashKey::MAX };
            Some(OpenShard { range: HashKeyRange::new(key(start), last).ok()?, share: share(index) })
        };
        let shards = view.stream().ranges().enumerate().map(shard).collect::<Option<Vec<_>>>()?;
        Layout::new(shards).ok()
    }

    /// Takes in what can be seen at this minute; `None` while no history can be begun.
    fn observe(&mut self, view: &View<'_>) -> Option<&History> {
        let layout = self.layout(view);
        let history = match (&mut self.history, layout) {
            (Some(history), None) => history,
            (Some(history), Some(layout)) => {
                history.see_layout(layout);
                history
            }
            (none, layout) => none.insert(History::new(layout?)),
        };
        history.see_status(match view.running() {
            Some(_) => StreamStatus::Updating,
            None => StreamStatus::Active,
        });
        let newest = view.updates().last();
        if let Some(minute) = newest.filter(|_| newest != self.updated) {
            self.updated = newest;
            history.updated_at(timestamp(minute));
        }
        for (minute, point) in view.points().iter().enumerate().skip(self.points) {
            let (accepted, refused) = (Load::of_shards(point.accepted), Load::of_shards(point.throttled));
            history.observe(policy::Point::of_writes(timestamp(minute), accepted, refused));
        }
        self.points = view.points().len();
        Some(history)
    }
}

impl Policy for Ours {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        if view.minute() == 0 {
            self.take_in_bounds(view);
        }
        self.observe(view)?;
        let decision = policy::decide(self.history.as_ref()?, timestamp(view.minute()), &self.limits);
        let operations = match decision.action {
            policy::Action::Hold => return None,
            policy::Action::UpdateShardCount(target) => vec![Operation::UpdateShardCount(target)],
            policy::Action::Serial(steps) => steps.into_iter().map(step).collect(),
        };
        Some(Action { operations, reason: decision.reason.to_string() })
    }
}

fn step(operation: policy::Operation) -> Operation {
    match operation {
        policy::Operation::Split { at } => Operation::Split { at: share(at) },
        policy::Operation::Merge { at } => Operation::Merge { at: share(at) },
    }
}

fn key(share: f64) -> HashKey {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share is not negative, and the last key stands for what lies beyond"
    )]
    let key = (share * SPACE) as u128;
    HashKey(key)
}

fn share(key: HashKey) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "boundaries that were shares are exact")]
    let key = key.0 as f64;
    key / SPACE
}

fn seconds(minutes: usize) -> i64 {
    i64::try_from(minutes).unwrap_or(i64::MAX / 60).saturating_mul(60)
}

fn timestamp(minute: usize) -> Timestamp {
    Timestamp(seconds(minute))
}

#[cfg(test)]
mod tests {
    use super::super::super::run::Scenario;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_step_up_is_followed_with_a_reason() {
        let loads = [vec![2.0; 60], vec![6.0; 60]].concat();
        let scenario = Scenario::new(&loads);
        let run = scenario.run(scenario.first_size(), &mut Ours::new(Limits::new(1, 100).unwrap()));
        let up = run.decisions.iter().find(|decided| decided.minute > 60).unwrap();
        assert!(up.refused.is_empty() && up.action.reason.contains("shards"), "{up:?}");
        assert!(run.points.last().is_some_and(|point| point.throttled == 0.0 && point.open_shards >= 6));
    }

    proptest! {
        #[test]
        fn a_boundary_is_the_same_share_and_key_on_both_sides(index in 0_u32..5000, count in 1_u32..5000) {
            let start = f64::from(index % count) / f64::from(count);
            prop_assert!(share(key(start)).total_cmp(&start).is_eq());
        }
    }
}
