//! Diagnostics for people: the way rustc shows them, all of a file together.

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::diagnostic::{Diagnostic, Diagnostics, Severity};

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

    fn group<'a>(&'a self, item: &'a Diagnostic) -> Group<'a> {
        let level = match item.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
        };
        let title = level.primary_title(item.message.as_str()).id(item.code.as_str());
        let mut group = match self.positions.resolve(&item.place, &self.source) {
            Some(bytes) => {
                let mut snippet = Snippet::source(&*self.source)
                    .path(self.file.display().to_string())
                    .annotation(AnnotationKind::Primary.span(bytes).label(item.label.as_deref()));
                for (place, label) in &item.related {
                    if let Some(bytes) = self.positions.resolve(place, &self.source) {
                        snippet =
                            snippet.annotation(AnnotationKind::Context.span(bytes).label(label.as_str()));
                    }
                }
                title.element(snippet)
            }
            None => Group::with_title(title),
        };
        if let Some(help) = &item.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        group
    }
}

fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{count} {noun}s"),
    }
}
