//! Runs functions as processes of this machine.
//!
//! A *sandbox* is one process with a Runtime API of its own, on a port of its own. A function version has several of
//! them when it is invoked concurrently; between invocations they stay warm, and what is idle for long is ended. A
//! change of code or configuration gives the version a new revision, and sandboxes of the old one are used no more.
//!
//! No process outlives the endpoint: a sandbox that is dropped kills its process group, and `watchdog` does so when
//! the endpoint itself is killed.

mod environment;
mod failure;
mod output;
mod place;
mod pool;
mod python;
mod runtime_api;
mod sandbox;
mod watchdog;

pub(super) use environment::reserved;
pub(super) use place::{Place, Running};
pub(super) use pool::Executor;
pub(super) use sandbox::Finished;
