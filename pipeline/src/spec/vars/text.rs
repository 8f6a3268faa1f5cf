//! Where variables stand in a text: `${var.stage}`. Pure.
//!
//! Only `${var.` begins a variable, so that nothing else has to be escaped: Firehose's `!{timestamp:…}`, VRL's `$1` and
//! a shell's `${HOME}` are text as ever. `$${var.` is the text `${var.`.

use std::borrow::Cow;
use std::ops::Range;

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text as it is.
    Text(Range<usize>),
    /// `$${`, which stands for `${`.
    Escape(Range<usize>),
    /// `${var.name}`.
    Variable(Range<usize>, &'a str),
    /// What begins like a variable and is none; why.
    Broken(Range<usize>, &'static str),
}

/// The parts of a text, in order and without gaps.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let (mut done, mut at) = (0, 0);
    while let Some(found) = text[at..].find("${") {
        let start = at + found;
        let Some(name) = after_var(&text[start + 2..]).map(|rest| text.len() - rest.len()) else {
            at = start + 2;
            continue;
        };
        let escaped = text[done..start].ends_with('$');
        let part = if escaped { Part::Escape(start - 1..start + 2) } else { expression(text, start, name) };
        let bytes = part.bytes();
        if done < bytes.start {
            parts.push(Part::Text(done..bytes.start));
        }
        (done, at) = (bytes.end, bytes.end);
        parts.push(part);
    }
    if done < text.len() {
        parts.push(Part::Text(done..text.len()));
    }
    parts
}

/// Whether a variable stands in a text.
pub(crate) fn has_variables(text: &str) -> bool {
    parts(text).iter().any(|part| matches!(part, Part::Variable(..)))
}

/// The text as it is written in a file so that it is read as it is: `$${var.` where it has `${var.`.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    let begins = |(at, found): &(usize, &str)| after_var(&text[at + found.len()..]).is_some();
    let mut written = String::new();
    let mut done = 0;
    for (at, _) in text.match_indices("${").filter(begins) {
        written.push_str(&text[done..at]);
        written.push('$');
        done = at;
    }
    if done == 0 && written.is_empty() {
        return Cow::Borrowed(text);
    }
    written.push_str(&text[done..]);
    Cow::Owned(written)
}

/// Whether a text is a variable and nothing else.
pub(crate) fn is_one_variable(text: &str) -> bool {
    matches!(parts(text)[..], [Part::Variable(..)])
}

/// What follows `var.`, with blanks before it or not.
fn after_var(text: &str) -> Option<&str> {
    text.trim_start_matches(' ').strip_prefix("var.")
}

/// The expression whose name starts at a byte.
fn expression(text: &str, start: usize, name: usize) -> Part<'_> {
    let rest = &text[name..];
    let length = rest.find(|letter: char| !is_letter(letter)).unwrap_or(rest.len());
    let after = &rest[length..];
    let closed = after.trim_start_matches(' ');
    let end = name + length;
    if length == 0 {
        return Part::Broken(start..end, "no name follows `var.`");
    }
    if !closed.starts_with('}') {
        return Part::Broken(start..end, "a `}` is missing after the name");
    }
    Part::Variable(start..text.len() - closed.len() + 1, &text[name..end])
}

/// Whether a letter may stand in a variable's name.
fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-')
}

/// Why a name will not do for a variable.
pub(super) fn name_problem(name: &str) -> Option<&'static str> {
    if !name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
        Some("it begins with a letter")
    } else if !name.chars().all(is_letter) {
        Some("it has letters, digits, `_` and `-`")
    } else {
        None
    }
}

/// What looks as if a variable was meant and is plain text: `${vars.stage}`, or `${stage}` where there is a `stage`.
pub(super) fn near_miss<'a>(text: &'a str, names: &[&str]) -> Option<(Range<usize>, &'a str)> {
    text.match_indices("${").find_map(|(start, _)| {
        let inside = &text[start + 2..];
        let end = inside.find('}')?;
        let word = inside[..end].trim();
        let name = word.strip_prefix("vars.").unwrap_or(word);
        (names.contains(&name) && !text[..start].ends_with('$')).then_some((start..start + end + 3, name))
    })
}

impl Part<'_> {
    /// Where it stands.
    pub(super) fn bytes(&self) -> Range<usize> {
        match self {
            Part::Text(bytes) | Part::Escape(bytes) | Part::Variable(bytes, _) | Part::Broken(bytes, _) => {
                bytes.clone()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_variable_stands_alone_or_in_a_text() {
        assert_eq!(parts("${var.a}"), [Part::Variable(0..8, "a")]);
        assert_eq!(parts("${ var.a-b }"), [Part::Variable(0..12, "a-b")]);
        let three = [Part::Text(0..2), Part::Variable(2..10, "b"), Part::Variable(10..18, "c")];
        assert_eq!(parts("a-${var.b}${var.c}"), three);
    }

    #[test]
    fn what_others_write_is_text() {
        for text in
            ["!{timestamp:yyyy}/${HOME}", "replace(., r'a$', \"${1}\")", "$$ ${", "$${HOME}", "${env.A}", ""]
        {
            let text_only = parts(text).iter().all(|part| matches!(part, Part::Text(_)));
            assert!(text_only, "{text}: {:?}", parts(text));
        }
    }

    #[test]
    fn two_dollars_are_an_escape() {
        assert_eq!(parts("$${var.a}"), [Part::Escape(0..3), Part::Text(3..9)]);
        assert_eq!(parts("x$$${var.a}").len(), 3);
    }

    #[test]
    fn what_begins_like_a_variable_and_is_none_is_broken() {
        assert!(matches!(parts("${var.}")[..], [Part::Broken(..), Part::Text(_)]));
        assert!(matches!(parts("${var.a")[..], [Part::Broken(..)]));
        assert!(matches!(parts("${var.a b}")[..], [Part::Broken(..), Part::Text(_)]));
    }

    #[test]
    fn a_near_miss_is_known_by_the_names_there_are() {
        assert_eq!(near_miss("a ${vars.stage}", &["stage"]), Some((2..15, "stage")));
        assert_eq!(near_miss("a ${stage}", &["stage"]), Some((2..10, "stage")));
        assert_eq!(near_miss("a ${HOME} $${stage} ${var.stage}", &["stage"]), None);
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_read_as_it_was(text in "(\\$|\\{|\\}|\\$\\{ ?var\\.|[a-zé ]|-){0,24}") {
            let written = escape(&text);
            let read: String = parts(&written)
                .iter()
                .map(|part| match part {
                    Part::Text(bytes) => &written[bytes.clone()],
                    Part::Escape(_) => "${",
                    Part::Variable(..) | Part::Broken(..) => "a variable",
                })
                .collect();
            prop_assert_eq!(read, text);
        }

        #[test]
        fn parts_tile_any_text(text in "(\\$|\\{|\\}|var\\.|[a-zé ]|-){0,24}") {
            let mut at = 0;
            for part in parts(&text) {
                let bytes = part.bytes();
                prop_assert_eq!(bytes.start, at);
                prop_assert!(bytes.end > at && text.is_char_boundary(bytes.end));
                at = bytes.end;
            }
            prop_assert_eq!(at, text.len());
        }
    }
}
