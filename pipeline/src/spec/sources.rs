//! The texts that a pipeline is made from, laid end to end: files, overlays, files of variables, and what was said
//! on the command line and in the environment.
//!
//! A range of bytes counts from the start of the first text, so that it says by itself which text it is of. One
//! tree can then hold pieces of several files, and every finding still points into the right one.

use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use super::position::{Position, floor};
use super::veil::{Drawn, Veil};

/// The texts, and where each begins.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    texts: Arc<Texts>,
    veil: Veil,
}

#[derive(Clone, Debug, Default)]
struct Texts {
    text: String,
    files: Vec<File>,
}

#[derive(Clone, Debug)]
struct File {
    path: PathBuf,
    bytes: Range<usize>,
}

/// Texts that are still being gathered.
#[derive(Debug, Default)]
pub(crate) struct Gathering(Texts);

impl Gathering {
    /// Takes a text in; says which it is, and the byte at which it begins.
    pub(crate) fn add(&mut self, path: &FilePath, text: &str) -> (usize, usize) {
        if !self.0.files.is_empty() {
            // No line runs on from one text into the next, and no two texts begin at one byte.
            self.0.text.push('\n');
        }
        let start = self.0.text.len();
        self.0.text.push_str(text);
        self.0.files.push(File { path: path.to_owned(), bytes: start..self.0.text.len() });
        (self.0.files.len() - 1, start)
    }

    /// How many bytes there are by now.
    pub(crate) fn len(&self) -> usize {
        self.0.text.len()
    }

    /// All of them.
    pub(crate) fn finish(self) -> Sources {
        Sources { texts: Arc::new(self.0), veil: Veil::default() }
    }
}

impl Sources {
    /// One text alone.
    pub(crate) fn of(path: &FilePath, text: &str) -> Self {
        let mut gathering = Gathering::default();
        gathering.add(path, text);
        gathering.finish()
    }

    /// The same with a veil over what nobody is shown.
    pub(crate) fn veiled(self, hidden: Vec<Range<usize>>) -> Self {
        Self { veil: Veil::new(hidden), ..self }
    }

    /// A piece of the texts as it is drawn.
    pub(crate) fn drawn(&self, window: &Range<usize>) -> Drawn {
        self.veil.drawn(&self.texts.text, window)
    }

    /// All texts, one after the other.
    pub(crate) fn text(&self) -> &str {
        &self.texts.text
    }

    /// Which text a byte is of; a byte past the end is of the last.
    pub(crate) fn file_at(&self, byte: usize) -> usize {
        self.texts.files.partition_point(|file| file.bytes.start <= byte).saturating_sub(1)
    }

    /// What a text is called.
    pub fn path(&self, file: usize) -> &FilePath {
        self.texts.files.get(file).map_or(FilePath::new(""), |file| &file.path)
    }

    /// The bytes of a text.
    pub(crate) fn bytes(&self, file: usize) -> Range<usize> {
        self.texts.files.get(file).map_or(0..0, |file| file.bytes.clone())
    }

    /// The line and column of a byte in its own text.
    pub(crate) fn position(&self, byte: usize) -> Position {
        let bytes = self.bytes(self.file_at(byte));
        let byte = floor(&self.texts.text, byte).clamp(bytes.start, bytes.end.max(bytes.start));
        Position::of(&self.texts.text[bytes.clone()], byte - bytes.start)
    }

    /// A byte as people are told of it: `prod.yaml:3`.
    pub(crate) fn told(&self, byte: usize) -> String {
        format!("{}:{}", self.path(self.file_at(byte)).display(), self.position(byte).line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_says_which_text_it_is_of() {
        let mut gathering = Gathering::default();
        for (path, text) in [("a", "one\ntwo"), ("b", ""), ("c", "drei\nvier\n")] {
            gathering.add(FilePath::new(path), text);
        }
        let sources = gathering.finish();
        let at = |needle: &str| sources.text().find(needle).expect("it is there");
        assert_eq!(sources.told(at("two")), "a:2");
        assert_eq!(sources.told(sources.bytes(0).end), "a:2");
        assert_eq!(sources.told(sources.bytes(1).start), "b:1");
        assert_eq!(sources.told(at("vier")), "c:2");
        assert_eq!(sources.position(at("ier")), Position { line: 2, column: 2 });
        assert_eq!(sources.told(usize::MAX), "c:3");
    }
}
