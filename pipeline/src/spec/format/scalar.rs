//! Scalars in their new place: quotes, lines that go on, and block scalars.

use std::ops::Range;

use serde_yaml::granit_parser::ScalarStyle;

use super::source::Source;

/// A scalar's first line, which follows the key, and the lines below it, indented.
pub(super) struct Written {
    /// What follows the key.
    pub(super) head: String,
    /// Whole lines.
    pub(super) below: Vec<String>,
    /// Whether blank lines below would become part of it.
    pub(super) keeps_blank_lines: bool,
}

/// A plain or quoted scalar of one line; `None` where it has several.
pub(super) fn on_one_line(source: &Source<'_>, style: ScalarStyle, at: &Range<usize>) -> Option<String> {
    let raw = &source.text[at.clone()];
    (!raw.contains('\n') && !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded))
        .then(|| quoted(style, raw))
}

/// Double quotes where nothing in them has to be escaped for it.
fn quoted(style: ScalarStyle, raw: &str) -> String {
    let inner = raw.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    match inner {
        Some(inner) if style == ScalarStyle::SingleQuoted && !inner.contains(['"', '\\']) => {
            format!("\"{}\"", inner.replace("''", "'"))
        }
        _ => raw.to_owned(),
    }
}

/// Any scalar, with the lines after its first one indented by so many spaces.
pub(super) fn written(
    source: &Source<'_>,
    (style, text, at): (ScalarStyle, &str, &Range<usize>),
    indent: usize,
    parent_column: usize,
) -> Written {
    if let Some(head) = on_one_line(source, style, at) {
        return Written { head, below: Vec::new(), keeps_blank_lines: false };
    }
    if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
        return block(source, text, at, (indent, parent_column));
    }
    let raw = &source.text[at.clone()];
    let escapes = style == ScalarStyle::DoubleQuoted;
    let mut lines = raw.split('\n').map(|line| without_blanks(line, escapes));
    let head = lines.next().unwrap_or_default().to_owned();
    let pad = " ".repeat(indent);
    let below = lines.map(str::trim_start).map(|line| match line.is_empty() {
        true => String::new(),
        false => format!("{pad}{line}"),
    });
    Written { head, below: below.collect(), keeps_blank_lines: false }
}

/// A line without the blanks at its end, unless a backslash makes the first of them text.
fn without_blanks(line: &str, escapes: bool) -> &str {
    let trimmed = line.trim_end_matches([' ', '\t']);
    let backslashes = trimmed.len() - trimmed.trim_end_matches('\\').len();
    if escapes && backslashes % 2 == 1 { line } else { trimmed }
}

/// A block scalar: its header anew, its lines moved as a whole.
fn block(source: &Source<'_>, text: &str, at: &Range<usize>, (indent, parent): (usize, usize)) -> Written {
    if text.trim_matches('\n').is_empty() {
        let head = format!("\"{}\"", text.replace('\n', "\\n"));
        return Written { head, below: Vec::new(), keeps_blank_lines: false };
    }
    let header = source.bare[..at.start].rfind(['|', '>']).unwrap_or(at.start);
    let header_line = source.bare[header..].lines().next().unwrap_or_default().trim();
    let digit = header_line.chars().find_map(|letter| letter.to_digit(10));
    let body = header + source.text[header..].find('\n').map_or(0, |newline| newline + 1);
    let mut lines: Vec<&str> = source.text.get(body..at.end).unwrap_or_default().split('\n').collect();
    let old = match digit.and_then(|digit| usize::try_from(digit).ok()) {
        Some(digit) => parent + digit,
        None => lines.iter().find(|line| !line.trim().is_empty()).map_or(0, |line| leading_spaces(line)),
    };
    while lines.last().is_some_and(|line| line.trim_matches(' ').is_empty() && line.len() <= old) {
        lines.pop();
    }
    let moved: Vec<&str> =
        lines.iter().map(|line| line.get(old.min(leading_spaces(line))..).unwrap_or_default()).collect();
    let explicit =
        moved.iter().find(|line| !line.is_empty()).is_some_and(|line| line.starts_with([' ', '\t']));
    let keeps = header_line.contains('+') && text.ends_with('\n');
    let chomp = match (keeps, header_line.contains('-') || !text.ends_with('\n')) {
        (true, _) => "+",
        (false, true) => "-",
        (false, false) => "",
    };
    let number = if explicit { "2" } else { "" };
    let sign = header_line.chars().next().unwrap_or('|');
    let pad = " ".repeat(indent);
    let mut below: Vec<String> = moved
        .iter()
        .map(|line| if line.is_empty() { String::new() } else { format!("{pad}{line}") })
        .collect();
    if keeps {
        let blank = text.len() - text.trim_end_matches('\n').len();
        below.extend(std::iter::repeat_n(String::new(), blank.saturating_sub(1)));
    }
    Written { head: format!("{sign}{number}{chomp}"), below, keeps_blank_lines: keeps }
}

fn leading_spaces(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}
