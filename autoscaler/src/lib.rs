//! Decides and carries out resharding, and proves on recorded traffic what it would have done.
//!
//! [`policy`] decides, [`execute`] carries a decision out, [`simulate`] replays policies on recorded traffic against a
//! fluid model of a stream and AWS's rules, [`estimate`] says beforehand how many shards a stream needs and what it costs.
//!
//! **Invariant:** [`policy`], [`simulate`] and [`estimate`] are pure. Time is a number of seconds that is passed in. [`execute`] waits
//! and calls through ports; what time it is, it is told as well.

pub mod estimate;
pub mod execute;
pub mod policy;
pub mod simulate;
