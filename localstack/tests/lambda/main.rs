//! Lambda over the wire, as the AWS SDK for Rust speaks it, with real processes.
//!
//! The functions of these tests are this very test binary: their `bootstrap` is a shell script that starts it again and
//! lets it run [`function::serve`], which is ignored unless it finds a Runtime API.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod aliases;
mod executions;
mod function;
mod local;
mod mappings;
mod operations;
mod regions;
mod regions_kept;
