//! The code that runs inside Lambda.
//!
//! pipectl is its own Lambda runtime: a process that finds `AWS_LAMBDA_RUNTIME_API` in its environment
//! ([`is_lambda`]) serves the function that `PIPECTL_FUNCTION` names ([`serve`]) and never returns while
//! Lambda has work for it. The same crate compiles the program that such a function runs ([`vrl`]), so that
//! `pipectl validate` and the function cannot disagree.

mod batch;
mod call;
mod firehose;
mod init_error;
mod logs;
mod reasons;
mod runtime;
pub mod vrl;

pub use batch::{Tally, transform_event};
pub use call::{ProgramFailed, call};
pub use firehose::{Event, Input, Output, Reply, Verdict};
pub use runtime::{Function, ServeError, is_lambda, serve};
