//! Our policy: from what a stream has carried to what its shards should become, and why.
//!
//! [`decide`] is a pure function of a [`History`], the time and the [`Limits`]. The history is running state: it is
//! fed one [`Point`] a minute and the shards as they are, and keeps what forecasts need, so that a decision costs
//! the same after a month as after an hour. Whoever drives it (the live loop, the simulator) carries the
//! [`Action`] out and tells the history what happened.
//!
//! **Invariant:** nothing here reads a clock, calls AWS or draws random numbers; the same history, time and limits
//! give the same decision.

mod capacity;
mod choice;
mod decide;
mod decision;
mod forecast;
mod history;
mod layout;
mod limits;
mod local;
mod outlook;
mod persistence;
mod regression;
mod residuals;
mod season;
mod shape;
mod signal;
mod spread;
#[cfg(test)]
mod tests;

pub use decision::{Action, Decision, HoldReason, Operation, Reason};
pub use history::{History, Observed};
pub use layout::{Layout, LayoutError, OpenShard};
pub use limits::{Limits, LimitsError};
pub use signal::{Load, Point, StreamStatus, Timestamp};

/// What to do with the stream now.
///
/// `now` is when the call would be made. One decision is one call, or as many serial ones as fit a minute; ask again
/// when it is done or a minute later, whichever comes first.
#[must_use]
pub fn decide(history: &History, now: Timestamp, limits: &Limits) -> Decision {
    decide::decide(history, now, limits)
}
