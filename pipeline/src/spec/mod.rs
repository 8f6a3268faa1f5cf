//! The pipeline file: from YAML to validated types, with positions for everything that is wrong.
//!
//! A file goes through three stages, and each reports all that it finds:
//! 1. `read` turns bytes into a tree whose every key and value knows its bytes, within limits on
//!    size, depth and what aliases expand to;
//! 2. `check` walks the tree along the format and makes a [`Pipeline`], one file per part of the format;
//! 3. the diagnostics are drawn ([`Diagnostics::render`]) or written for machines ([`Diagnostics::report`]).
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
mod transform;
mod tree;

#[cfg(test)]
mod tests;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

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
pub use transform::{CheckTransform, TakeEveryTransform, TransformProblem};

/// A pipeline file that holds.
#[derive(Clone, Debug)]
pub struct Document {
    /// What it means.
    pub pipeline: Pipeline,
    /// The file, as the user named it; paths inside the pipeline are relative to its folder.
    pub path: PathBuf,
    /// Its text.
    pub source: Arc<str>,
    /// Where every key and value stands.
    pub positions: Positions,
    /// What holds but probably does not say what its author means; often empty.
    pub warnings: Diagnostics,
}

impl Document {
    /// Findings of later stages, such as a plan, drawn in the file like its own.
    pub fn diagnostics(&self, items: Vec<Diagnostic>) -> Diagnostics {
        Diagnostics::new(&self.path, Arc::clone(&self.source), self.positions.clone(), items)
    }
}

/// Reads and checks a pipeline file.
///
/// # Errors
/// Everything that is wrong with it: a file that cannot be read gives one diagnostic without a position.
pub fn load(path: &FilePath, check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
    let bytes = read::bytes(path).map_err(|problem| file_problem(path, *problem))?;
    parse(path, &bytes, check)
}

/// Checks the bytes of a pipeline file; `path` is what diagnostics call it.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(path: &FilePath, bytes: &[u8], check: &dyn CheckTransform) -> Result<Document, Diagnostics> {
    let source = read::text(bytes).map_err(|problem| match problem {
        read::NotText::TooBig(problem) => file_problem(path, *problem),
        read::NotText::NotUtf8 { readable, problem } => {
            Diagnostics::new(path, readable, Positions::default(), vec![*problem])
        }
    })?;
    let (tree, mut items) = read::tree(&source);
    let (pipeline, positions) = match tree {
        Some(tree) => {
            let tree = Arc::new(tree);
            let pipeline = check::pipeline(&tree, check, &mut items);
            (pipeline, Positions::new(tree))
        }
        None => (None, Positions::default()),
    };
    let failed = items.iter().any(|item| item.severity == Severity::Error);
    let found = Diagnostics::new(path, Arc::clone(&source), positions.clone(), items);
    match pipeline {
        Some(pipeline) if !failed => {
            Ok(Document { pipeline, path: path.to_owned(), source, positions, warnings: found })
        }
        _ => Err(found),
    }
}

fn file_problem(path: &FilePath, problem: Diagnostic) -> Diagnostics {
    Diagnostics::new(path, Arc::from(""), Positions::default(), vec![problem])
}
