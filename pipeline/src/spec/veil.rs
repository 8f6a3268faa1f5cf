//! What of the texts nobody is shown: keys of endpoints that stand in a file, and the values of sensitive variables.
//!
//! A finding draws the lines that it is about, be they next to a secret. Where a secret stands the drawing has
//! `(sensitive)`: in a text that is YAML by its tree, in one that is not by its lines, for what keeps it from being YAML
//! may be the secret itself.

use std::ops::Range;
use std::sync::Arc;

use super::check::suggest;
use super::tree::{Kind, Node, Value};
use super::vars::is_one_variable;

/// What stands where a secret is.
pub(crate) const SHOWN: &str = "(sensitive)";

/// The field of the format that is a secret.
const KEY: &str = "access-key";

/// Bytes of a text that are not drawn.
#[derive(Clone, Debug, Default)]
pub(crate) struct Veil(Arc<[Range<usize>]>);

/// A value that nobody is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    /// Where it stands.
    pub(crate) span: Range<usize>,
    /// All of it, after YAML has unfolded it.
    pub(crate) text: String,
    /// Whether its key is surely one of a secret, and not only nearly called so.
    pub(crate) sure: bool,
}

/// A piece of a text as it is drawn.
#[derive(Debug)]
pub(crate) struct Drawn {
    /// What is drawn.
    pub(crate) text: String,
    start: usize,
    /// What is not drawn, and what is in its place.
    hidden: Vec<(Range<usize>, Range<usize>)>,
}

impl Veil {
    /// Over these bytes.
    pub(crate) fn new(mut hidden: Vec<Range<usize>>) -> Self {
        hidden.sort_by_key(|bytes| (bytes.start, bytes.end));
        let mut apart: Vec<Range<usize>> = Vec::new();
        for bytes in hidden.into_iter().filter(|bytes| !bytes.is_empty()) {
            match apart.last_mut() {
                Some(last) if bytes.start <= last.end => last.end = last.end.max(bytes.end),
                _ => apart.push(bytes),
            }
        }
        Self(apart.into())
    }

    /// A piece of the text without what is hidden. It has the same lines.
    pub(crate) fn drawn(&self, text: &str, window: &Range<usize>) -> Drawn {
        let mut drawn = Drawn { text: String::new(), start: window.start, hidden: Vec::new() };
        let mut from = window.start;
        for bytes in self.0.iter().filter(|bytes| bytes.start < window.end && bytes.end > window.start) {
            let bytes = bytes.start.max(from)..bytes.end.min(window.end);
            for line in lines(text, &bytes) {
                drawn.text.push_str(&text[from..line.start]);
                let at = drawn.text.len();
                drawn.text.push_str(SHOWN);
                from = line.end;
                drawn.hidden.push((line, at..drawn.text.len()));
            }
        }
        drawn.text.push_str(&text[from..window.end]);
        drawn
    }
}

impl Drawn {
    /// Where bytes of the text are drawn; part of a secret is all of what stands for it.
    pub(crate) fn at(&self, bytes: &Range<usize>) -> Range<usize> {
        let start = self.edge(bytes.start, false);
        start..self.edge(bytes.end, true).max(start)
    }

    fn edge(&self, byte: usize, is_end: bool) -> usize {
        let (mut from, mut to) = (self.start, 0);
        for (source, drawn) in &self.hidden {
            if byte <= source.start {
                break;
            }
            if byte < source.end {
                return if is_end { drawn.end } else { drawn.start };
            }
            (from, to) = (source.end, drawn.end);
        }
        to + byte.saturating_sub(from)
    }
}

/// What of each line is not white space around it.
fn lines(text: &str, bytes: &Range<usize>) -> Vec<Range<usize>> {
    let mut at = bytes.start;
    let pieces = text[bytes.clone()].split_inclusive('\n').filter_map(|line| {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        let end = start + line.trim().len();
        (start < end).then_some(start..end)
    });
    pieces.collect()
}

/// The secrets that stand in a tree: values of keys that are secrets by the format, or are nearly called so, and
/// defaults of sensitive variables.
pub(crate) fn of_tree(tree: &Node) -> Vec<Hidden> {
    let mut found = Vec::new();
    walk(tree, &mut found);
    if let Some(Value::Mapping(variables)) = tree.entry("vars").map(|entry| &entry.value.value) {
        for variable in variables {
            let is_sensitive = variable.value.entry("sensitive").is_some_and(|it| !is_false(&it.value));
            if let Some(default) = variable.value.entry("default").filter(|_| is_sensitive) {
                scalars(&default.value, true, &mut found);
            }
        }
    }
    found
}

fn walk(node: &Node, found: &mut Vec<Hidden>) {
    match &node.value {
        Value::Mapping(entries) => {
            for entry in entries {
                let misplaced = &*entry.key == "secret" && is_no_arn(&entry.value);
                if misplaced || is_key(&entry.key) {
                    scalars(&entry.value, misplaced || fold(&entry.key) == fold(KEY), found);
                } else {
                    walk(&entry.value, found);
                }
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| walk(item, found)),
        Value::Scalar(_) | Value::Broken => {}
    }
}

/// Whether a key means [`KEY`], rightly spelt or not.
fn is_key(key: &str) -> bool {
    suggest::nearest(key, [KEY]).is_some()
}

fn fold(key: &str) -> String {
    key.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// `secret` names a secret; who writes the secret itself there is told so, without it.
fn is_no_arn(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if !scalar.text.starts_with("arn:"))
}

fn is_false(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(scalar) if matches!(&*scalar.text, "false" | "False" | "FALSE"))
}

fn scalars(node: &Node, sure: bool, found: &mut Vec<Hidden>) {
    match &node.value {
        Value::Scalar(scalar) => {
            let is_value = !matches!(scalar.kind(), Kind::Null | Kind::Bool);
            if is_value && !is_one_variable(&scalar.text) {
                found.push(Hidden { span: node.span.clone(), text: scalar.text.to_string(), sure });
            }
        }
        Value::Mapping(entries) => entries.iter().for_each(|entry| scalars(&entry.value, sure, found)),
        Value::Sequence(items) => items.iter().for_each(|item| scalars(item, sure, found)),
        Value::Broken => {}
    }
}

/// The same of a text that is not YAML, or not all of it: what follows such a key in its line, and lines below that are
/// indented further. `start` is the byte at which the text begins, `is_secret` knows further keys.
pub(crate) fn of_lines(text: &str, start: usize, is_secret: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let (mut found, mut at, mut below) = (Vec::new(), start, None);
    for line in text.split_inclusive('\n') {
        let content = line.trim_end();
        let indent = content.len() - content.trim_start().len();
        let value = match below {
            Some(key) if content.is_empty() || indent > key => Some(indent),
            _ => {
                let value = value(content, &is_secret);
                below = value.map(|_| indent);
                value
            }
        };
        found
            .extend(value.filter(|value| *value < content.len()).map(|value| at + value..at + content.len()));
        at += line.len();
    }
    found
}

/// Where the value of a secret begins in a line.
fn value(line: &str, is_secret: impl Fn(&str) -> bool) -> Option<usize> {
    line.match_indices(':').find_map(|(colon, _)| {
        let before = line[..colon].trim_end().trim_end_matches(['"', '\'']);
        let word = before.rfind(|letter: char| !letter.is_alphanumeric() && !matches!(letter, '-' | '_'));
        let word = &before[word.map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8))..];
        let rest = &line[colon + 1..];
        let value = colon + 1 + (rest.len() - rest.trim_start().len());
        let names_a_secret =
            word == "secret" && !line[value..].trim_start_matches(['"', '\'']).starts_with("arn:");
        (is_key(word) || names_a_secret || is_secret(word)).then_some(value)
    })
}

/// The text of a file as it may be shown.
#[must_use]
pub fn veiled(text: &str) -> String {
    Veil::new(of_text(text)).drawn(text, &(0..text.len())).text
}

/// What of a text is hidden, as far as it can be known from the text alone.
pub(crate) fn of_text(text: &str) -> Vec<Range<usize>> {
    let (roots, problems) = super::read::documents(text);
    let in_trees = roots.iter().flat_map(|root| of_tree(&root.node)).map(|hidden| hidden.span);
    let in_lines = if problems.is_empty() { Vec::new() } else { of_lines(text, 0, |_| false) };
    in_trees.chain(in_lines).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_secret_is_drawn_as_a_word_and_carets_stay_under_what_they_mean() {
        let text = "{ a: hunter2, b: x }";
        let veil = Veil::new(std::iter::once(5..12).collect());
        let drawn = veil.drawn(text, &(0..text.len()));
        assert_eq!(drawn.text, "{ a: (sensitive), b: x }");
        assert_eq!(&drawn.text[drawn.at(&(14..15))], "b");
        assert_eq!(&drawn.text[drawn.at(&(5..12))], SHOWN);
        assert_eq!(&drawn.text[drawn.at(&(7..9))], SHOWN, "a part of it is all of it");
        assert_eq!(&drawn.text[drawn.at(&(2..3))], "a");
    }

    #[test]
    fn a_secret_of_several_lines_keeps_them() {
        let text = "k: |\n  one\n  two\nx: y\n";
        let drawn = Veil::new(std::iter::once(3..17).collect()).drawn(text, &(0..text.len()));
        assert_eq!(drawn.text, "k: (sensitive)\n  (sensitive)\n  (sensitive)\nx: y\n");
        assert_eq!(&drawn.text[drawn.at(&(17..18))], "x");
    }

    #[test]
    fn of_a_text_that_is_no_yaml_the_lines_are_looked_at() {
        let text = "http:\n  access-key: hunter2: x\n  url: y\n  access_key: >\n    hunter3\n\n    hunter4\n  b: 1\ntoken: t\n";
        let hidden = of_lines(text, 0, |word| word == "token");
        let drawn = Veil::new(hidden).drawn(text, &(0..text.len())).text;
        assert!(!drawn.contains("hunter") && drawn.contains("url: y") && drawn.contains("b: 1"), "{drawn}");
        assert!(drawn.ends_with("token: (sensitive)\n"), "{drawn}");
        let flow = "{ url: x, \"accessKey\" : abc, b: c";
        let hidden = of_lines(flow, 0, |_| false);
        assert_eq!(
            Veil::new(hidden).drawn(flow, &(0..flow.len())).text,
            "{ url: x, \"accessKey\" : (sensitive)"
        );
    }

    #[test]
    fn the_text_of_a_file_is_shown_without_its_secrets() {
        let text = "vars:\n  t: { sensitive: true, default: abc }\n  u: { default: def }\ndeliveries:\n  d: { to: { http: { \
                    access-key: \"hun ter2\", secret: \"arn:aws:x\" } } }\n  e: { to: { http: { access-key: \"${var.t}\", secret: oops } } }\n";
        let shown = veiled(text);
        for gone in ["abc", "hun ter2", "oops"] {
            assert!(!shown.contains(gone), "{gone}: {shown}");
        }
        for kept in ["def", "arn:aws:x", "\"${var.t}\""] {
            assert!(shown.contains(kept), "{kept}: {shown}");
        }
        assert_eq!(veiled("a: b\n"), "a: b\n");
    }

    proptest! {
        /// Whatever is hidden where: lines stay, nothing panics, and no range leaves the drawing.
        #[test]
        fn any_veil_keeps_the_lines(
            text in "[ab\u{e9}\n :-]{0,60}",
            hidden in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..5),
            bytes in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        ) {
            let edges: Vec<usize> = (0..=text.len()).filter(|at| text.is_char_boundary(*at)).collect();
            let range = |(one, other): (prop::sample::Index, prop::sample::Index)| {
                let (one, other) = (*one.get(&edges), *other.get(&edges));
                one.min(other)..one.max(other)
            };
            let drawn = Veil::new(hidden.into_iter().map(range).collect()).drawn(&text, &(0..text.len()));
            prop_assert_eq!(drawn.text.matches('\n').count(), text.matches('\n').count());
            let at = drawn.at(&range(bytes));
            prop_assert!(at.end <= drawn.text.len() && drawn.text.get(at).is_some());
            let _ = of_lines(&text, 0, |word| word == "a");
        }
    }
}
