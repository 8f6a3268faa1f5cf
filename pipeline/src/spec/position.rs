//! From a place in keys to bytes, lines and columns of the file.

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::Place;
use super::path::Path;
use super::program;
use super::tree::{Node, Value};
use super::vars;

/// Where every key and value of a file stands.
#[derive(Clone, Debug, Default)]
pub struct Positions {
    tree: Option<Arc<Node>>,
}

/// A line and a column, both counted from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Positions {
    pub(crate) fn new(tree: Arc<Node>) -> Self {
        Self { tree: Some(tree) }
    }

    /// The bytes of a place on one line, or `None` for the file as such.
    ///
    /// A path that leads past the end of the file's tree gives the nearest thing above it, so that a
    /// missing field is shown at the mapping that misses it.
    pub fn resolve(&self, place: &Place, source: &str) -> Option<Range<usize>> {
        let bytes = match place {
            Place::File => return None,
            Place::Bytes(bytes) => bytes.clone(),
            Place::Key(path) => self.key(path)?,
            Place::Value(path) => self.value(path)?,
            Place::Within(path, within) => {
                let (_, node) = self.tree.as_ref()?.at(path)?;
                match &node.value {
                    Value::Scalar(scalar) => program::locate(source, &node.span, scalar, within),
                    _ => node.span.clone(),
                }
            }
        };
        Some(on_one_line(source, bytes))
    }

    /// The bytes of a place, all of them, or `None` for the file as such.
    pub(super) fn span(&self, place: &Place) -> Option<Range<usize>> {
        match place {
            Place::Key(path) => self.key(path),
            Place::Value(path) => self.value(path),
            Place::File | Place::Bytes(_) | Place::Within(..) => None,
        }
    }

    /// The line and column where a place starts.
    pub fn start(&self, place: &Place, source: &str) -> Option<Position> {
        Some(Position::of(source, self.resolve(place, source)?.start))
    }

    /// The variables that the value at a path is made from.
    pub(crate) fn variables_at(&self, path: &Path) -> Vec<String> {
        let names = self.tree.as_ref().map(|tree| vars::used_at(tree, path)).unwrap_or_default();
        names.iter().map(ToString::to_string).collect()
    }

    fn key(&self, path: &Path) -> Option<Range<usize>> {
        let tree = self.tree.as_ref()?;
        let mut path = path.clone();
        loop {
            match tree.at(&path) {
                Some((Some(entry), _)) => return Some(entry.key_span.clone()),
                Some((None, node)) => return Some(node.span.clone()),
                None => path = path.parent()?,
            }
        }
    }

    fn value(&self, path: &Path) -> Option<Range<usize>> {
        let tree = self.tree.as_ref()?;
        match tree.at(path) {
            Some((_, node)) if !node.span.is_empty() => Some(node.span.clone()),
            _ => self.key(path),
        }
    }
}

impl Position {
    /// The line and column of a byte; a byte past the end counts as the end.
    pub fn of(source: &str, byte: usize) -> Self {
        let before = &source[..floor(source, byte)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// The nearest character boundary at or before a byte.
pub(crate) fn floor(source: &str, byte: usize) -> usize {
    let mut byte = byte.min(source.len());
    while !source.is_char_boundary(byte) {
        byte -= 1;
    }
    byte
}

/// Cuts a range at the end of its first line: carets under one line read better than a bracket beside ten.
fn on_one_line(source: &str, bytes: Range<usize>) -> Range<usize> {
    let start = floor(source, bytes.start);
    let end = floor(source, bytes.end).max(start);
    let text = &source[start..end];
    let line = text.lines().next().unwrap_or("").trim_end();
    start..start + line.len()
}
