//! What epsagon/kinesis-autoscaler does: grows at once, shrinks after a quiet day.
//!
//! Read from its alarms (`examples/stream_subscription.yml`) and its Lambdas (`kinesis_upscaler.py`,
//! `kinesis_downscaler.py`). Points are means of five minutes of accepted traffic over the open shards. One point at 75 %
//! or more doubles a stream of up to 3 shards, makes one of up to 50 half as large again and a larger one a quarter;
//! 288 points (a day) at 25 % or less shrink it to where the highest of them would be 50 %, to half at the least.

use super::super::policy::{Action, Policy};
use super::super::run::shards_for;
use super::super::view::View;
use super::window::FiveMinutes;

const UP_AT: f64 = 0.75;
const DOWN_AT: f64 = 0.25;
const DOWN_POINTS: usize = 288;
/// What the highest point of the day is to fill after shrinking.
const AIM: f64 = 0.5;

/// The scaler of epsagon.
#[derive(Clone, Debug, Default)]
pub struct Epsagon {
    points: FiveMinutes,
}

impl Policy for Epsagon {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        self.points.read(view.points());
        if view.running().is_some() {
            return None;
        }
        let open = view.open_shards();
        let newest = self.points.last(1)?.next()?;
        if newest / f64::from(open) >= UP_AT {
            let target = grown(open).min(view.reach().1);
            let reason = format!("a point at 75 % or more of {open} shards");
            return (target > open).then(|| Action::update(target, reason));
        }
        let quiet = |point: f64| point <= DOWN_AT * f64::from(open);
        if open == 1 || !self.points.last(DOWN_POINTS)?.all(quiet) {
            return None;
        }
        let highest = self.points.last(DOWN_POINTS)?.fold(0.0, f64::max);
        let target = shards_for(highest / AIM).max(open.div_ceil(2));
        (target < open).then(|| Action::update(target, format!("a day at 25 % or less of {open} shards")))
    }
}

fn grown(open: u32) -> u32 {
    match open {
        0..=3 => open.saturating_mul(2),
        4..=50 => open.saturating_add(open.div_ceil(2)),
        _ => open.saturating_add(open.div_ceil(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::rules::check;
    use super::super::super::run::Scenario;
    use super::super::super::stream::Operation;
    use super::*;

    #[test]
    fn it_grows_by_the_size_it_has() {
        assert_eq!([1, 3, 4, 7, 50, 51, 100].map(grown), [2, 6, 6, 11, 75, 64, 125]);
    }

    #[test]
    fn it_grows_at_one_point_and_shrinks_after_a_day_of_them() {
        let loads = [vec![3.0; 20], vec![1.0; 3000]].concat();
        let run = Scenario::new(&loads).run(4, &mut Epsagon::default());
        assert_eq!(check(&run.schedule), Ok(()));
        let calls: Vec<_> = run.decisions.iter().map(|at| (at.minute, at.action.operations[0])).collect();
        let update = Operation::UpdateShardCount;
        assert_eq!(calls[0], (6, update(6)));
        // A day at 1 of 6 shards, the first point with a minute at 3 being just low enough; then 33 % of half keeps it.
        assert_eq!(calls[1], (20 + 1440, update(3)));
        assert_eq!(calls.len(), 2);
    }
}
