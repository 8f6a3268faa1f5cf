//! What was decided, and its reason as a sentence with the figures in it.

use std::fmt;

use pipectl_shards::HashKey;

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
    /// A shard gets more than it carries while others have room: it is split where it is hot.
    Hot {
        /// The demand to be ready for that falls to it, in shards.
        load: f64,
        /// The part of the hash-key space that it owns, 0 to 1.
        range: f64,
        /// Open shards.
        from: u32,
    },
    /// Two neighbours are nearly idle: they are merged.
    Idle {
        /// The demand to be ready for that falls to them together, in shards.
        load: f64,
        /// Open shards.
        from: u32,
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
    /// AWS sizes it.
    OnDemand,
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
    /// A shard gets more than it carries, and all of it under one partition key, which no split divides.
    OneKey {
        /// The demand to be ready for that falls to it, in shards.
        load: f64,
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
            Self::Hot { load, range, from } => write!(
                f,
                "one of {from} shards, with {:.2} % of the hash keys, may get {:.0} % of what it carries while others have room: split there",
                range * 100.0,
                load * 100.0
            ),
            Self::Idle { load, from } => write!(
                f,
                "two neighbours of {from} shards may together get {:.0} % of what one carries: merged",
                load * 100.0
            ),
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
            Self::OnDemand => f.write_str("the stream is on-demand, and AWS sizes it"),
            Self::Unavailable => f.write_str("the stream is being made or deleted"),
            Self::SomeoneElse { minutes } => {
                write!(f, "someone else resharded the stream {minutes} minutes ago: standing back")
            }
            Self::ConsumersLag { seconds, shards } => write!(
                f,
                "consumers are {seconds:.0} s behind, so the {shards} shards stay, though fewer could take the writes"
            ),
            Self::OneKey { load } => write!(
                f,
                "one partition key may bring {load:.1} times what a shard carries, and no split divides it: spread it over several keys"
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
