//! What the simulator asks of a policy: once a minute, with what can be known by then.

use super::stream::Operation;
use super::view::View;

/// What a policy wants called in a minute.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The calls, in order: one `UpdateShardCount`, or splits and merges one after the other.
    pub operations: Vec<Operation>,
    /// Why, in a sentence.
    pub reason: String,
}

impl Action {
    /// One `UpdateShardCount`, for a reason.
    #[must_use]
    pub fn update(target: u32, reason: impl Into<String>) -> Self {
        Self { operations: vec![Operation::UpdateShardCount(target)], reason: reason.into() }
    }
}

/// Something that reshards a stream.
///
/// A policy is asked at the start of every minute, also while an update runs, and sees its own calls only by what
/// they changed. It may keep state between minutes; it has neither clock nor chance.
pub trait Policy {
    /// What is called in this minute; `None` for nothing.
    fn decide(&mut self, view: &View<'_>) -> Option<Action>;
}

/// A policy that never calls anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Still;

impl Policy for Still {
    fn decide(&mut self, _view: &View<'_>) -> Option<Action> {
        None
    }
}
