//! The text being laid out, with and without its comments.

use std::collections::BTreeMap;
use std::ops::Range;

/// A text and the same text with every comment blanked, byte for byte.
pub(super) struct Source<'a> {
    /// As it is.
    pub(super) text: &'a str,
    /// With spaces in place of comments: what stands between two values is then YAML's own signs alone.
    pub(super) bare: String,
}

/// A comment of the file.
pub(super) struct Comment {
    /// With its `#`, without white space after it.
    pub(super) text: String,
    /// Whether nothing else stands on its line.
    pub(super) own_line: bool,
    /// Its column in the file, from 0.
    pub(super) column: usize,
}

/// Comments by the byte they start at.
pub(super) type Comments = BTreeMap<usize, Comment>;

impl<'a> Source<'a> {
    /// The text, and its comments, which stand at these bytes.
    pub(super) fn new(text: &'a str, comments: &[Range<usize>]) -> (Self, Comments) {
        let mut bytes = text.as_bytes().to_vec();
        for range in comments {
            bytes[range.clone()].fill(b' ');
        }
        // Whole comments were blanked, so no letter was cut.
        let bare = String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned());
        let source = Source { text, bare };
        let comments = comments.iter().map(|range| (range.start, source.comment(range))).collect();
        (source, comments)
    }

    fn comment(&self, range: &Range<usize>) -> Comment {
        let said = self.text[range.clone()].trim_start_matches('#');
        let signs = "#".repeat(range.len() - said.len());
        let said = said.trim_end();
        let gap = if said.is_empty() || said.starts_with([' ', '\t', '!']) { "" } else { " " };
        Comment {
            text: format!("{signs}{gap}{said}"),
            own_line: self.bare[self.line_start(range.start)..range.start].trim().is_empty(),
            column: self.column(range.start),
        }
    }

    /// The first byte of the line of a byte.
    pub(super) fn line_start(&self, byte: usize) -> usize {
        self.text[..byte].rfind('\n').map_or(0, |newline| newline + 1)
    }

    /// The column of a byte in characters, from 0.
    pub(super) fn column(&self, byte: usize) -> usize {
        self.text[self.line_start(byte)..byte].chars().count()
    }

    /// Whether what starts at a byte is the first of its line, dashes of a list aside, and the line above is blank.
    pub(super) fn blank_above(&self, byte: usize) -> bool {
        let start = self.line_start(byte);
        let first = self.text[start..byte].chars().all(|letter| letter.is_whitespace() || letter == '-');
        let above = start.checked_sub(1).map(|end| &self.text[self.line_start(end)..end]);
        first && above.is_some_and(|line| line.trim().is_empty())
    }

    /// Where the dash stands in front of the list item that starts at a byte.
    pub(super) fn dash(&self, item: usize) -> usize {
        let before = self.bare[..item].trim_end();
        if before.ends_with('-') { before.len() - 1 } else { item }
    }
}
