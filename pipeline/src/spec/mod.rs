//! The pipeline file: from YAML to validated types, with positions for everything that is wrong.
//!
//! A file goes through four stages, and each reports all that it finds:
//! 1. `read` turns bytes into a tree whose every key and value knows its bytes, within limits on
//!    size, depth and what aliases expand to;
//! 2. `set` lays overlays over it and `vars` puts values in place of variables: what comes out is a tree as if all
//!    had been written in one file, whose every piece still knows where it is from;
//! 3. `check` walks the tree along the format and makes a [`Pipeline`], one file per part of the format;
//! 4. the diagnostics are drawn ([`Diagnostics::render`]) or written for machines ([`Diagnostics::report`]).
//!
//! **Invariant**: rules speak in keys ([`Path`]); bytes, lines and columns appear only where a diagnostic
//! is drawn. A field unknown to the format is always an error.

mod check;
mod code;
mod diagnostic;
pub mod edit;
mod explain;
pub mod file;
mod format;
pub mod model;
pub mod names;
mod path;
mod position;
mod program;
mod read;
mod recorded;
mod render;
mod report;
pub mod schema;
pub(crate) mod set;
mod sources;
mod transform;
mod tree;
pub(crate) mod vars;
mod veil;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use diagnostic::Findings;

pub use check::name::problem as name_problem;
pub use code::Code;
pub use diagnostic::{Diagnostic, Diagnostics, KEPT, Place, Severity};
pub use explain::{Choice, Topic, UnknownTopic, explain};
pub use format::{FormatError, format};
pub use model::Pipeline;
pub use path::{Path, Step};
pub use position::{Position, Positions};
pub use read::MAX_FILE_BYTES;
pub use render::Style;
pub use report::Report;
pub use set::{FileInputs, OverlayText, Request, Set, VariableInput, load_all, parse_all};
pub use sources::Sources;
pub use transform::{CheckTransform, PackageProblem, TakeEveryTransform, TransformProblem};
pub use vars::{ENVIRONMENT, GivenValues, Mask, Secret, VariableType};
pub use veil::veiled;

/// A pipeline file that holds, or one document of a file that has several.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it means.
    pub pipeline: Pipeline,
    /// The file, as the user named it; paths inside the pipeline are relative to its folder.
    pub path: PathBuf,
    /// Its text, without overlays and values.
    pub source: Arc<str>,
    /// Where that text is in the file.
    pub within: Range<usize>,
    /// The overlays and values that went into it.
    pub inputs: FileInputs,
    /// Where every key and value stands.
    pub positions: Positions,
    /// The texts that they stand in.
    pub sources: Sources,
    /// What holds but probably does not say what its author means; often empty.
    pub warnings: Diagnostics,
    /// Which of the texts is its own.
    file: usize,
}

/// Where a value of a pipeline is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It is written in the pipeline's own text, or is nowhere.
    Text,
    /// It is written in another file.
    Overlay(PathBuf),
    /// It is made from variables.
    Variables(Vec<String>),
}

impl Document {
    /// Findings of later stages, such as a plan, drawn in the file like its own.
    pub fn diagnostics(&self, items: Vec<Diagnostic>) -> Diagnostics {
        let findings = Findings { file: self.file, positions: self.positions.clone(), items };
        Diagnostics::new(self.sources.clone(), vec![findings])
    }

    /// The file, line and column where a place starts, be it in an overlay; `None` for the file as such.
    pub fn locate(&self, place: &Place) -> Option<(PathBuf, Position)> {
        let start = self.positions.resolve(place, self.sources.text())?.start;
        let path = self.sources.path(self.sources.file_at(start)).to_owned();
        Some((path, self.sources.position(start)))
    }

    /// Where the value at a path is from, or what stands nearest above it.
    pub fn origin(&self, path: &Path) -> Origin {
        let names = self.positions.variables_at(path);
        if !names.is_empty() {
            return Origin::Variables(names);
        }
        let bytes = self.positions.resolve(&Place::Value(path.clone()), self.sources.text());
        match bytes.map(|bytes| self.sources.file_at(bytes.start)) {
            Some(file) if file != self.file => Origin::Overlay(self.sources.path(file).to_owned()),
            _ => Origin::Text,
        }
    }
}

/// Reads and checks one pipeline file by itself.
///
/// # Errors
/// Everything that is wrong with it: a file that cannot be read gives one diagnostic without a position.
pub fn load(path: &FilePath, check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
    match read::bytes(path) {
        Ok(bytes) => parse(path, &bytes, check),
        Err(problem) => {
            let findings = Findings { file: 0, positions: Positions::default(), items: vec![*problem] };
            Err(Diagnostics::new(Sources::of(path, ""), vec![findings]))
        }
    }
}

/// Checks the bytes of one pipeline file; `path` is what diagnostics call it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(path: &FilePath, bytes: &[u8], check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
    set::parse_one(&Request::of(path), bytes, check)
}

/// Checks what a revision keeps of its file. Sensitive values are not kept, and stand out.
///
/// # Errors
/// Everything that this program finds wrong with it.
pub fn recall(
    source: &str,
    inputs: &FileInputs,
    check: &dyn CheckTransform,
) -> Result<Document, Diagnostics> {
    set::recall(source, inputs, check)
}
