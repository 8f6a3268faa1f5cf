//! What aws-samples/kinesis-auto-scaling does: doubles and halves on two alarms.
//!
//! Read from its Terraform (`scale.tf`, `stream.tf`) and its Lambda (`scale.go`). Points are means of five minutes of
//! accepted traffic over the open shards. The stream is doubled once five of five points are at 75 % or more, and
//! halved once 57 of 60 are under 25 %; both alarms start again with the new shard count, and judge what was by it.
//! CloudWatch moves the window of an alarm every minute, so a point ends at any minute. The Lambda halves an odd count
//! downwards, which AWS would refuse for ever; here it is halved upwards.

use super::super::policy::{Action, Policy};
use super::super::view::View;
use super::window::FiveMinutes;

const UP_AT: f64 = 0.75;
const UP_POINTS: usize = 5;
const DOWN_UNDER: f64 = 0.25;
const DOWN_POINTS: usize = 60;
const DOWN_ENOUGH: usize = 57;

/// The scaler of aws-samples, as its files set it.
#[derive(Clone, Debug, Default)]
pub struct AwsSamples {
    points: FiveMinutes,
}

impl Policy for AwsSamples {
    fn decide(&mut self, view: &View<'_>) -> Option<Action> {
        self.points.read(view.points());
        if view.running().is_some() {
            return None;
        }
        let open = view.open_shards();
        let usage = |point: f64| point / f64::from(open);
        if self.points.last(UP_POINTS)?.all(|point| usage(point) >= UP_AT) {
            let target = open.saturating_mul(2);
            return Some(Action::update(
                target,
                format!("five of five points at 75 % or more of {open} shards"),
            ));
        }
        let low = self.points.last(DOWN_POINTS)?.filter(|point| usage(*point) < DOWN_UNDER).count();
        (open > 1 && low >= DOWN_ENOUGH).then(|| {
            Action::update(open.div_ceil(2), format!("{low} of 60 points under 25 % of {open} shards"))
        })
    }
}
