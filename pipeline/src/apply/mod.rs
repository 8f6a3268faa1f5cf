//! Runs a plan: as wide as the graph goes, with waits, retries and a record of every operation.

mod event;

pub use event::{Event, Failure, Listener, Outcome, Report};
