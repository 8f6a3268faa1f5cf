//! The whole engine against a cloud in memory: what it converges to, whatever fails or dies on the way.

mod failures;
mod fake;
mod harness;
mod kills;
mod ownership;
mod scenarios;
