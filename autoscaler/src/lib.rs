//! Decides and carries out resharding, and proves on recorded traffic what it would have done.
//!
//! [`policy`] decides, [`execute`] carries a decision out, [`simulate`] replays policies on recorded traffic against a
//! fluid model of a stream and AWS's rules.
//!
//! **Invariant:** [`policy`] and [`simulate`] are pure. Time is a number of seconds that is passed in. [`execute`] waits
//! and calls through ports; what time it is, it is told as well.

pub mod execute;
pub mod policy;
pub mod simulate;
