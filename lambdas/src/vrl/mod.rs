//! The VRL transform: a program from the pipeline file, applied to every record on its way to a destination.
//!
//! [`compile`] checks a program where the user wrote it, with positions; [`Transform`] runs it. Both use the
//! same functions and the same type rules, so what `pipectl validate` accepts is what the Lambda function runs.

mod compile;
mod transform;

pub use compile::{Compiled, Problem, Severity, check, compile};
pub use transform::{Transform, Transformed};
