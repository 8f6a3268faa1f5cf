//! What was decided, and its reason as a sentence with the figures in it.

use std::fmt;

use pipectl_shards::HashKey;

use super::history::History;
use super::limits::Limits;
use super::signal::{StreamStatus, Timestamp};

/// What to do now, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The calls to make.
    pub action: Action,
    /// Why; its text is a sentence for users.
    pub reason: Reason,
    /// How many shards the stream should come to have; what it has when it should stay.
    pub wanted: u32,
}

/// The calls to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// None.
    Hold,
    /// `UpdateShardCount` to so many shards, within AWS's doubling and halving.
    UpdateShardCount(u32),
    /// These one after the other, each when the stream is ACTIVE again; as many as fit a minute.
    Serial(Vec<Operation>),
}

/// A split or a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Cuts the shard that owns this hash key; the second part starts there (`NewStartingHashKey`).
    Split {
        /// Where the second part starts.
        at: HashKey,
    },
    /// Joins the two shards that meet here.
    Merge {
        /// Where the second of them starts.
        at: HashKey,
    },
}

/// Why something is done or left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reason {
    /// Nothing is done.
    Hold(HoldReason),
    /// More shards.
    ScaleOut {
        /// Demand in the newest minute, in shards.
        demand: f64,
        /// Demand to be ready for, in shards.
        expected: f64,
        /// Part of the newest minute's demand that was refused, 0 to 1.
        refused: f64,
        /// Open shards.
        from: u32,
        /// Shards wanted.
        to: u32,
    },
    /// Fewer shards.
    ScaleIn {
        /// Demand in the newest minute, in shards.
        demand: f64,
        /// Demand to be ready for, in shards.
        expected: f64,
        /// Open shards.
        from: u32,
        /// Shards wanted.
        to: u32,
    },
}

/// Why nothing is done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HoldReason {
    /// The shards fit.
    Fits {
        /// Demand in the newest minute, in shards.
        demand: f64,
        /// Demand to be ready for, in shards.
        expected: f64,
        /// Open shards.
        shards: u32,
    },
    /// No metrics yet.
    NoMetrics,
    /// The newest metrics are too old to act on.
    Stale {
        /// How old they are.
        minutes: i64,
    },
    /// The newest metrics lie in the future: a clock jumped.
    ClockJumped {
        /// How far ahead they are.
        minutes: i64,
    },
    /// A change is under way.
    Updating,
    /// Being made or deleted.
    Unavailable,
    /// Someone else reshards the stream.
    SomeoneElse {
        /// How long ago that was seen.
        minutes: i64,
    },
    /// Consumers are behind, and fewer shards would slow them.
    ConsumersLag {
        /// How far.
        seconds: f64,
        /// Open shards.
        shards: u32,
    },
    /// The user's bound is reached.
    AtMax {
        /// Demand to be ready for, in shards.
        expected: f64,
        /// The bound.
        max: u32,
    },
    /// The account's quota is reached.
    AtQuota {
        /// Demand to be ready for, in shards.
        expected: f64,
        /// What the quota leaves to this stream.
        quota: u32,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hold(reason) => reason.fmt(f),
            Self::ScaleOut { demand, expected, refused, from, to } => {
                if *refused > 0.0 {
                    write!(f, "{:.1} % of the last minute's traffic was refused; ", refused * 100.0)?;
                }
                write!(
                    f,
                    "the demand of {demand:.1} shards may reach {expected:.1}, more than {from} carry: to {to}"
                )
            }
            Self::ScaleIn { demand, expected, from, to } => write!(
                f,
                "the demand of {demand:.1} shards is not expected to pass {expected:.1}, and {from} are open: to {to}"
            ),
        }
    }
}

impl fmt::Display for HoldReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fits { demand, expected, shards } => write!(
                f,
                "the demand of {demand:.1} shards is not expected to pass {expected:.1}: {shards} shards fit"
            ),
            Self::NoMetrics => f.write_str("there are no metrics of the stream yet"),
            Self::Stale { minutes } => {
                write!(f, "the newest metrics are {minutes} minutes old, too old to act on")
            }
            Self::ClockJumped { minutes } => {
                write!(f, "the newest metrics are {minutes} minutes in the future: check the clock")
            }
            Self::Updating => f.write_str("the stream is UPDATING"),
            Self::Unavailable => f.write_str("the stream is being made or deleted"),
            Self::SomeoneElse { minutes } => {
                write!(f, "someone else resharded the stream {minutes} minutes ago: standing back")
            }
            Self::ConsumersLag { seconds, shards } => write!(
                f,
                "consumers are {seconds:.0} s behind, so the {shards} shards stay, though fewer could take the writes"
            ),
            Self::AtMax { expected, max } => write!(
                f,
                "the demand may reach {expected:.1} shards, and the pipeline allows {max}: raise autoscale.max"
            ),
            Self::AtQuota { expected, quota } => write!(
                f,
                "the demand may reach {expected:.1} shards, and the account's quota leaves {quota}: ask AWS to raise it"
            ),
        }
    }
}

/// Seconds after which metrics are too old to act on: CloudWatch may be minutes late, not more.
const STALE: i64 = 15 * 60;
/// Seconds to stand back after someone else was seen resharding.
const STAND_BACK: i64 = 15 * 60;

pub(crate) fn decide(history: &History, now: Timestamp, limits: &Limits) -> Decision {
    let open = history.layout().count();
    let hold = |reason| Decision { action: Action::Hold, reason: Reason::Hold(reason), wanted: open };
    if let Some(reason) = obstacle(history, now) {
        return hold(reason);
    }
    let Some(newest) = history.newest() else { return hold(HoldReason::NoMetrics) };
    let demand = newest.demand();
    let refused = newest.refused.shards() / demand.max(f64::MIN_POSITIVE);
    let peak = history.last(60).map(|point| point.demand()).fold(0.0, f64::max);
    let expected = peak / limits.target.unwrap_or(0.75);
    let wanted = whole(expected).clamp(limits.min_shards, limits.most());
    let step = wanted.clamp(open.div_ceil(2), open.saturating_mul(2));
    let free = history.updates_within_day(now) < limits.updates_per_day;
    if step > open && free {
        let reason = Reason::ScaleOut { demand, expected, refused, from: open, to: wanted };
        Decision { action: Action::UpdateShardCount(step), reason, wanted }
    } else if f64::from(step) < 0.7 * f64::from(open) && free {
        let reason = Reason::ScaleIn { demand, expected, from: open, to: wanted };
        Decision { action: Action::UpdateShardCount(step), reason, wanted }
    } else {
        hold(HoldReason::Fits { demand, expected, shards: open })
    }
}

/// What forbids any change now.
fn obstacle(history: &History, now: Timestamp) -> Option<HoldReason> {
    match history.status() {
        StreamStatus::Active => {}
        StreamStatus::Updating => return Some(HoldReason::Updating),
        StreamStatus::Unavailable => return Some(HoldReason::Unavailable),
    }
    let foreign = history.foreign().map(|at| now.since(at));
    if let Some(seconds) = foreign.filter(|seconds| (0..STAND_BACK).contains(seconds)) {
        return Some(HoldReason::SomeoneElse { minutes: seconds / 60 });
    }
    let Some(newest) = history.newest() else { return Some(HoldReason::NoMetrics) };
    match now.since(newest.at) {
        age if age < 0 => Some(HoldReason::ClockJumped { minutes: -age / 60 }),
        age if age > STALE => Some(HoldReason::Stale { minutes: age / 60 }),
        _ => None,
    }
}

/// Shards that carry a load: its whole number upwards.
fn whole(shards: f64) -> u32 {
    const MOST: f64 = 1e9;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
    let count = shards.ceil().clamp(1.0, MOST) as u32;
    count
}
