//! Quotas that a plan would pass: found while planning, not after an hour of retries. Pure.

use pipectl_shards::limits::UPDATE_SHARD_COUNT_PER_DAY as A_DAY;

use super::{Action, Operation, Plan, Step};
use crate::resources::stream::{StreamCapacity, StreamChange};
use crate::resources::{Change, Kind, Spec};

/// How many shards an account may have open in a region, and has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardQuota {
    /// It may have this many.
    pub limit: u32,
    /// It has this many.
    pub open: u32,
}

/// A plan that would pass the quota of shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the plan opens {opens} more shards, and this account may open {} more in this region (its quota is {})",
    .quota.limit.saturating_sub(.quota.open), .quota.limit
)]
pub struct QuotaError {
    /// How many more shards it opens.
    pub opens: u32,
    /// What there is.
    pub quota: ShardQuota,
}

impl QuotaError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        "ask for more under Service Quotas, Kinesis, `Shards per Region`; or use fewer shards, or `shards: on-demand`"
            .to_owned()
    }
}

/// How many shards a plan opens beyond those that are open.
#[must_use]
pub fn shards_opened(plan: &Plan) -> u32 {
    plan.steps.iter().filter(|step| step.kind == Kind::Stream).map(opened).fold(0, u32::saturating_add)
}

/// Whether the quota has room for a plan.
///
/// # Errors
/// It has not.
pub fn check_shards(plan: &Plan, quota: ShardQuota) -> Result<(), QuotaError> {
    let opens = shards_opened(plan);
    if opens <= quota.limit.saturating_sub(quota.open) { Ok(()) } else { Err(QuotaError { opens, quota }) }
}

/// What is to be said of streams that are resized in more calls than a day allows.
pub(super) fn days_of_resizing(steps: &[Step]) -> Vec<String> {
    let calls = |step: &Step| {
        let resize =
            |it: &&Operation| matches!(it, Operation::Change(Change::Stream(StreamChange::Shards(_))));
        step.operations.iter().filter(resize).count()
    };
    let told = steps.iter().map(|step| (step, calls(step))).filter(|(_, calls)| *calls > A_DAY);
    told.map(|(step, calls)| {
        format!(
            "{}: its size is reached in {calls} steps, of which AWS takes {A_DAY} in 24 hours: the apply ends there, and the \
             next one goes on",
            step.address
        )
    })
    .collect()
}

fn opened(step: &Step) -> u32 {
    let Some(Spec::Stream(spec)) = step.desired.as_ref().map(|desired| &desired.spec) else { return 0 };
    match (step.action, spec.capacity) {
        (Action::Create, StreamCapacity::Fixed(shards) | StreamCapacity::Autoscaled(shards)) => shards,
        (Action::Update, StreamCapacity::Fixed(shards)) => {
            let change = step.changes.iter().find(|change| change.path == "shards");
            let before = change.and_then(|change| change.before.as_ref()).and_then(|text| text.parse().ok());
            before.map_or(0, |before: u32| shards.saturating_sub(before))
        }
        _ => 0,
    }
}
