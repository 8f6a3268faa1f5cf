//! Runs a plan: as wide as the graph goes, with waits, retries and a record of every operation.
//!
//! A step makes its planned operations, waits until the resource has settled, looks at it again and makes what
//! is then still missing. That last turn is what makes lost answers, calls that were made twice and endpoints
//! that ignore a field come out right. Everything runs in the one task that polls [`run`]: dropping it at any
//! await stops all of it, and the next apply converges.

mod call;
mod event;
mod path;
pub mod retry;
mod run;
mod schedule;
mod step;

pub use event::{Event, Failure, Listener, Outcome, Report};
pub use path::CriticalPath;
pub use run::{Run, run};
