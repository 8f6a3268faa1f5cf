//! What awslabs/amazon-kinesis-scaling-utils does with the configuration that its repository carries.
//!
//! Read from `StreamMonitor.java`, `StreamScaler.java` and `conf/configuration.json`, whose percentages are taken to mean
//! what the README says (to, not by). Every minute the samples of the last `scaleAfterMins` minutes are compared with
//! the capacity of the open shards: all over the upper threshold, and the stream grows; all under the lower one, and it
//! shrinks, but not within `coolOffMins` of the last time. Accepted traffic is all it reads. It calls `UpdateShardCount`;
//! where AWS refuses that, for the day's budget or because half of an odd count is rounded down, it walks through the
//! shards from the lowest hash key up with splits and merges, one at a time, and decides nothing else until it is done.

use std::collections::VecDeque;

use super::super::policy::{Action, Policy};
use super::super::stream::{Operation, Stream};
use super::super::view::View;

/// `scaleThresholdPct` of `scaleUp`.
const UP_OVER: f64 = 0.75;
/// `scaleThresholdPct` of `scaleDown`.
const DOWN_UNDER: f64 = 0.25;
/// `scaleAfterMins` of both.
const AFTER: usize = 2;
/// `coolOffMins` of `scaleDown`.
const COOL_OFF: usize = 2;
/// Widths that differ by less are taken to be the same (`softCompare`).
const SAME_WIDTH: f64 = 1e-9;

/// The scaler of awslabs.
#[derive(Clone, Debug, Default)]
pub struct ScalingUtils {
    /// Splits and merges that are still to be made.
    steps: VecDeque<Operation>,
    scaled_down: Option<usize>,
}

impl Policy for ScalingUtils {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        if view.running().is_some() {
            return None;
        }
        if let Some(action) = self.next_steps(view) {
            return Some(action);
        }
        let open = view.open_shards();
        let points = view.points();
        let samples = points.get(points.len().checked_sub(AFTER)?..)?;
        let usage = |point: &super::super::view::Point| point.accepted / f64::from(open);
        if samples.iter().all(|point| usage(point) > UP_OVER) {
            let reason = format!("{AFTER} minutes over 75 % of {open} shards");
            return self.resize(view, open.saturating_mul(2), reason);
        }
        let cool = self.scaled_down.is_none_or(|last| view.minute() > last + COOL_OFF);
        if cool && open > 1 && samples.iter().all(|point| usage(point) < DOWN_UNDER) {
            self.scaled_down = Some(view.minute());
            return self.resize(view, open / 2, format!("{AFTER} minutes under 25 % of {open} shards"));
        }
        None
    }
}

impl ScalingUtils {
    fn resize(&mut self, view: &View<'_>, target: u32, reason: String) -> Option<Action> {
        let (least, most) = view.reach();
        let target = target.min(view.limits().most_shards).max(1);
        if target == view.open_shards() {
            return None;
        }
        if (least..=most).contains(&target) && view.updates_left() > 0 {
            return Some(Action::update(target, reason));
        }
        self.steps = walk(view.stream(), target);
        self.next_steps(view)
    }

    fn next_steps(&mut self, view: &View<'_>) -> Option<Action> {
        let fitting = self.steps.len().min(view.limits().serial_per_minute);
        let operations: Vec<_> = self.steps.drain(..fitting).collect();
        let reason = || format!("shard by shard, {} steps to go", self.steps.len());
        (!operations.is_empty()).then(|| Action { operations, reason: reason() })
    }
}

/// The splits and merges that make shards of equal ranges, from the lowest hash key up (`scaleStream`).
fn walk(stream: &Stream, target: u32) -> VecDeque<Operation> {
    let width = 1.0 / f64::from(target);
    // The lowest is the last.
    let mut shards: Vec<(f64, f64)> = stream.ranges().collect();
    shards.reverse();
    let mut steps = VecDeque::new();
    while let Some((start, end)) = shards.pop() {
        if (end - start - width).abs() < SAME_WIDTH {
            continue;
        }
        if end - start > width {
            steps.push_back(Operation::Split { at: start + width });
            shards.push((start + width, end));
            continue;
        }
        let Some((_, next_end)) = shards.pop() else { break };
        if next_end - start > width + SAME_WIDTH {
            // The next one is cut where this one should end, and its lower part joined to this one.
            steps.push_back(Operation::Split { at: start + width });
            shards.push((start + width, next_end));
            steps.push_back(Operation::Merge { at: end });
        } else {
            steps.push_back(Operation::Merge { at: end });
            shards.push((start, next_end));
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::super::rules::check;
    use super::super::super::run::Scenario;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn it_doubles_after_two_minutes_and_halves_after_two_quiet_ones() {
        let loads = [vec![2.0; 10], vec![4.0; 20], vec![0.5; 20]].concat();
        let run = Scenario::new(&loads).run(4, &mut ScalingUtils::default());
        let calls: Vec<_> = run.decisions.iter().map(|at| (at.minute, at.action.operations[0])).collect();
        let update = Operation::UpdateShardCount;
        assert_eq!(calls, [(13, update(8)), (33, update(4)), (38, update(2))]);
    }

    #[test]
    fn when_the_day_is_spent_it_goes_shard_by_shard() {
        let day: Vec<f64> = [vec![8.0; 20], vec![0.5; 20]].concat().repeat(8);
        let run = Scenario::new(&day).run(4, &mut ScalingUtils::default());
        assert_eq!(check(&run.schedule), Ok(()));
        let serial = run.decisions.iter().flat_map(|at| &at.action.operations);
        assert!(serial.filter(|call| !matches!(call, Operation::UpdateShardCount(_))).count() > 10);
        assert!(run.decisions.iter().all(|at| at.refused.is_empty()));
    }

    proptest! {
        #[test]
        fn a_walk_ends_with_shards_of_equal_ranges(from in 1_u32..60, target in 1_u32..60) {
            let mut stream = Stream::uniform(from);
            for step in walk(&stream.clone(), target) {
                stream.apply(step).unwrap();
            }
            prop_assert_eq!(stream.count(), target);
            for (start, end) in stream.ranges() {
                prop_assert!((end - start - 1.0 / f64::from(target)).abs() < 1e-6);
            }
        }
    }
}
