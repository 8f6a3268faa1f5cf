//! The port through which the code of functions is checked: VRL programs, and packages of the user's own.
//!
//! Compiling VRL takes a heavy dependency that belongs to the function that runs it, and a package is a file that not
//! everybody has who reads a pipeline. The caller brings the checker, and the diagnostics show what it finds inside
//! the YAML.

use std::ops::Range;
use std::path::Path;

use super::model::Architecture;

/// Compiles and type-checks transforms.
pub trait CheckTransform {
    /// Compiles `program` as the transform function will.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with the bytes of the program that it is about.
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>>;

    /// Looks at the package at `path`, built for this architecture where the file says one. Whoever only reads the file
    /// does not look.
    ///
    /// # Errors
    /// It is not there, or Lambda would not take it.
    fn check_package(&self, path: &Path, architecture: Option<Architecture>) -> Result<(), PackageProblem> {
        let _ = (path, architecture);
        Ok(())
    }
}

/// What is wrong with a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageProblem {
    /// Whether it is not there at all. That may change before anybody needs it: it is a warning.
    pub missing: bool,
    /// What is wrong, in one sentence.
    pub message: String,
    /// The way out.
    pub help: String,
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
