//! One text of several: read by itself, then moved to where it stands among all.

use std::ops::Range;
use std::path::Path as FilePath;
use std::sync::Arc;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::tree::Node;
use super::build::{Root, documents, several};
use super::{NotText, bytes, text};

/// A text, its YAML, and what is wrong with it; bytes count from its own start.
#[derive(Debug)]
pub(in super::super) struct Text {
    /// The text; empty when it could not be read.
    pub(in super::super) text: Arc<str>,
    roots: Vec<Root>,
    problems: Vec<Diagnostic>,
}

impl Text {
    /// The text of a file.
    pub(in super::super) fn of(path: &FilePath) -> Self {
        match bytes(path) {
            Ok(bytes) => Self::of_bytes(&bytes),
            Err(problem) => Self::unreadable(Arc::from(""), *problem),
        }
    }

    /// The text that these bytes are.
    pub(in super::super) fn of_bytes(bytes: &[u8]) -> Self {
        match text(bytes) {
            Ok(text) => {
                let (roots, problems) = documents(&text);
                Self { text, roots, problems }
            }
            Err(NotText::TooBig(problem)) => Self::unreadable(Arc::from(""), *problem),
            Err(NotText::NotUtf8 { readable, problem }) => Self::unreadable(readable, *problem),
        }
    }

    fn unreadable(text: Arc<str>, problem: Diagnostic) -> Self {
        Self { text, roots: Vec::new(), problems: vec![problem] }
    }

    /// Its documents and what is wrong with it, where it begins at this byte.
    pub(in super::super) fn at(self, start: usize) -> (Vec<Root>, Vec<Diagnostic>) {
        if start == 0 {
            return (self.roots, self.problems);
        }
        let root = |root: Root| Root {
            node: root.node.moved(start),
            start: root.start + start,
            end: root.end.map(|end| end + start),
        };
        let problems = self.problems.into_iter().map(|problem| moved(problem, start));
        (self.roots.into_iter().map(root).collect(), problems.collect())
    }

    /// The same of a text of one document, which may be empty.
    pub(in super::super) fn only(self, start: usize) -> (Option<Node>, Vec<Diagnostic>) {
        let (roots, mut problems) = self.at(start);
        problems.retain(|problem| problem.code != Code::Empty);
        let mut roots = roots.into_iter();
        let first = roots.next().map(|root| root.node);
        problems.extend(roots.next().map(|second| several(second.start)));
        (first, problems)
    }
}

fn moved(mut problem: Diagnostic, start: usize) -> Diagnostic {
    let place = |place: &mut Place| {
        if let Place::Bytes(bytes) = place {
            *bytes = by(bytes, start);
        }
    };
    place(&mut problem.place);
    problem.related.iter_mut().for_each(|(at, _)| place(at));
    problem
}

fn by(bytes: &Range<usize>, start: usize) -> Range<usize> {
    bytes.start + start..bytes.end + start
}
