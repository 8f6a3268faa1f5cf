//! Quotas that a plan would pass: found while planning, not after an hour of retries. Pure.

use super::{Action, Plan, Step};
use crate::resources::stream::StreamCapacity;
use crate::resources::{Kind, Spec};

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
