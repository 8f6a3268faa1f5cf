//! Execution against a stream with AWS's rules that lives in memory.

pub(crate) mod fake;
mod kills;
mod routes;
