//! Carrying a decision out: from the shards there are to a target, one call at a time.
//!
//! [`route`](route()) finds the fastest legal sequence of calls, purely, from where the stream stands; [`act`](act())
//! makes the first of them. Nothing else is kept of a sequence: the next step looks again. So it does not matter
//! whether the last process was killed, its call refused, made twice, or overtaken by someone else's.
//!
//! What has to outlive a process stands in one document for each stream ([`Entry`]) behind the port [`Ledger`]: the
//! lease that lets one actor act, the `UpdateShardCount` calls of the day, the goal, and the last decisions.
//!
//! **Invariant:** nothing is called that was not noted before, under a lease that was renewed by that very note.

mod act;
mod call;
mod control;
mod entry;
mod hold;
mod layout;
mod lease;
mod ledger;
mod route;
mod target;

pub use act::{Act, ActError, Seen, Wait, act, hindrance, observe, routed};
pub use call::Call;
pub use control::{
    CallError, CallErrorKind, Consumer, Description, Quota, Status, StreamControl, StreamName,
};
pub use entry::{DECISIONS, Decided, Entry, EntryError, FORMAT, Goal, Made, Pause};
pub use hold::{Hold, HoldError, look};
pub use layout::{CLOSE, Difference, Layout, LayoutError, MOST_SHARDS, OpenShard, ShardMap, TornMap};
pub use lease::{Actor, Lease, MARGIN, SKEW, TERM};
pub use ledger::{Ledger, LedgerError, Version};
pub use route::{Move, NoRoute, Route, Situation, Terms, route};
pub use target::{Change, Target};

#[cfg(test)]
pub(crate) mod tests;
