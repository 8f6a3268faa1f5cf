//! The values of a file with the bytes they were written in.

use std::ops::Range;

use serde_yaml::granit_parser::{
    Event, Options, Parser, ScalarStyle, ScanError, Span, StrInput, StructureStyle,
};

use super::Refusal;
use super::source::{Comments, Source};

/// A value, from its anchor or tag to its end.
pub(super) struct Node {
    /// Where it starts: at its anchor or tag, a list at its first dash.
    pub(super) first: usize,
    /// Where it ends, closing bracket included.
    pub(super) end: usize,
    /// `&anchor !tag`, or nothing.
    pub(super) properties: String,
    /// What it is.
    pub(super) shape: Shape,
}

/// What a node is, and how it is written.
pub(super) enum Shape {
    /// A scalar: its text as YAML reads it, and its bytes; a block scalar's are those below its header.
    Scalar(ScalarStyle, String, Range<usize>),
    /// `*name`.
    Alias(Range<usize>),
    /// A list; whether it stands in brackets.
    Sequence(bool, Vec<Node>),
    /// A mapping; whether it stands in braces.
    Mapping(bool, Vec<(Node, Node)>),
}

/// One YAML document of a file.
pub(super) struct Document {
    /// Where its `---` ends, where there is one.
    pub(super) marker: Option<usize>,
    /// What it holds.
    pub(super) root: Node,
}

/// An event and where it is.
pub(super) type Spanned<'a> = (Event<'a>, Span);

/// How deep a file may nest; the format needs eight levels.
const MAX_DEPTH: usize = 64;

/// Every event of a text.
pub(super) fn events(text: &str) -> Result<Vec<Spanned<'_>>, ScanError> {
    let mut options = Options::default();
    options.emit_unresolved_aliases = true;
    options.emit_anchor_events = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.max_buffered_comment_events = usize::MAX;
    options.set_emit_comments(true);
    Parser::<StrInput<'_>>::new_from_str_with_options(text, options).collect()
}

/// The bytes of an event.
pub(super) fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

/// The documents of a file and its comments.
pub(super) fn read<'a>(
    text: &'a str,
    events: Vec<Spanned<'_>>,
) -> Result<(Source<'a>, Comments, Vec<Document>), Refusal> {
    let (comments, events): (Vec<_>, Vec<_>) =
        events.into_iter().partition(|(event, _)| matches!(event, Event::Comment(..)));
    let mut comments: Vec<Range<usize>> = comments.iter().map(|(_, span)| bytes(span)).collect();
    comments.sort_by_key(|range| range.start);
    let (source, comments) = Source::new(text, &comments);
    let mut builder = Builder { source: &source, events: events.into_iter().peekable() };
    let mut documents = Vec::new();
    while let Some((event, span)) = builder.events.next() {
        if let Event::DocumentStart(explicit, version) = event {
            if version.is_some()
                || source.bare[..bytes(&span).start].lines().any(|line| line.starts_with('%'))
            {
                return Err(Refusal::new(bytes(&span), "a file with `%` directives is laid out by hand"));
            }
            let marker = explicit.then_some(bytes(&span).end);
            let root = builder.node()?;
            if !root.is_absent() && !matches!(root.shape, Shape::Sequence(..) | Shape::Mapping(..)) {
                return Err(Refusal::new(
                    root.first..root.end,
                    "this is a single value, not a pipeline file",
                ));
            }
            documents.push(Document { marker, root });
        }
    }
    Ok((source, comments, documents))
}

struct Builder<'s, 'a, 'e, I: Iterator<Item = Spanned<'e>>> {
    source: &'s Source<'a>,
    events: std::iter::Peekable<I>,
}

impl<'e, I: Iterator<Item = Spanned<'e>>> Builder<'_, '_, 'e, I> {
    fn node(&mut self) -> Result<Node, Refusal> {
        let Some((event, span)) = self.events.next() else {
            return Err(Refusal::new(0..0, "the file ends in the middle"));
        };
        let tag = span.tag_span().map(|tag| bytes(&tag));
        let at = bytes(&span);
        let mut before: Vec<Range<usize>> = Vec::new();
        if let Some((Event::Anchor(..), span)) = self.events.peek() {
            before.push(bytes(span));
            self.events.next();
        }
        before.extend(tag);
        let properties: Vec<&str> = before.iter().map(|range| &self.source.text[range.clone()]).collect();
        let properties = properties.join(" ");
        let (start, end, shape) = self.shape(event, at)?;
        let first = before.iter().map(|range| range.start).min().map_or(start, |first| first.min(start));
        Ok(Node { first, end, properties, shape })
    }

    fn shape(&mut self, event: Event<'_>, at: Range<usize>) -> Result<(usize, usize, Shape), Refusal> {
        match event {
            Event::Scalar(text, style @ (ScalarStyle::Literal | ScalarStyle::Folded), ..) => {
                let header = self.source.bare[..at.start].rfind(['|', '>']).unwrap_or(at.start);
                Ok((header, at.end, Shape::Scalar(style, text.into_owned(), at)))
            }
            Event::Scalar(text, style, ..) => {
                Ok((at.start, at.end, Shape::Scalar(style, text.into_owned(), at)))
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => Ok((at.start, at.end, Shape::Alias(at))),
            Event::SequenceStart(style, ..) => self.sequence(style == StructureStyle::Flow, at.start),
            Event::MappingStart(style, ..) => self.mapping(style == StructureStyle::Flow, at.start),
            _ => Err(Refusal::new(at, "this cannot be laid out")),
        }
    }

    fn sequence(&mut self, flow: bool, start: usize) -> Result<(usize, usize, Shape), Refusal> {
        let mut items = Vec::new();
        loop {
            if let Some((Event::SequenceEnd, span)) = self.events.peek() {
                let end = bytes(span).end;
                self.events.next();
                let last = items.last().map_or(start, |item: &Node| item.end);
                let first = items.first().filter(|_| !flow).map(|item| self.source.dash(item.first));
                let end = if flow { end } else { last };
                return Ok((first.unwrap_or(start), end, Shape::Sequence(flow, items)));
            }
            items.push(self.node()?);
        }
    }

    fn mapping(&mut self, flow: bool, start: usize) -> Result<(usize, usize, Shape), Refusal> {
        let mut entries: Vec<(Node, Node)> = Vec::new();
        loop {
            if let Some((Event::MappingEnd, span)) = self.events.peek() {
                let end = bytes(span).end;
                self.events.next();
                let last = entries.last().map_or(start, |(key, value)| value.end.max(key.end));
                let first = entries.first().filter(|_| !flow).map(|(key, _)| key.first);
                let end = if flow { end.max(last) } else { last };
                return Ok((first.unwrap_or(start), end, Shape::Mapping(flow, entries)));
            }
            let key = self.node()?;
            if !key.is_short_key(self.source) {
                return Err(Refusal::new(
                    key.first..key.end,
                    "a key that is more than a word is laid out by hand",
                ));
            }
            entries.push((key, self.node()?));
        }
    }
}

impl Node {
    /// Whether nothing is written: `key:`.
    pub(super) fn is_absent(&self) -> bool {
        matches!(&self.shape, Shape::Scalar(ScalarStyle::Plain, _, at) if at.is_empty())
            && self.properties.is_empty()
    }

    /// Whether it has nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        match &self.shape {
            Shape::Sequence(_, items) => items.is_empty(),
            Shape::Mapping(_, entries) => entries.is_empty(),
            _ => false,
        }
    }

    /// Whether it is a list or a mapping with something in it.
    pub(super) fn is_collection(&self) -> bool {
        matches!(self.shape, Shape::Sequence(..) | Shape::Mapping(..)) && !self.is_empty()
    }

    /// Whether it is a scalar below a `|` or `>`.
    pub(super) fn is_block_scalar(&self) -> bool {
        matches!(self.shape, Shape::Scalar(ScalarStyle::Literal | ScalarStyle::Folded, ..))
    }

    /// Whether it stands in brackets or braces.
    pub(super) fn is_flow(&self) -> bool {
        matches!(self.shape, Shape::Sequence(true, _) | Shape::Mapping(true, _))
    }

    /// Whether it is a key that can stand in front of a colon.
    fn is_short_key(&self, source: &Source<'_>) -> bool {
        match &self.shape {
            Shape::Alias(_) => true,
            Shape::Scalar(_, _, at) => {
                let raw = &source.text[at.clone()];
                !self.is_block_scalar() && !raw.is_empty() && !raw.contains('\n') && raw.len() < 512
            }
            Shape::Sequence(..) | Shape::Mapping(..) => false,
        }
    }
}
