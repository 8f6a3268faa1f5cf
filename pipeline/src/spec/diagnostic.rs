//! What is wrong with a file: the diagnostics of one run, all together, in file order.
//!
//! A rule makes a [`Diagnostic`] that says *where* in keys ([`Place`]); bytes, lines and columns are
//! looked up in [`Positions`] when the diagnostics are gathered, to be drawn ([`crate::spec::render`]) or written for
//! machines. Which file a byte is of, the [`Sources`] know.

use std::collections::HashSet;
use std::fmt;
use std::ops::Range;
use std::path::Path as FilePath;

use super::code::Code;
use super::path::Path;
use super::position::Positions;
use super::sources::Sources;
use super::veil;

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
    /// What else is to be known, such as where the value of a variable came from.
    pub notes: Vec<String>,
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
            notes: Vec::new(),
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

/// All findings of a run, about one file or several.
#[derive(Clone, Debug)]
pub struct Diagnostics {
    pub(super) sources: Sources,
    pub(super) items: Vec<Diagnostic>,
    /// Where each of them stands.
    pub(super) spots: Vec<Spot>,
    pub(super) left_out: usize,
}

/// Where a finding and what belongs to it stand, in bytes of all sources.
#[derive(Clone, Debug)]
pub(super) struct Spot {
    /// Which file it is about.
    pub(super) file: usize,
    /// `None` for the file as such.
    pub(super) bytes: Option<Range<usize>>,
    /// With their words.
    pub(super) related: Vec<(Range<usize>, String)>,
}

/// Findings whose places are in one tree.
#[derive(Debug)]
pub(super) struct Findings {
    /// The file that a finding about the file as such is about.
    pub(super) file: usize,
    /// Where the keys and values of the tree stand.
    pub(super) positions: Positions,
    /// The findings.
    pub(super) items: Vec<Diagnostic>,
}

impl Diagnostics {
    /// All findings, put in the order of the files; past [`KEPT`] of them the rest are only counted.
    pub(super) fn new(sources: Sources, findings: Vec<Findings>) -> Self {
        let mut found: Vec<(Spot, Diagnostic)> = findings
            .into_iter()
            .flat_map(|Findings { file, positions, items }| {
                let sources = &sources;
                let spot = move |item: Diagnostic| (Spot::of(file, &item, &positions, sources), item);
                items.into_iter().map(spot).collect::<Vec<_>>()
            })
            .collect();
        found.sort_by_key(|(spot, _)| match &spot.bytes {
            Some(bytes) => bytes.start,
            None => sources.bytes(spot.file).start,
        });
        // What is laid over several pipelines is wrong once.
        let mut seen = HashSet::new();
        found.retain(|(spot, item)| {
            seen.insert((spot.file, spot.bytes.clone(), item.code, item.message.clone()))
        });
        let left_out = found.len().saturating_sub(KEPT);
        found.truncate(KEPT);
        let (spots, items) = found.into_iter().unzip();
        Self { sources, items, spots, left_out }
    }

    /// Findings about a text alone, whose places are bytes of it.
    pub(super) fn of_text(path: &FilePath, text: &str, items: Vec<Diagnostic>) -> Self {
        let findings = Findings { file: 0, positions: Positions::default(), items };
        Self::new(Sources::of(path, text).veiled(veil::of_text(text)), vec![findings])
    }

    /// The first file that they are about.
    pub fn file(&self) -> &FilePath {
        self.sources.path(self.spots.first().map_or(0, |spot| spot.file))
    }

    /// The findings, in the order of the files, at most [`KEPT`].
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

impl Spot {
    fn of(file: usize, item: &Diagnostic, positions: &Positions, sources: &Sources) -> Self {
        let resolve = |place: &Place| positions.resolve(place, sources.text());
        let bytes = resolve(&item.place);
        let related = item.related.iter();
        let related = related.filter_map(|(place, label)| Some((resolve(place)?, label.clone())));
        Self {
            file: bytes.as_ref().map_or(file, |bytes| sources.file_at(bytes.start)),
            related: related.collect(),
            bytes,
        }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(super::render::Style::plain()))
    }
}

impl std::error::Error for Diagnostics {}
