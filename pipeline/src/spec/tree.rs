//! The YAML of a file as a tree whose every key and value knows its bytes.
//!
//! Subtrees are shared, so an alias costs a pointer. What an alias expands to is counted all the same
//! ([`Node::size`]), and the reader refuses trees that are small in memory only because they are shared.

use std::ops::Range;
use std::sync::Arc;

use serde_yaml::granit_parser::ScalarStyle;

use super::path::{Path, Step};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Bytes of the file; for a block mapping from its first key to its last value.
    pub(crate) span: Range<usize>,
    /// What it is.
    pub(crate) value: Value,
    /// How many values a walk through it meets, itself included.
    pub(crate) size: usize,
    /// How many levels it nests, itself included.
    pub(crate) depth: usize,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Text, or a number, a truth value or nothing: plain scalars are told apart when they are read.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Arc<Node>>),
    /// A mapping in file order, without duplicates.
    Mapping(Vec<Entry>),
    /// Something already reported; no rule says more about it.
    Broken,
}

/// A scalar as YAML unfolds it.
#[derive(Clone, Debug)]
pub(crate) struct Scalar {
    /// The text after unfolding and unescaping.
    pub(crate) text: Arc<str>,
    /// How it is written.
    pub(crate) style: ScalarStyle,
    /// What decides its kind.
    pub(crate) reads: Reads,
    /// What is written where variables stand in it; `text` has their values.
    pub(crate) template: Option<Arc<Template>>,
}

/// What decides the kind of a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// How it is written: what has quotes is text.
    Written,
    /// Text: a `!!str` tag, or a variable in it, says so.
    Text,
    /// Its content: a variable of that type stands there alone, perhaps in quotes.
    Content,
}

/// A text with variables in it: how the text with their values came of what is written.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    /// The text with the names of the variables.
    pub(crate) written: Arc<str>,
    /// Its pieces in order, without gaps.
    pub(crate) pieces: Vec<Piece>,
}

/// A part of a [`Template`].
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    /// Its bytes in the text with the values.
    pub(crate) text: Range<usize>,
    /// Its bytes in what is written.
    pub(crate) written: Range<usize>,
    /// The variable, where it is one.
    pub(crate) variable: Option<Arc<str>>,
}

impl Template {
    /// The bytes of what is written that `within` came of, given in bytes of the text with the values. The value of a
    /// variable is all of its name.
    pub(crate) fn written(&self, within: &Range<usize>) -> Range<usize> {
        let edge = |byte: usize, end: bool| {
            let holds = |piece: &&Piece| match end {
                true => piece.text.start < byte && byte <= piece.text.end,
                false => piece.text.start <= byte && byte < piece.text.end,
            };
            let Some(piece) = self.pieces.iter().find(holds) else { return self.written.len() };
            match (piece.written.len() == piece.text.len() && piece.variable.is_none(), end) {
                (true, _) => piece.written.start + (byte - piece.text.start),
                (false, true) => piece.written.end,
                (false, false) => piece.written.start,
            }
        };
        let start = edge(within.start, false);
        let end = if within.is_empty() { start } else { edge(within.end, true) };
        start..end.max(start)
    }
}

/// One key of a mapping and its value.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Arc<str>,
    /// Where the key stands.
    pub(crate) key_span: Range<usize>,
    /// The value.
    pub(crate) value: Arc<Node>,
}

/// What a scalar is under YAML 1.2's core schema.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// `null`, `~` or nothing at all.
    Null,
    /// `true` or `false`.
    Bool,
    /// A whole number that fits.
    Integer(i64),
    /// Any other number.
    Float,
    /// Everything else.
    Text,
}

impl Scalar {
    /// What it is under YAML 1.2's core schema.
    pub(crate) fn kind(&self) -> Kind {
        match self.reads {
            Reads::Text => Kind::Text,
            Reads::Written if self.style != ScalarStyle::Plain => Kind::Text,
            Reads::Written | Reads::Content => plain(&self.text),
        }
    }
}

/// What a plain scalar is.
pub(crate) fn plain(text: &str) -> Kind {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => Kind::Bool,
        text => number(text),
    }
}

fn number(text: &str) -> Kind {
    if let Ok(integer) = text.parse() {
        return Kind::Integer(integer);
    }
    let unsigned = text.trim_start_matches(['+', '-']);
    if let Some(digits) = unsigned.strip_prefix("0x").or_else(|| unsigned.strip_prefix("0o"))
        && !digits.is_empty()
        && digits.chars().all(|digit| digit.is_ascii_hexdigit())
    {
        return Kind::Float;
    }
    let numeric = unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.')
        && unsigned.parse::<f64>().is_ok();
    if numeric || matches!(unsigned, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN") {
        Kind::Float
    } else {
        Kind::Text
    }
}

impl Node {
    /// A node that is already reported.
    pub(crate) fn broken(span: Range<usize>) -> Self {
        Self { span, value: Value::Broken, size: 1, depth: 1 }
    }

    /// A list or a mapping of this content.
    pub(crate) fn collection(span: Range<usize>, value: Value) -> Self {
        let (mut size, mut depth) = (1, 0);
        let mut count = |node: &Self| {
            size += node.size;
            depth = depth.max(node.depth);
        };
        match &value {
            Value::Sequence(items) => items.iter().for_each(|item| count(item)),
            Value::Mapping(entries) => entries.iter().for_each(|entry| count(&entry.value)),
            Value::Scalar(_) | Value::Broken => {}
        }
        Self { span, value, size, depth: depth + 1 }
    }

    /// The same as if `bytes` more stood before it.
    pub(crate) fn moved(&self, bytes: usize) -> Self {
        let moved = |span: &Range<usize>| span.start + bytes..span.end + bytes;
        let value = match &self.value {
            Value::Sequence(items) => {
                Value::Sequence(items.iter().map(|item| Arc::new(item.moved(bytes))).collect())
            }
            Value::Mapping(entries) => {
                let entry = |entry: &Entry| Entry {
                    key: Arc::clone(&entry.key),
                    key_span: moved(&entry.key_span),
                    value: Arc::new(entry.value.moved(bytes)),
                };
                Value::Mapping(entries.iter().map(entry).collect())
            }
            other => other.clone(),
        };
        Self { span: moved(&self.span), value, size: self.size, depth: self.depth }
    }

    /// Whether it is `null`, written or left out.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.kind() == Kind::Null)
    }

    /// The entry under a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            Value::Mapping(entries) => entries.iter().find(|entry| &*entry.key == key),
            _ => None,
        }
    }

    /// What it is, in words for a message: "a list", "the number 5".
    pub(crate) fn describe(&self) -> String {
        match &self.value {
            Value::Sequence(_) => "a list".to_owned(),
            Value::Mapping(_) => "a mapping".to_owned(),
            Value::Broken => "something unreadable".to_owned(),
            Value::Scalar(scalar) => match scalar.kind() {
                Kind::Null => "nothing".to_owned(),
                // Where the value came from is told beside it, unless it is a secret.
                Kind::Bool | Kind::Integer(_) | Kind::Float if scalar.template.is_some() => {
                    "a number or a truth value".to_owned()
                }
                Kind::Bool => format!("`{}`", scalar.text),
                Kind::Integer(_) | Kind::Float => format!("the number {}", scalar.text),
                Kind::Text => "text".to_owned(),
            },
        }
    }

    /// The entry and node that a path leads to; the last step's entry only when it is a key.
    pub(crate) fn at(&self, path: &Path) -> Option<(Option<&Entry>, &Node)> {
        let mut found: (Option<&Entry>, &Node) = (None, self);
        for step in path.steps() {
            found = match (step, &found.1.value) {
                (Step::Key(key), Value::Mapping(_)) => {
                    let entry = found.1.entry(key)?;
                    (Some(entry), &entry.value)
                }
                (Step::Index(index), Value::Sequence(items)) => (None, items.get(*index)?),
                _ => return None,
            };
        }
        Some(found)
    }
}
