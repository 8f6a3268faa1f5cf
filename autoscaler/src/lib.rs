//! Decides and carries out resharding, and proves on recorded traffic what it would have done.
//!
//! Our policy ([`policy`]) decides from a stream's history. The simulator stands on traffic ([`simulate::trace`]), a
//! fluid model of a stream ([`simulate::stream`]), and AWS's resharding rules as a checker that knows nothing of
//! either ([`simulate::rules`]).
//!
//! **Invariant:** everything here is pure. Time is a number of seconds that is passed in.

pub mod policy;
pub mod simulate;
