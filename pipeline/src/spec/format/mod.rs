//! `pipectl fmt`: one layout for all pipeline files, every comment and every value kept.
//!
//! The layout, so that nobody has to argue about it:
//! - two spaces a level, lists indented below their key, one blank line at most, one around each section;
//! - brackets and braces stay on one line of at most 100 columns, and become a block where they do not fit or have
//!   comments inside;
//! - comments stand above what they are about or two spaces beside it, those of neighbouring lines in one column;
//! - double quotes where quotes are, unless something would have to be escaped for it. Order stays, and so do plain
//!   text, block scalars and what is quoted.
//!
//! The text goes through the parser's events (`node`), is put on new lines (`print`, `flow`, `scalar`), and is read
//! again: a result that does not say the same is thrown away, so that no flaw here ever costs a value.

mod flow;
mod lines;
mod node;
mod print;
mod same;
mod scalar;
mod source;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics, Place, Severity};
use super::read::{self, NotText};

/// Why a file is left as it is.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is no YAML, or has something in it that is laid out by hand.
    #[error("{}", .0.count())]
    Refused(Diagnostics),
    /// What came out would not have said the same.
    #[error("{} is left as it is: laid out anew it would not say the same, which is a flaw in pipectl", .0.display())]
    NotTheSame(PathBuf),
}

/// The text of a YAML file, laid out; `path` is what diagnostics call it.
///
/// # Errors
/// It is no YAML, or nothing that this can lay out.
pub fn format(path: &FilePath, bytes: &[u8]) -> Result<String, FormatError> {
    let refused = |text: Arc<str>, items| FormatError::Refused(Diagnostics::of_text(path, &text, items));
    let text = read::text(bytes).map_err(|problem| match problem {
        NotText::TooBig(problem) => refused(Arc::from(""), vec![*problem]),
        NotText::NotUtf8 { readable, problem } => refused(readable, vec![*problem]),
    })?;
    let windows = text.lines().next().is_some() && text.contains("\r\n");
    let unix: Arc<str> =
        if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n").into() } else { text };
    let (_, mut problems) = read::tree(&unix);
    // Whether a file holds one pipeline, several or none is not a question of layout.
    problems.retain(|problem| {
        problem.severity == Severity::Error && !matches!(problem.code, Code::ManyDocuments | Code::Empty)
    });
    if !problems.is_empty() {
        return Err(refused(unix, problems));
    }
    let laid_out = lay_out(&unix).map_err(|refusal| {
        let problem = Diagnostic::error(Code::Layout, Place::Bytes(refusal.bytes), refusal.message);
        refused(Arc::clone(&unix), vec![problem.help("the file is left as it is")])
    })?;
    if !same::says_the_same(&unix, &laid_out) {
        return Err(FormatError::NotTheSame(path.to_owned()));
    }
    Ok(if windows { laid_out.replace('\n', "\r\n") } else { laid_out })
}

/// What cannot be laid out, and where it stands.
#[derive(Debug)]
struct Refusal {
    bytes: Range<usize>,
    message: String,
}

impl Refusal {
    fn new(bytes: Range<usize>, message: impl Into<String>) -> Self {
        Self { bytes, message: message.into() }
    }
}

/// A text with `\n` line breaks, laid out.
fn lay_out(text: &str) -> Result<String, Refusal> {
    let events = node::events(text).map_err(|error| {
        let at = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
        Refusal::new(at..at, format!("this is not YAML: {}", error.kind()))
    })?;
    let (source, comments, documents) = node::read(text, events)?;
    Ok(print::documents(&source, comments, &documents))
}
