//! The whole engine against a cloud in memory: what it converges to, whatever fails or dies on the way.

mod anew;
mod drifting;
mod failures;
mod fake;
mod harness;
mod kills;
mod losing;
mod model;
mod naming;
mod ownership;
mod picking;
mod regions;
mod scenarios;
mod telling;
