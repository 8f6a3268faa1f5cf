//! YAML that cannot be read: the parser's reason, and the mistake that usually leads to it.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::position::floor;

/// The diagnostic of the error at which the parser stopped.
pub(super) fn diagnose(source: &str, error: &ScanError) -> Diagnostic {
    let marker = error.marker();
    let at = floor(source, marker.byte_offset().unwrap_or(source.len()));
    if let Some(tab) = tab_in_indentation(source, at) {
        return tabs(source, tab);
    }
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return Diagnostic::error(
            Code::TooDeep,
            here(source, at),
            "the file nests deeper than a pipeline file may",
        )
        .help("a pipeline file needs seven levels");
    }
    let diagnostic =
        Diagnostic::error(Code::Syntax, here(source, at), format!("this is not YAML: {}", error.kind()));
    match help(source, at, error.kind()) {
        Some(help) => diagnostic.help(help),
        None => diagnostic,
    }
}

/// The character at a byte, or the last one of the text before it.
fn here(source: &str, at: usize) -> Place {
    let at = match source[at..].chars().next() {
        Some(next) if !next.is_whitespace() => at,
        _ => {
            let before = source[..at].trim_end();
            before.char_indices().next_back().map_or(0, |(last, _)| last)
        }
    };
    let width = source[at..].chars().next().map_or(0, char::len_utf8);
    Place::Bytes(at..at + width)
}

/// The first tab in the indentation of the line of a byte, or of the line before it.
fn tab_in_indentation(source: &str, at: usize) -> Option<usize> {
    let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let before = source[..line_start.saturating_sub(1)].rfind('\n').map_or(0, |newline| newline + 1);
    [line_start, before].into_iter().find_map(|start| {
        let line = source[start..].lines().next().unwrap_or("");
        let indentation = line.len() - line.trim_start().len();
        line[..indentation].find('\t').map(|tab| start + tab)
    })
}

fn tabs(source: &str, tab: usize) -> Diagnostic {
    let lines = source.lines().filter(|line| {
        let indentation = line.len() - line.trim_start().len();
        line[..indentation].contains('\t')
    });
    let help = match lines.count() {
        1 => "YAML is indented with spaces: replace the tab by spaces".to_owned(),
        count => format!(
            "YAML is indented with spaces: {count} lines of this file have tabs; \
             `expand -t 2` replaces them all"
        ),
    };
    Diagnostic::error(Code::Tab, Place::Bytes(tab..tab + 1), "a tab stands in the indentation")
        .label("a tab")
        .help(help)
}

/// Whether a quote is open at the end of this part of a line.
fn ends_in_quotes(part: &str) -> bool {
    let mut open = None;
    for character in part.chars() {
        match open {
            Some(quote) if quote == character => open = None,
            None if matches!(character, '"' | '\'') => open = Some(character),
            _ => {}
        }
    }
    open.is_some()
}

fn help(source: &str, at: usize, kind: &ErrorKind) -> Option<String> {
    let line_start = source[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let line = source[line_start..].lines().next().unwrap_or("");
    if line.contains(": !{") || line.contains(":!{") {
        return Some("text that starts with `!` needs quotes: \"!{…}\"".to_owned());
    }
    let is_bare = |at: &usize| line[..*at].contains(['{', '[']) && !ends_in_quotes(&line[..*at]);
    if let Some((variable, _)) = line.match_indices("${var.").find(|(at, _)| is_bare(at)) {
        let end = line[variable..].find('}').map_or(line.len(), |end| variable + end + 1);
        return Some(format!("in braces and brackets a variable needs quotes: \"{}\"", &line[variable..end]));
    }
    let help = match kind {
        ErrorKind::MappingValueNotAllowed => {
            "text with `: ` in it needs quotes; or is this line indented further than its neighbours?"
        }
        ErrorKind::UnexpectedCharacter { character } => {
            return Some(format!("text that starts with `{character}` needs quotes"));
        }
        ErrorKind::UnclosedQuotedScalar => "the quote that opens here is never closed",
        ErrorKind::InvalidQuotedScalarIndent => {
            "a quote above is never closed, or the text in it is not indented"
        }
        ErrorKind::UnclosedFlowCollection { open } => {
            return Some(format!("the `{open}` that opens here is never closed"));
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "inside \"…\" a backslash starts an escape: write `\\\\`, or use '…'"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => {
            "a key needs a colon and a space after it: `key: value`"
        }
        ErrorKind::InvalidIndentation
        | ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::ExpectedBlockSequenceEntry
        | ErrorKind::InvalidBlockScalarIndent => "lines that belong together start in the same column",
        _ => return None,
    };
    Some(help.to_owned())
}
