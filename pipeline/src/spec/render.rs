//! Diagnostics for people: the way rustc shows them, all of a file together.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::position::Position;

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
        for item in &self.items {
            out.push_str(&renderer.render(&[self.group(item)]));
            out.push_str("\n\n");
        }
        out.push_str(&self.count());
        out
    }

    /// The closing line: `3 errors in pipeline.yaml`.
    pub fn count(&self) -> String {
        let file = self.file.display();
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

    /// The lines that a finding is about. Only they are handed on: drawing takes time by the text it gets.
    fn snippet<'a>(&'a self, item: &'a Diagnostic, bytes: Range<usize>) -> Snippet<'a, Annotation<'a>> {
        let related: Vec<(Range<usize>, &str)> = item
            .related
            .iter()
            .filter_map(|(place, label)| Some((self.positions.resolve(place, &self.source)?, label.as_str())))
            .collect();
        let all = related
            .iter()
            .fold(bytes.clone(), |all, (bytes, _)| all.start.min(bytes.start)..all.end.max(bytes.end));
        let window = lines_around(&self.source, &all);
        let inside = |bytes: Range<usize>| bytes.start - window.start..bytes.end - window.start;
        let primary = AnnotationKind::Primary.span(inside(bytes)).label(item.label.as_deref());
        Snippet::source(&self.source[window.clone()])
            .line_start(Position::of(&self.source, window.start).line)
            .path(self.file.display().to_string())
            .annotation(primary)
            .annotations(
                related
                    .into_iter()
                    .map(|(bytes, label)| AnnotationKind::Context.span(inside(bytes)).label(label)),
            )
    }

    fn group<'a>(&'a self, item: &'a Diagnostic) -> Group<'a> {
        let level = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(item.message.as_str()).id(item.code.as_str());
        let mut group = match self.positions.resolve(&item.place, &self.source) {
            Some(bytes) => title.element(self.snippet(item, bytes)),
            None => title.element(Origin::path(self.file.display().to_string())),
        };
        if let Some(help) = &item.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

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
