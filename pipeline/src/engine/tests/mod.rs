//! The whole engine against a cloud in memory: what it converges to, whatever fails or dies on the way.

mod drifting;
mod failures;
mod fake;
mod harness;
mod kills;
mod model;
mod naming;
mod ownership;
mod picking;
mod scenarios;
mod telling;
