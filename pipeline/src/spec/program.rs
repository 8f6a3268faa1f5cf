//! From an offset in the text of a scalar back to the file: where in the YAML a VRL error stands.
//!
//! YAML's scalar styles only ever add, drop or change white space, quotes and escapes. So the characters
//! of the text that are not white space appear in the file in the same order, and pairing them up maps
//! any offset exactly, whatever the indentation, folding or style. If the pairing ever fails, the start of
//! the scalar is shown instead: never a wrong line.

use std::ops::Range;

use serde_yaml::granit_parser::ScalarStyle;

use super::tree::Scalar;

/// The bytes of the file that hold `within`, given in bytes of the scalar's text.
pub(crate) fn locate(
    source: &str,
    span: &Range<usize>,
    scalar: &Scalar,
    within: &Range<usize>,
) -> Range<usize> {
    if let Some(template) = &scalar.template {
        return locate_text(source, span, (&template.written, scalar.style), &template.written(within));
    }
    locate_text(source, span, (&scalar.text, scalar.style), within)
}

/// The same for a scalar of this text and style.
pub(crate) fn locate_text(
    source: &str,
    span: &Range<usize>,
    (text, style): (&str, ScalarStyle),
    within: &Range<usize>,
) -> Range<usize> {
    let fallback = span.start..span.end;
    let Some(written) = source.get(span.clone()) else {
        return fallback;
    };
    let Some(pairs) = pair_up(written, text, style) else {
        return fallback;
    };
    let end = within.end.max(within.start + 1);
    let mut inside = pairs.iter().filter(|pair| pair.text >= within.start && pair.text < end);
    let found = match (inside.next(), inside.next_back()) {
        (Some(first), Some(last)) => first.file.start..last.file.end,
        (Some(only), None) => only.file.clone(),
        // White space only, or past the end: the place right after what comes before it.
        _ => match pairs.iter().rev().find(|pair| pair.text < within.start) {
            Some(before) => before.file.end..before.file.end,
            None => 0..0,
        },
    };
    span.start + found.start..span.start + found.end
}

/// A character that is not white space: where it stands in the text and in what is written.
struct Pair {
    text: usize,
    file: Range<usize>,
}

fn pair_up(written: &str, text: &str, style: ScalarStyle) -> Option<Vec<Pair>> {
    let mut files = tokens(written, style).into_iter().filter(|(_, character)| !character.is_whitespace());
    let mut pairs = Vec::new();
    for (text, character) in text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
        let (file, unescaped) = files.next()?;
        if unescaped != character {
            return None;
        }
        pairs.push(Pair { text, file });
    }
    Some(pairs)
}

/// The characters that a scalar's notation stands for, with the bytes that stand for them.
fn tokens(written: &str, style: ScalarStyle) -> Vec<(Range<usize>, char)> {
    match style {
        ScalarStyle::Plain => characters(written, 0..written.len()),
        ScalarStyle::Literal | ScalarStyle::Folded => {
            // The header is `|` or `>` with indicators and perhaps a comment; some spans start after it.
            let body = if written.starts_with(['|', '>']) {
                written.find('\n').map_or(written.len(), |newline| newline + 1)
            } else {
                0
            };
            characters(written, body..written.len())
        }
        ScalarStyle::SingleQuoted => single_quoted(written),
        ScalarStyle::DoubleQuoted => double_quoted(written),
    }
}

fn characters(written: &str, range: Range<usize>) -> Vec<(Range<usize>, char)> {
    let start = range.start;
    written[range]
        .char_indices()
        .map(|(at, character)| (start + at..start + at + character.len_utf8(), character))
        .collect()
}

fn inside_quotes(written: &str) -> Range<usize> {
    1.min(written.len())..written.len().saturating_sub(1).max(1.min(written.len()))
}

fn single_quoted(written: &str) -> Vec<(Range<usize>, char)> {
    let mut out = Vec::new();
    let mut all = characters(written, inside_quotes(written)).into_iter().peekable();
    while let Some((mut range, character)) = all.next() {
        if character == '\''
            && let Some((second, _)) = all.next_if(|(_, next)| *next == '\'')
        {
            range.end = second.end;
        }
        out.push((range, character));
    }
    out
}

fn double_quoted(written: &str) -> Vec<(Range<usize>, char)> {
    let mut out = Vec::new();
    let mut all = characters(written, inside_quotes(written)).into_iter();
    while let Some((mut range, character)) = all.next() {
        if character != '\\' {
            out.push((range, character));
            continue;
        }
        let Some((letter, escape)) = all.next() else { break };
        range.end = letter.end;
        let (digits, meaning) = match escape {
            'x' => (2, None),
            'u' => (4, None),
            'U' => (8, None),
            'n' | 't' | 'r' | 'v' | 'f' | 'N' | '_' | 'L' | 'P' | ' ' | '\t' | '\n' | '\r' => (0, Some(' ')),
            '0' => (0, Some('\0')),
            'a' => (0, Some('\u{7}')),
            'b' => (0, Some('\u{8}')),
            'e' => (0, Some('\u{1b}')),
            literal => (0, Some(literal)),
        };
        let hex: String = all
            .by_ref()
            .take(digits)
            .map(|(digit, c)| {
                range.end = digit.end;
                c
            })
            .collect();
        let meaning = meaning
            .or_else(|| u32::from_str_radix(&hex, 16).ok().and_then(char::from_u32))
            .unwrap_or(char::REPLACEMENT_CHARACTER);
        out.push((range, meaning));
    }
    out
}
