//! The policies that are compared, by the names they go by on the command line.
//!
//! Peers are simulated as their sources have them, each in a file that says what was read. Our own policy is
//! `pipectl_autoscaler::policy::decide(&History, now, &Limits) -> Decision`, a pure function; it takes part through an
//! adapter in this folder that implements [`Policy`](super::policy::Policy): it keeps a `History`, adds the points of
//! [`View::points`](super::view::View::points) that it has not seen yet, passes the shard map
//! ([`View::stream`](super::view::View::stream)), what runs and the calls of the rolling day, and turns the `Decision`
//! into an [`Action`](super::policy::Action).

pub mod aws_samples;
pub mod fixed;
mod window;
