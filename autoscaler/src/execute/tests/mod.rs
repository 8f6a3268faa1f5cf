//! Execution against a stream with AWS's rules that lives in memory.

mod fake;
mod kills;
mod routes;
