//! The port through which VRL programs are checked.
//!
//! Compiling VRL takes a heavy dependency that belongs to the function that runs it. The caller brings the
//! checker, and the diagnostics show what it finds inside the YAML.

use std::ops::Range;

/// Compiles and type-checks transforms.
pub trait CheckTransform {
    /// Compiles `program` as the transform function will.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the bytes of the program that it is about.
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>>;
}

/// One thing that is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransformProblem {
    /// What is wrong, in one sentence.
    pub message: String,
    /// The bytes of the program it is about; a range outside the program is taken as its end.
    pub span: Range<usize>,
    /// The way out.
    pub help: Option<String>,
}

/// Takes every program: for callers that only want the structure of the file, such as `destroy`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TakeEveryTransform;

impl CheckTransform for TakeEveryTransform {
    fn check_vrl(&self, _program: &str) -> Result<(), Vec<TransformProblem>> {
        Ok(())
    }
}
