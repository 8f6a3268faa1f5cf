//! The policies that are compared, by the names they go by on the command line.
//!
//! Peers are simulated as their sources have them, each in a file that says what was read. Our own policy
//! ([`crate::policy::decide`]) takes part through [`ours::Ours`].

pub mod aws_samples;
pub mod epsagon;
pub mod fixed;
pub mod on_demand;
pub mod ours;
pub mod scaling_utils;
mod window;
