//! Decides and carries out resharding, and proves on recorded traffic what it would have done.
//!
//! [`signals`] says what is seen of a live stream, [`policy`] decides, [`execute`] carries a decision out, [`controller`]
//! puts the three together into one step. [`simulate`] replays policies on recorded traffic against a fluid model of a
//! stream and AWS's rules, [`estimate`] says beforehand how many shards a stream needs and what it costs.
//!
//! **Invariant:** [`policy`], [`simulate`] and [`estimate`] are pure. Time is a number of seconds that is passed in. The
//! others wait and call through ports; what time it is, they are told as well.

#[cfg(feature = "aws")]
pub mod aws;
pub mod controller;
pub mod estimate;
pub mod execute;
pub mod policy;
pub mod signals;
pub mod simulate;
