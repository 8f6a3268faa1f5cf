//! Diagnostics for people: the way rustc shows them, all of a file together.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Severity, Spot};

/// How diagnostics are drawn; the caller knows the terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
    /// Box-drawing characters instead of `-->` and `|`.
    pub unicode: bool,
    /// Columns to draw in; longer lines are cut around the caret.
    pub width: usize,
}

impl Style {
    /// No colour, ASCII, wide: for logs, files and tests.
    pub const fn plain() -> Self {
        Self { colour: false, unicode: false, width: 140 }
    }
}

impl Diagnostics {
    /// Every diagnostic with its piece of the file, and a last line that counts them.
    pub fn render(&self, style: Style) -> String {
        let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() }
            .term_width(style.width)
            .decor_style(if style.unicode { DecorStyle::Unicode } else { DecorStyle::Ascii });
        let mut out = String::new();
        for (item, spot) in self.items.iter().zip(&self.spots) {
            out.push_str(&renderer.render(&[self.group(item, spot)]));
            out.push_str("\n\n");
        }
        out.push_str(&self.count());
        out
    }

    /// The closing line: `3 errors in pipeline.yaml`.
    pub fn count(&self) -> String {
        let mut files: Vec<usize> = self.spots.iter().map(|spot| spot.file).collect();
        files.sort_unstable();
        files.dedup();
        let file = match files.len() {
            0 | 1 => self.file().display().to_string(),
            several => format!("{several} files"),
        };
        let warnings = self.items.iter().filter(|item| item.severity == Severity::Warning).count();
        let errors = self.len() - warnings;
        let mut parts = Vec::new();
        if errors > 0 {
            parts.push(counted(errors, "error"));
        }
        if warnings > 0 {
            parts.push(counted(warnings, "warning"));
        }
        let shown = match self.left_out {
            0 => String::new(),
            _ => format!(" (the first {} are shown)", self.items.len()),
        };
        match parts.is_empty() {
            true => format!("no errors in {file}"),
            false => format!("{} in {file}{shown}", parts.join(" and ")),
        }
    }

    fn group<'a>(&'a self, item: &'a Diagnostic, spot: &'a Spot) -> Group<'a> {
        let level = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(item.message.as_str()).id(item.code.as_str());
        let mut group = match &spot.bytes {
            Some(bytes) => self.snippets(title.element(self.primary(item, spot, bytes)), spot),
            None => title.element(Origin::path(self.sources.path(spot.file).display().to_string())),
        };
        for note in &item.notes {
            group = group.element(Level::NOTE.message(note.as_str()));
        }
        if let Some(help) = &item.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }

    /// The lines that a finding is about, with what belongs to it in the same file.
    fn primary<'a>(
        &'a self,
        item: &'a Diagnostic,
        spot: &'a Spot,
        bytes: &Range<usize>,
    ) -> Snippet<'a, Annotation<'a>> {
        let label = item.label.as_deref();
        let beside = self.related(spot, |file| file == spot.file);
        let marks = [(AnnotationKind::Primary, bytes.clone(), label)];
        self.snippet(marks.into_iter().chain(beside).collect())
    }

    /// The same with what belongs to it in other files, each with lines of its own.
    fn snippets<'a>(&'a self, mut group: Group<'a>, spot: &'a Spot) -> Group<'a> {
        for mark in self.related(spot, |file| file != spot.file) {
            group = group.element(self.snippet(vec![mark]));
        }
        group
    }

    fn related<'a>(&'a self, spot: &'a Spot, of: impl Fn(usize) -> bool) -> Vec<Mark<'a>> {
        let related = spot.related.iter().filter(|(bytes, _)| of(self.sources.file_at(bytes.start)));
        related.map(|(bytes, label)| (AnnotationKind::Context, bytes.clone(), Some(label.as_str()))).collect()
    }

    /// The lines of one file that these marks stand on. Only they are handed on: drawing takes time by the text
    /// it gets.
    fn snippet<'a>(&'a self, marks: Vec<Mark<'a>>) -> Snippet<'a, Annotation<'a>> {
        let start = marks.iter().map(|(_, bytes, _)| bytes.start).min().unwrap_or(0);
        let end = marks.iter().map(|(_, bytes, _)| bytes.end).max().unwrap_or(start);
        let window = lines_around(self.sources.text(), &(start..end));
        let drawn = self.sources.drawn(&window);
        let annotations =
            marks.into_iter().map(|(kind, bytes, label)| kind.span(drawn.at(&bytes)).label(label));
        let annotations: Vec<_> = annotations.collect();
        Snippet::source(drawn.text)
            .line_start(self.sources.position(window.start).line)
            .path(self.sources.path(self.sources.file_at(start)).display().to_string())
            .annotations(annotations)
    }
}

/// Bytes that are pointed at, and how.
type Mark<'a> = (AnnotationKind, Range<usize>, Option<&'a str>);

/// The lines that hold a range of bytes.
fn lines_around(source: &str, bytes: &Range<usize>) -> Range<usize> {
    let start = source[..bytes.start].rfind('\n').map_or(0, |newline| newline + 1);
    let end = source[bytes.end..].find('\n').map_or(source.len(), |newline| bytes.end + newline);
    start..end
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
