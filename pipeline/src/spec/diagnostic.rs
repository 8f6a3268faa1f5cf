//! What is wrong with a file: the diagnostics of one run, all together, in file order.
//!
//! A rule makes a [`Diagnostic`] that says *where* in keys ([`Place`]); bytes, lines and columns are
//! looked up in [`Positions`] when the diagnostics are drawn ([`crate::spec::render`]) or written for machines.

use std::fmt;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::code::Code;
use super::path::Path;
use super::position::Positions;

/// How many diagnostics of one file are kept; the rest are counted.
pub const KEPT: usize = 100;

/// Whether a finding stops the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The file cannot be used.
    Error,
    /// The file can be used, but it probably does not say what its author means.
    Warning,
}

/// Where a diagnostic points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The key at the end of a path.
    Key(Path),
    /// The value at the end of a path.
    Value(Path),
    /// Bytes of the text of the scalar at the end of a path, after YAML has unfolded it.
    Within(Path, Range<usize>),
    /// Bytes of the file.
    Bytes(Range<usize>),
    /// The file as such: it could not be read as text.
    File,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Whether it stops the work.
    pub severity: Severity,
    /// Its stable name.
    pub code: Code,
    /// Where it points.
    pub place: Place,
    /// What is wrong, in one sentence.
    pub message: String,
    /// A few words under the caret.
    pub label: Option<String>,
    /// The way out.
    pub help: Option<String>,
    /// Other places that belong to it, with a few words each.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            place,
            message: message.into(),
            label: None,
            help: None,
            related: Vec::new(),
        }
    }

    /// A warning at a place.
    pub fn warning(code: Code, place: Place, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, place, message) }
    }

    /// The same with a few words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same with the way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The same with another place that belongs to it.
    #[must_use]
    pub fn related(mut self, place: Place, label: impl Into<String>) -> Self {
        self.related.push((place, label.into()));
        self
    }
}

/// All findings of one file.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    pub(super) file: PathBuf,
    pub(super) source: Arc<str>,
    pub(super) positions: Positions,
    pub(super) items: Vec<Diagnostic>,
    pub(super) left_out: usize,
}

impl Diagnostics {
    /// Findings about a file, put in file order; past [`KEPT`] of them the rest are only counted.
    pub fn new(file: &FilePath, source: Arc<str>, positions: Positions, mut items: Vec<Diagnostic>) -> Self {
        items.sort_by_cached_key(|item| {
            positions.resolve(&item.place, &source).map_or(0, |bytes| bytes.start)
        });
        let left_out = items.len().saturating_sub(KEPT);
        items.truncate(KEPT);
        Self { file: file.to_owned(), source, positions, items, left_out }
    }

    /// The file they are about.
    pub fn file(&self) -> &FilePath {
        &self.file
    }

    /// The findings, in file order, at most [`KEPT`].
    pub fn items(&self) -> &[Diagnostic] {
        &self.items
    }

    /// How many there are, those beyond [`KEPT`] included.
    pub fn len(&self) -> usize {
        self.items.len() + self.left_out
    }

    /// Whether nothing was found.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(super::render::Style::plain()))
    }
}

impl std::error::Error for Diagnostics {}
