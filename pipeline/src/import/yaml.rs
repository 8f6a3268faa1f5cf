//! YAML as a person would write it: plain words where they are safe, quotes where they are not, programs as blocks,
//! and notes as comments above what they are about. What looks like a variable and is text is written so that it stays
//! text.

use std::fmt::Write as _;

use crate::spec::vars::escape;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    /// A number, a truth value or a measure, written as it is.
    Word(String),
    /// Text, quoted where it has to be.
    Text(String),
    /// Text of several lines, as a block.
    Block(String),
    /// A mapping.
    Map(Map),
    /// A list; of short things on one line.
    List(Vec<Value>),
}

/// A mapping in the order it is written.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Map {
    entries: Vec<Entry>,
    /// Comments at the end of the mapping.
    closing: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
struct Entry {
    key: String,
    value: Value,
    notes: Vec<String>,
}

impl Value {
    /// Text.
    pub(super) fn text(text: impl Into<String>) -> Self {
        Value::Text(text.into())
    }

    /// A number, a truth value or a measure.
    pub(super) fn word(word: impl ToString) -> Self {
        Value::Word(word.to_string())
    }
}

impl Map {
    /// Adds an entry.
    pub(super) fn put(&mut self, key: impl Into<String>, value: Value) {
        self.entries.push(Entry { key: key.into(), value, notes: Vec::new() });
    }

    /// Adds an entry where there is a value for it.
    pub(super) fn put_some(&mut self, key: &str, value: Option<Value>) {
        if let Some(value) = value {
            self.put(key, value);
        }
    }

    /// Adds a mapping, unless it says nothing.
    pub(super) fn put_map(&mut self, key: &str, map: Map) {
        if !map.is_empty() {
            self.put(key, Value::Map(map));
        }
    }

    /// Adds an entry with comments above it.
    pub(super) fn put_noted(&mut self, key: impl Into<String>, value: Value, notes: Vec<String>) {
        self.entries.push(Entry { key: key.into(), value, notes });
    }

    /// Adds a comment below the entries.
    pub(super) fn close_with(&mut self, note: impl Into<String>) {
        self.closing.push(note.into());
    }

    /// Whether it has nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.closing.is_empty()
    }

    /// As a document.
    pub(super) fn written(&self) -> String {
        let mut out = String::new();
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        for (index, entry) in self.entries.iter().enumerate() {
            // Sections stand apart.
            if depth == 0 && index > 0 && matches!(entry.value, Value::Map(_)) {
                out.push('\n');
            }
            for note in &entry.notes {
                comment(note, depth, out);
            }
            let _ = write!(out, "{}{}:", indent(depth), quoted(&entry.key));
            entry.value.write(depth, out);
        }
        for note in &self.closing {
            comment(note, depth, out);
        }
    }

    /// On one line, where all of it fits there.
    fn inline(&self) -> Option<String> {
        if !self.closing.is_empty() || self.entries.iter().any(|entry| !entry.notes.is_empty()) {
            return None;
        }
        let entries: Option<Vec<String>> = self
            .entries
            .iter()
            .map(|entry| Some(format!("{}: {}", quoted_inside(&entry.key), entry.value.inline()?)))
            .collect();
        Some(format!("{{ {} }}", entries?.join(", ")))
    }
}

/// The longest mapping or list that is written on one line.
const LINE: usize = 90;

impl Value {
    /// Writes it after its key's colon.
    fn write(&self, depth: usize, out: &mut String) {
        match self {
            Value::Map(map) if map.entries.is_empty() => {
                out.push('\n');
                map.write(depth + 1, out);
            }
            Value::Map(map) => match map.inline().filter(|line| depth > 1 && line.len() <= LINE) {
                Some(line) => {
                    let _ = writeln!(out, " {line}");
                }
                None => {
                    out.push('\n');
                    map.write(depth + 1, out);
                }
            },
            Value::List(items) => match self.inline().filter(|line| line.len() <= LINE) {
                Some(line) => {
                    let _ = writeln!(out, " {line}");
                }
                None => {
                    out.push('\n');
                    for item in items {
                        let _ = writeln!(out, "{}- {}", indent(depth + 1), item.flow());
                    }
                }
            },
            Value::Block(text) => block(text, depth, out),
            Value::Word(word) => {
                let _ = writeln!(out, " {word}");
            }
            Value::Text(text) => {
                let _ = writeln!(out, " {}", quoted(text));
            }
        }
    }

    /// On one line; `None` for what would not be read there.
    fn inline(&self) -> Option<String> {
        match self {
            Value::Map(map) => map.inline(),
            Value::Block(_) => None,
            other => Some(other.flow()),
        }
    }

    /// On one line, come what may.
    fn flow(&self) -> String {
        match self {
            Value::Word(word) => word.clone(),
            Value::Text(text) | Value::Block(text) => quoted_inside(text),
            Value::List(items) => {
                format!("[{}]", items.iter().map(Value::flow).collect::<Vec<_>>().join(", "))
            }
            Value::Map(map) => {
                let pairs = map.entries.iter();
                let pairs =
                    pairs.map(|entry| format!("{}: {}", quoted_inside(&entry.key), entry.value.flow()));
                format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

fn indent(depth: usize) -> String {
    "  ".repeat(depth)
}

/// A comment, broken into lines.
fn comment(note: &str, depth: usize, out: &mut String) {
    const WIDTH: usize = 100;
    let mut line = String::new();
    for word in note.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() + 1 > WIDTH {
            let _ = writeln!(out, "{}# {line}", indent(depth));
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(out, "{}# {line}", indent(depth));
}

/// Text of several lines as a literal block, where that keeps every character of it.
fn block(text: &str, depth: usize, out: &mut String) {
    let text = &*escape(text);
    let body = text.strip_suffix('\n').unwrap_or(text);
    let fits = !body.is_empty()
        && !body.starts_with([' ', '\n', '\t'])
        && !body.ends_with('\n')
        && body.chars().all(|c| c == '\n' || c == '\t' || !c.is_control())
        && !body.contains(['\u{85}', '\u{2028}', '\u{2029}', '\u{feff}']);
    if !fits {
        let _ = writeln!(out, " {}", double_quoted(text));
        return;
    }
    let _ = writeln!(out, "{}", if text.ends_with('\n') { " |" } else { " |-" });
    for line in body.split('\n') {
        let indentation = if line.is_empty() { String::new() } else { indent(depth + 1) };
        let _ = writeln!(out, "{indentation}{line}");
    }
}

/// Text as a scalar of its own line.
fn quoted(text: &str) -> String {
    let text = &*escape(text);
    if is_plain(text) { text.to_owned() } else { double_quoted(text) }
}

/// Text inside brackets or braces, where commas and the like mean something.
fn quoted_inside(text: &str) -> String {
    let text = &*escape(text);
    if is_plain(text) && !text.contains([',', '[', ']', '{', '}']) {
        text.to_owned()
    } else {
        double_quoted(text)
    }
}

/// Whether YAML reads it as this text without quotes, whichever version of YAML reads.
fn is_plain(text: &str) -> bool {
    let first = text.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let legal =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '/' | ',' | '+' | '@');
    let words = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf"];
    first && text.chars().all(legal) && !text.ends_with(' ') && !words.contains(&text.to_lowercase().as_str())
}

/// Text in double quotes; JSON's escapes are YAML's.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            // Breaks of lines to some versions of YAML, and what no one sees.
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> serde_json::Value {
        serde_yaml::from_str(text).expect("it is YAML")
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_was(key in "[a-z]{1,5}", text in "\\PC{0,40}|[ -~\\n\\t]{0,60}") {
            for value in [Value::text(&*text), Value::Block(text.clone()), Value::List(vec![Value::text(&*text)])] {
                let list = matches!(value, Value::List(_));
                let mut inside = Map::default();
                inside.put(key.clone(), value);
                let mut map = Map::default();
                map.put("outer", Value::Map(inside));
                let written = map.written();
                let there = &read(&written)["outer"][&key];
                let there = if list { &there[0] } else { there };
                prop_assert_eq!(there.as_str(), Some(&*text), "{}", written);
            }
        }
    }

    #[test]
    fn it_reads_as_a_person_would_have_written_it() {
        let mut buffer = Map::default();
        buffer.put("size", Value::word("5MiB"));
        let mut lake = Map::default();
        lake.put("prefix", Value::text("a/!{timestamp:yyyy}/"));
        lake.put_map("buffer", buffer);
        lake.put("vrl", Value::Block(".a = 1\n.b = 2\n".into()));
        let mut deliveries = Map::default();
        deliveries.put_noted("lake", Value::Map(lake), vec!["A note.".into()]);
        let mut file = Map::default();
        file.put("name", Value::text("clicks"));
        file.put("deliveries", Value::Map(deliveries));
        assert_eq!(
            file.written(),
            "name: clicks\n\ndeliveries:\n  # A note.\n  lake:\n    prefix: \"a/!{timestamp:yyyy}/\"\n    \
             buffer: { size: 5MiB }\n    vrl: |\n      .a = 1\n      .b = 2\n"
        );
    }
}
