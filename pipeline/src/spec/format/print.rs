//! Values and comments, in the order of the file, on the lines of the new text.
//!
//! Comments are kept by where they stood, and each value first prints those in front of it, so that none is lost
//! whatever the value becomes. One beside a value stays beside it. At the end of a block, those that were indented
//! with it stay in it.

use super::flow;
use super::lines::{Lines, width};
use super::node::{Document, Node, Shape};
use super::scalar;
use super::source::{Comments, Source};

/// The longest line on which brackets and braces stay together.
const WIDTH: usize = 100;
/// Spaces of one level.
const STEP: usize = 2;

/// The documents of a file, laid out.
pub(super) fn documents(source: &Source<'_>, comments: Comments, documents: &[Document]) -> String {
    let mut printer = Printer { source, comments, lines: Lines::default() };
    for (index, document) in documents.iter().enumerate() {
        let next = documents.get(index + 1).map(|next| next.marker.unwrap_or(next.root.first));
        printer.document(document, index > 0, next.unwrap_or(usize::MAX));
    }
    printer.comments_before(usize::MAX, 0);
    printer.lines.text()
}

struct Printer<'s, 'a> {
    source: &'s Source<'a>,
    comments: Comments,
    lines: Lines,
}

/// Where a value is put.
#[derive(Clone, Copy)]
struct At {
    /// The spaces in front of the key or dash that it belongs to.
    indent: usize,
    /// The spaces in front of comments above the line.
    lead: usize,
    /// The column of that key or dash in the file.
    column: usize,
    /// Where the next value stands in the file.
    next: usize,
    /// Whether a blank line is above the line.
    blank: bool,
}

/// Where a block ends, and which comments still belong to it there.
#[derive(Clone, Copy)]
struct End {
    /// Where the next value stands in the file.
    limit: usize,
    /// The least column of comments that belong to the block.
    floor: usize,
}

/// What stands in front of the first line of a block already.
type Prefix = Option<(String, At)>;

impl Printer<'_, '_> {
    fn document(&mut self, document: &Document, later: bool, next: usize) {
        if let Some(marker) = document.marker {
            self.comments_before(marker, 0);
        }
        if document.marker.is_some() || later {
            let comment = document.marker.and_then(|marker| self.comment_beside(marker));
            self.lines.push("---".to_owned(), comment, later);
        }
        let root = &document.root;
        if root.is_absent() {
            self.comments_before(next, 0);
        } else if self.stays_block(root, 0) && root.properties.is_empty() {
            self.block(root, 0, None, End { limit: next, floor: 0 });
        } else {
            let at = At { indent: 0, lead: 0, column: 0, next, blank: self.source.blank_above(root.first) };
            self.value(String::new(), root, at);
        }
    }

    /// Whether a value takes lines of its own below its key.
    fn stays_block(&self, node: &Node, used: usize) -> bool {
        if !node.is_collection() {
            return false;
        }
        let inline = node.is_flow() && self.comments.range(node.first..node.end).next().is_none();
        let line = if inline { flow::inline(self.source, node) } else { None };
        line.is_none_or(|line| used + 1 + width(&line) > WIDTH)
    }

    /// A list or a mapping with something in it.
    fn block(&mut self, node: &Node, indent: usize, prefix: Prefix, end: End) {
        match &node.shape {
            Shape::Mapping(_, entries) => self.entries(entries, indent, prefix, end.limit),
            Shape::Sequence(_, items) => self.items(items, indent, prefix, end.limit),
            Shape::Scalar(..) | Shape::Alias(_) => {}
        }
        match node.is_flow() {
            true => self.comments_before(node.end, indent),
            false => self.comments_within(end, indent),
        }
    }

    fn entries(&mut self, entries: &[(Node, Node)], indent: usize, prefix: Prefix, limit: usize) {
        let (mut prefix, mut parted) = (prefix, false);
        for (index, (key, value)) in entries.iter().enumerate() {
            let next = entries.get(index + 1).map_or(limit, |(key, _)| key.first);
            let column = self.source.column(key.first);
            let from = self.lines.len();
            let may_part = indent == 0 && !self.lines.is_tight();
            let (mut line, at) = match prefix.take() {
                Some((line, at)) => (line, At { indent, column, next, ..at }),
                None => {
                    self.comments_before(key.first, indent);
                    let blank = self.source.blank_above(key.first);
                    (" ".repeat(indent), At { indent, lead: indent, column, next, blank })
                }
            };
            line.push_str(&flow::key(self.source, key));
            let to = self.value(line, value, at);
            let sections = self.lines.len() > to;
            if may_part && index > 0 && (sections || parted) {
                self.lines.part(from, to);
            }
            parted = sections;
        }
    }

    fn items(&mut self, items: &[Node], indent: usize, prefix: Prefix, limit: usize) {
        let mut prefix = prefix;
        for (index, item) in items.iter().enumerate() {
            let next = items.get(index + 1).map_or(limit, |item| self.source.dash(item.first));
            let dash = self.source.dash(item.first);
            let (mut line, at) = match prefix.take() {
                Some((line, at)) => (line, At { indent, column: self.source.column(dash), next, ..at }),
                None => {
                    self.comments_before(item.first, indent);
                    let blank = self.source.blank_above(dash);
                    let column = self.source.column(dash);
                    (" ".repeat(indent), At { indent, lead: indent, column, next, blank })
                }
            };
            line.push('-');
            if self.stays_block(item, width(&line)) && item.properties.is_empty() {
                line.push(' ');
                let end = End { limit: next, floor: self.source.column(item.first) };
                self.block(item, indent + STEP, Some((line, at)), end);
            } else {
                self.value(line, item, at);
            }
        }
    }

    /// A value behind its key or dash. Tells how many lines there were when that line was printed.
    fn value(&mut self, line: String, value: &Node, at: At) -> usize {
        if self.stays_block(value, width(&line)) {
            return self.below(line, value, at);
        }
        self.comments_before(self.content(value), at.lead);
        let (line, below, keeps) = self.beside(line, value, at);
        let mut blank = at.blank;
        let mut comment = match &value.shape {
            Shape::Scalar(_, _, content) if value.is_block_scalar() => {
                let beside = self.comments.range(value.first..content.start).next().map(|(start, _)| *start);
                beside.and_then(|start| self.comments.remove(&start)).map(|comment| comment.text)
            }
            _ => self.comment_beside(value.end),
        };
        if !value.is_block_scalar()
            && !below.is_empty()
            && let Some(text) = comment.take()
        {
            // Text that goes on in the next line has no place for a comment.
            self.lines.push(" ".repeat(at.lead) + &text, None, blank);
            blank = false;
        }
        self.lines.push(line, comment, blank);
        let to = self.lines.len();
        self.lines.extend(below);
        if keeps {
            self.lines.tighten();
        }
        to
    }

    /// A value that fits behind its key, and what of it goes on below.
    fn beside(&self, mut line: String, value: &Node, at: At) -> (String, Vec<String>, bool) {
        let gap = if line.is_empty() { "" } else { " " };
        if !value.properties.is_empty() {
            line.push_str(gap);
            line.push_str(&value.properties);
        }
        let gap = if line.is_empty() { "" } else { " " };
        let Shape::Scalar(style, text, content) = &value.shape else {
            let inline = flow::inline(self.source, value).unwrap_or_default();
            let inline = inline.strip_prefix(&value.properties).unwrap_or(&inline).trim_start();
            return (line + gap + inline, Vec::new(), false);
        };
        let written = scalar::written(self.source, (*style, text, content), at.indent + STEP, at.column);
        if !written.head.is_empty() {
            line.push_str(gap);
            line.push_str(&written.head);
        }
        (line, written.below, written.keeps_blank_lines)
    }

    /// A value on the lines below its key.
    fn below(&mut self, mut line: String, value: &Node, at: At) -> usize {
        if !value.properties.is_empty() {
            line.push_str(if line.is_empty() { "" } else { " " });
            line.push_str(&value.properties);
        }
        let inner = match &value.shape {
            Shape::Mapping(_, entries) => entries.first().map(|(key, _)| key.first),
            Shape::Sequence(false, items) => items.first().map(|item| self.source.dash(item.first)),
            Shape::Sequence(true, items) => items.first().map(|item| item.first),
            Shape::Scalar(..) | Shape::Alias(_) => None,
        };
        let inner = inner.unwrap_or(value.first);
        let beside = self.comments.range(..inner).next().filter(|(_, comment)| !comment.own_line);
        let comment = match beside.map(|(start, _)| *start) {
            Some(start) => self.comments.remove(&start).map(|comment| comment.text),
            None if value.is_flow() => self.comment_beside(value.end),
            None => None,
        };
        self.lines.push(line, comment, at.blank);
        self.lines.tighten();
        let to = self.lines.len();
        // Where dashes stand right below their key, a comment in that column is the next key's.
        let column = self.source.column(inner);
        let floor = if column == at.column { column + 1 } else { column };
        self.block(value, at.indent + STEP, None, End { limit: at.next, floor });
        to
    }

    /// Where a value's own bytes start: comments above them go above its line.
    fn content(&self, value: &Node) -> usize {
        match &value.shape {
            _ if value.is_absent() => 0,
            Shape::Scalar(..) if value.is_block_scalar() => value.first,
            Shape::Scalar(_, _, content) | Shape::Alias(content) => content.start,
            Shape::Sequence(..) | Shape::Mapping(..) => value.end,
        }
    }

    /// Prints what comments stand in front of a byte, each on a line of its own.
    fn comments_before(&mut self, byte: usize, indent: usize) {
        while let Some(entry) = self.comments.first_entry()
            && *entry.key() < byte
        {
            self.comment_line(indent);
        }
    }

    /// Prints the comments at the end of a block that are indented with it.
    fn comments_within(&mut self, end: End, indent: usize) {
        while let Some(entry) = self.comments.first_entry()
            && *entry.key() < end.limit
            && entry.get().own_line
            && entry.get().column >= end.floor
        {
            self.comment_line(indent);
        }
    }

    fn comment_line(&mut self, indent: usize) {
        if let Some((start, comment)) = self.comments.pop_first() {
            let blank = comment.own_line && self.source.blank_above(start);
            self.lines.push(" ".repeat(indent) + &comment.text, None, blank);
        }
    }

    /// Takes the comment that stands on the same line right after a byte.
    fn comment_beside(&mut self, end: usize) -> Option<String> {
        let start = *self.comments.range(end..).next()?.0;
        let between = &self.source.bare[end..start];
        let beside = between.chars().all(|letter| matches!(letter, ' ' | '\t' | ',' | ':'));
        if beside { self.comments.remove(&start).map(|comment| comment.text) } else { None }
    }
}
