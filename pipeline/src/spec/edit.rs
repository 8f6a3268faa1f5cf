//! Changes single values of a pipeline file and leaves every other byte as it is: comments, order, layout.
//!
//! The tree of a file knows the bytes of each value, so that a value is replaced where it stands. What is missing
//! is put on a line of its own beside its neighbours, or into the braces it belongs to. After each edit the text
//! is read anew, so that several of them cannot get into each other's way.

use std::ops::Range;

use super::path::{Path, Step};
use super::read;
use super::tree::{Entry, Node, Value};
use super::vars;

/// A new value, or none, at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// Where.
    pub path: Path,
    /// What is to stand there; `None` takes the entry out.
    pub value: Option<Scalar>,
}

/// A value that can be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// A whole number.
    Number(u64),
    /// `true` or `false`.
    Switch(bool),
    /// Text, which is quoted where it has to be.
    Text(String),
}

/// Why a file cannot be edited there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// It is no YAML that can be read.
    #[error("the file cannot be read as YAML")]
    Unreadable,
    /// Nothing leads there.
    #[error("{0} is not in the file, and neither is what it would stand in")]
    NoPlace(Path),
    /// An anchor stands there: a change would reach further than it is meant to.
    #[error("{0} is shared by an anchor; change it by hand")]
    Shared(Path),
    /// A variable stands there: its value is to be changed, and not its name.
    #[error("{0} is made from a variable; change the variable's value")]
    Variable(Path),
    /// There is more than a single value.
    #[error("{0} is more than a single value; change it by hand")]
    NotScalar(Path),
}

/// The text with these edits made, one after the other.
///
/// # Errors
/// One of them cannot be made; nothing is changed then.
pub fn edit(source: &str, edits: &[Edit]) -> Result<String, EditError> {
    let mut text = source.to_owned();
    for edit in edits {
        let (tree, _) = read::tree(&text);
        let tree = tree.ok_or(EditError::Unreadable)?;
        let change = Editor { source: &text, tree: &tree }.change(edit)?;
        if let Some((bytes, new)) = change {
            text.replace_range(bytes, &new);
        }
    }
    Ok(text)
}

struct Editor<'a> {
    source: &'a str,
    tree: &'a Node,
}

type Change = Option<(Range<usize>, String)>;

impl Editor<'_> {
    fn change(&self, edit: &Edit) -> Result<Change, EditError> {
        match (self.tree.at(&edit.path), &edit.value) {
            (Some((Some(entry), node)), Some(value)) => {
                self.own(entry, &edit.path)?;
                match &node.value {
                    Value::Scalar(scalar) if vars::has_variables(&scalar.text) => {
                        Err(EditError::Variable(edit.path.clone()))
                    }
                    Value::Scalar(_) if !node.span.is_empty() => {
                        let span = self.trimmed(&node.span);
                        Ok(Some((span, value.written())))
                    }
                    _ => Err(EditError::NotScalar(edit.path.clone())),
                }
            }
            (Some((Some(entry), _)), None) => self.removal(entry, &edit.path).map(Some),
            (Some((None, _)), _) => Err(EditError::NotScalar(edit.path.clone())),
            (None, None) => Ok(None),
            (None, Some(value)) => self.insertion(&edit.path, value).map(Some),
        }
    }

    /// An alias has the bytes of its anchor, which stand elsewhere.
    fn own(&self, entry: &Entry, path: &Path) -> Result<(), EditError> {
        let span = &entry.value.span;
        let between = self.source.get(entry.key_span.end..span.start).unwrap_or("*");
        let mut bare = between.lines().map(|line| line.split('#').next().unwrap_or_default());
        let plain = bare.all(|line| line.chars().all(|letter| letter == ':' || letter.is_whitespace()));
        if plain { Ok(()) } else { Err(EditError::Shared(path.clone())) }
    }

    /// A plain scalar's bytes may reach to the end of what is blank after it.
    fn trimmed(&self, span: &Range<usize>) -> Range<usize> {
        span.start..span.start + self.source[span.clone()].trim_end().len()
    }

    /// Puts a missing entry into the nearest mapping above it that is there.
    fn insertion(&self, path: &Path, value: &Scalar) -> Result<(Range<usize>, String), EditError> {
        let (mut above, mut missing) = (path.clone(), Vec::new());
        let mapping = loop {
            let Some(Step::Key(key)) = above.steps().last().cloned() else {
                return Err(EditError::NoPlace(path.clone()));
            };
            missing.push(key);
            above = above.parent().unwrap_or_default();
            if let Some((entry, node)) = self.tree.at(&above) {
                if let Some(entry) = entry {
                    self.own(entry, path)?;
                }
                break node;
            }
        };
        let Value::Mapping(entries) = &mapping.value else { return Err(EditError::NoPlace(path.clone())) };
        // `buffer.size` where there is no buffer is `buffer: { size: … }`.
        let mut keys = missing.into_iter();
        let innermost = format!("{}: {}", keys.next().unwrap_or_default(), value.written());
        let text = keys.fold(innermost, |inner, key| format!("{key}: {{ {inner} }}"));
        if self.source[mapping.span.start..].starts_with('{') {
            return Ok(self.inside_braces(mapping, entries, &text));
        }
        self.on_a_line(entries, &text).ok_or_else(|| EditError::NoPlace(path.clone()))
    }

    fn inside_braces(&self, mapping: &Node, entries: &[Entry], text: &str) -> (Range<usize>, String) {
        match entries.last() {
            Some(last) => {
                let end = self.trimmed(&last.value.span).end.max(last.key_span.end);
                (end..end, format!(", {text}"))
            }
            None => (self.trimmed(&mapping.span), format!("{{ {text} }}")),
        }
    }

    /// After the last entry that is one line by itself; before the first where there is none.
    fn on_a_line(&self, entries: &[Entry], text: &str) -> Option<(Range<usize>, String)> {
        let first = entries.first()?;
        let indent = first.key_span.start - self.line_start(first.key_span.start);
        let indent = " ".repeat(indent);
        match entries.iter().rev().find(|entry| self.is_one_line(entry)) {
            Some(entry) => {
                let end = self.line_end(entry.key_span.start);
                Some((end..end, format!("\n{indent}{text}")))
            }
            None => {
                let start = first.key_span.start;
                Some((start..start, format!("{text}\n{indent}")))
            }
        }
    }

    fn removal(&self, entry: &Entry, path: &Path) -> Result<(Range<usize>, String), EditError> {
        let alone =
            self.source[self.line_start(entry.key_span.start)..entry.key_span.start].trim().is_empty();
        if alone && self.is_one_line(entry) {
            let end = self.line_end(entry.key_span.start);
            let end = if self.source[end..].starts_with('\n') { end + 1 } else { end };
            return Ok((self.line_start(entry.key_span.start)..end, String::new()));
        }
        self.own(entry, path)?;
        let end = self.trimmed(&entry.value.span).end.max(entry.key_span.end);
        let (before, after) = (&self.source[..entry.key_span.start], &self.source[end..]);
        let blank = before.len() - before.trim_end().len();
        // Out of braces it takes one comma with it: the one before it, or where it is the first, the one after.
        if before.trim_end().ends_with(',') {
            return Ok((entry.key_span.start - blank - 1..end, String::new()));
        }
        if before.trim_end().ends_with('{') {
            let rest = after.trim_start();
            let comma = rest.strip_prefix(',').map(str::trim_start);
            let kept = comma.unwrap_or(rest);
            return Ok((entry.key_span.start..end + after.len() - kept.len(), String::new()));
        }
        Err(EditError::NotScalar(path.clone()))
    }

    /// Whether key and value, and nothing else, stand on one line.
    fn is_one_line(&self, entry: &Entry) -> bool {
        let (start, end) = (self.line_start(entry.key_span.start), self.line_end(entry.key_span.start));
        let value = self.trimmed(&entry.value.span);
        let head = self.source.get(value.start..).unwrap_or_default();
        self.source[start..entry.key_span.start].trim().is_empty()
            && value.start >= entry.key_span.end
            && value.end <= end
            // A block scalar's bytes may be told from its first line on.
            && !head.starts_with(['|', '>'])
            && !self.source[entry.key_span.end..value.start].contains(['|', '>', '\n'])
    }

    fn line_start(&self, byte: usize) -> usize {
        self.source[..byte].rfind('\n').map_or(0, |newline| newline + 1)
    }

    fn line_end(&self, byte: usize) -> usize {
        let end = self.source[byte..].find('\n').map_or(self.source.len(), |newline| byte + newline);
        if self.source[..end].ends_with('\r') { end - 1 } else { end }
    }
}

/// Text as it is written in a file: quoted where it has to be.
pub(crate) fn scalar(text: &str) -> String {
    Scalar::Text(text.to_owned()).written()
}

impl Scalar {
    fn written(&self) -> String {
        match self {
            Scalar::Number(number) => number.to_string(),
            Scalar::Switch(on) => on.to_string(),
            Scalar::Text(text) if is_plain(text) => text.clone(),
            // A JSON string is a double-quoted YAML scalar.
            Scalar::Text(text) => serde_json::Value::from(text.as_str()).to_string(),
        }
    }
}

/// Whether text may stand without quotes anywhere, and is then text.
fn is_plain(text: &str) -> bool {
    let letters =
        |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '/' | '.' | '%');
    let words = ["true", "false", "null", "yes", "no", "on", "off"];
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.chars().all(letters)
        && text.contains(|letter: char| letter.is_ascii_alphabetic() || letter == '%')
        && text.parse::<f64>().is_err()
        && !text.starts_with("0x")
        && !text.starts_with("0o")
        && !words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "\
name: p   # the pipeline
streams:
  # clicks come here
  events:
    shards: 2        # a first guess
    retention: 24h
  orders: { shards: 1, retention: 48h }  # few
deliveries:
  lake:
    from: events
    to:
      s3:
        bucket: lake
        prefix: \"a/!{timestamp:yyyy}/\"
transforms:
  parse:
    vrl: |
      .a = 1
      # not a comment of YAML
";

    fn edited(path: &str, value: Option<Scalar>) -> String {
        edit(FILE, &[Edit { path: Path::of(path.split('.')), value }]).expect("it can be edited")
    }

    fn text(value: &str) -> Option<Scalar> {
        Some(Scalar::Text(value.to_owned()))
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        let changed = edited("streams.events.shards", Some(Scalar::Number(8)));
        assert_eq!(changed, FILE.replace("shards: 2 ", "shards: 8 "));
        let changed = edited("streams.orders.retention", text("72h"));
        assert_eq!(changed, FILE.replace("48h", "72h"));
        let changed = edited("deliveries.lake.to.s3.prefix", text("b/!{x}/"));
        assert_eq!(changed, FILE.replace("a/!{timestamp:yyyy}/", "b/!{x}/"));
    }

    #[test]
    fn a_missing_entry_is_put_beside_its_neighbours() {
        let changed = edited("streams.events.encryption", text("alias/aws/kinesis"));
        assert_eq!(changed, FILE.replace("24h\n", "24h\n    encryption: alias/aws/kinesis\n"));
        let changed = edited("streams.orders.encryption", text("alias/k"));
        assert_eq!(changed, FILE.replace("48h }", "48h, encryption: alias/k }"));
        let changed = edited("deliveries.lake.to.s3.buffer.size", text("64MiB"));
        assert!(changed.contains("        buffer: { size: 64MiB }\n"), "{changed}");
        let changed = edited("transforms.parse.memory", text("512MiB"));
        assert_eq!(changed, FILE.replace("    vrl: |", "    memory: 512MiB\n    vrl: |"));
    }

    #[test]
    fn an_entry_is_taken_out_with_its_line_or_its_comma() {
        assert_eq!(edited("streams.events.retention", None), FILE.replace("    retention: 24h\n", ""));
        assert_eq!(edited("streams.orders.retention", None), FILE.replace(", retention: 48h", ""));
        assert_eq!(edited("streams.orders.shards", None), FILE.replace("shards: 1, ", ""));
        assert_eq!(edited("streams.orders.encryption", None), FILE);
    }

    #[test]
    fn what_would_reach_further_is_refused() {
        let shared = "a: &x 1\nb: *x\nc: [1, 2]\n";
        let refused = |path: &str| {
            edit(shared, &[Edit { path: Path::of([path]), value: Some(Scalar::Number(2)) }])
                .expect_err("refused")
        };
        assert!(matches!(refused("b"), EditError::Shared(_)));
        assert!(matches!(refused("c"), EditError::NotScalar(_)));
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again_and_nothing_else_changes(value in "[ -~é✓]{1,24}", flow in any::<bool>()) {
            let path = Path::of(["streams", if flow { "orders" } else { "events" }, "retention"]);
            let change = Edit { path: path.clone(), value: Some(Scalar::Text(value.clone())) };
            let text = edit(FILE, &[change]).expect("it can be edited");
            let (tree, _) = read::tree(&text);
            let tree = tree.expect("it is still YAML");
            let (_, node) = tree.at(&path).expect("it is there");
            let Value::Scalar(scalar) = &node.value else { panic!("a scalar") };
            prop_assert_eq!(&*scalar.text, value.as_str());
            let back = edit(&text, &[Edit {
                path,
                value: Some(Scalar::Text(if flow { "48h" } else { "24h" }.to_owned())),
            }]);
            prop_assert_eq!(back.expect("it can be edited"), FILE);
        }
    }
}
