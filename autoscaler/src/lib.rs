//! Decides and carries out resharding, and proves on recorded traffic what it would have done.
//!
//! So far the ground that the simulator stands on: traffic ([`simulate::trace`]), a fluid model of a stream
//! ([`simulate::stream`]), and AWS's resharding rules as a checker that knows nothing of either
//! ([`simulate::rules`]). Policies, the offline optimum, signals and execution come on top of it.
//!
//! **Invariant:** everything here is pure. Time is a number of seconds that is passed in.

pub mod simulate;
