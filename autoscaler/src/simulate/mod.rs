//! What resharding would have done on recorded traffic.
//!
//! [`trace`] reads the traffic, [`run`] lets a [`policy`] lead a stream ([`stream`], [`control`]) through it, minute by
//! minute and with no more than it could have known ([`view`]), and [`account`] adds up what that came to. [`rules`]
//! checks the schedule of a run and shares nothing with what made it. [`compare`] puts policies ([`contender`]) side by side and
//! measures them against the [`optimum`].

pub mod account;
pub mod compare;
pub mod contender;
pub mod control;
pub mod keys;
pub mod limits;
pub mod optimum;
pub mod plot;
pub mod policies;
pub mod policy;
pub mod rules;
pub mod run;
pub mod stream;
pub mod trace;
pub mod view;

pub use account::{Account, Billing};
pub use compare::{Comparison, FrontierPoint, Outcome, schedule_csv};
pub use contender::Contender;
pub use control::{Refusal, Running};
pub use keys::KeySpread;
pub use limits::Limits;
pub use plot::Picture;
pub use policy::{Action, Policy, Still};
pub use run::{Run, Scenario, shards_for};
pub use view::{Point, ShardPoint, View};

#[cfg(test)]
mod tests;
