//! From YAML events to the tree, with everything that is wrong with the YAML as YAML.
//!
//! The tree keeps its memory in proportion to the file: aliases share. What they would expand to and how
//! deep they would nest is counted, and beyond the limits the alias is refused, so no later walk can be
//! made to run for hours or to overflow the stack.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, Span, StrInput, Tag};

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::tree::{Entry, Node, Reads, Scalar, Value};
use super::syntax;

/// Most values a file may hold or expand to.
const MAX_VALUES: usize = 10_000;
/// Deepest nesting, aliases expanded; the format itself needs seven.
const MAX_DEPTH: usize = 64;

/// One YAML document of a text.
#[derive(Debug)]
pub(in super::super) struct Root {
    /// What it holds.
    pub(in super::super) node: Node,
    /// Where it begins: the first at the top of the text, each other at its `---`.
    pub(in super::super) start: usize,
    /// Where the next one begins, an empty one, too; `None` for the last.
    pub(in super::super) end: Option<usize>,
}

/// The one document of a text, and what is wrong with it. No tree when there is nothing to check.
pub(in super::super) fn tree(source: &str) -> (Option<Node>, Vec<Diagnostic>) {
    let (roots, mut problems) = documents(source);
    let mut roots = roots.into_iter();
    let first = roots.next().map(|root| root.node);
    if let Some(second) = roots.next() {
        problems.push(several(second.start));
    }
    (first, problems)
}

/// The documents of a text but for empty ones, and what is wrong with them. None when there is nothing to check.
pub(in super::super) fn documents(source: &str) -> (Vec<Root>, Vec<Diagnostic>) {
    let mut options = granit_parser::Options::default();
    options.emit_unresolved_aliases = true;
    options.flow_nesting_limit = MAX_DEPTH;
    options.block_nesting_limit = MAX_DEPTH;
    options.set_emit_comments(false);
    let mut builder = Builder::new(source);
    for event in Parser::<StrInput<'_>>::new_from_str_with_options(source, options) {
        match event {
            Ok((event, span)) => {
                if builder.take(event, &span).is_err() {
                    break;
                }
            }
            Err(error) => {
                builder.problems.push(syntax::diagnose(source, &error));
                return (Vec::new(), builder.problems);
            }
        }
    }
    builder.finish()
}

/// A text of one document has a second one here.
pub(in super::super) fn several(start: usize) -> Diagnostic {
    let place = Place::Bytes(start..start + 3);
    Diagnostic::error(Code::ManyDocuments, place, "the file holds several YAML documents")
        .label("a second document starts here")
        .help("keep one pipeline in a file: put this one into a file of its own")
}

/// No more of the file is read.
struct Stop;

struct Builder<'a> {
    source: &'a str,
    stack: Vec<Frame>,
    anchors: HashMap<usize, Option<Arc<Node>>>,
    /// Where the document begins that is being read.
    start: usize,
    values: usize,
    roots: Vec<Root>,
    problems: Vec<Diagnostic>,
}

struct Frame {
    anchor: usize,
    start: usize,
    children: Children,
}

enum Children {
    Items(Vec<Arc<Node>>),
    Entries(Mapping),
}

/// A mapping being read.
#[derive(Default)]
struct Mapping {
    entries: Vec<Entry>,
    /// Where each key stood first.
    keys: HashMap<Arc<str>, Range<usize>>,
    /// The key whose value is still to come.
    key: Option<Key>,
}

/// A key: `None` for one that is already reported.
struct Key(Option<(Arc<str>, Range<usize>)>);

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Self {
        Self {
            source,
            stack: Vec::new(),
            anchors: HashMap::new(),
            start: 0,
            values: 0,
            roots: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Stop> {
        let tag_span = span.tag_span().as_ref().map_or_else(|| bytes(span), bytes);
        let span = bytes(span);
        match event {
            Event::DocumentStart(..) => self.document(&span),
            Event::Scalar(text, style, anchor, tag) => {
                let sound = self.tag(tag.as_deref(), tag_span);
                let text_by_tag = tag.is_some_and(|tag| tag.is_yaml_core_schema_tag("str"));
                let reads = if text_by_tag { Reads::Text } else { Reads::Written };
                let span = trimmed(self.source, span, style);
                let value = match sound {
                    true => Value::Scalar(Scalar { text: Arc::from(text), style, reads, template: None }),
                    false => Value::Broken,
                };
                self.node(Node { span, value, size: 1, depth: 1 }, anchor)?;
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), tag_span);
                self.open(anchor, span.start, Children::Items(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.tag(tag.as_deref(), tag_span);
                self.open(anchor, span.start, Children::Entries(Mapping::default()));
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span.end)?,
            Event::Alias(anchor) => self.alias(anchor, span)?,
            Event::UnresolvedAlias(name) => {
                self.problems.push(
                    Diagnostic::error(
                        Code::UnknownAlias,
                        Place::Bytes(span.clone()),
                        format!("there is no anchor `&{name}` above this alias"),
                    )
                    .help(format!("text that starts with `*` needs quotes: \"*{name}\"")),
                );
                self.node(Node::broken(span), 0)?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Anchors end with the document they are in.
    fn document(&mut self, span: &Range<usize>) {
        if let Some(last) = self.roots.last_mut() {
            last.end.get_or_insert(span.start);
        }
        self.start = if self.roots.is_empty() { 0 } else { span.start };
        self.anchors.clear();
    }

    /// Whether a node has no tag of another tool.
    fn tag(&mut self, tag: Option<&Tag>, span: Range<usize>) -> bool {
        let Some(tag) = tag.filter(|tag| !tag.is_yaml_core_schema()) else { return true };
        let written = tag.original();
        self.problems.push(
            Diagnostic::error(
                Code::YamlTag,
                Place::Bytes(span),
                format!("the YAML tag `{written}` has no meaning in a pipeline file"),
            )
            .help("take the tag away; text that starts with `!` needs quotes"),
        );
        false
    }

    fn open(&mut self, anchor: usize, start: usize, children: Children) {
        if anchor != 0 {
            self.anchors.insert(anchor, None);
        }
        self.stack.push(Frame { anchor, start, children });
    }

    fn close(&mut self, end: usize) -> Result<(), Stop> {
        let Some(frame) = self.stack.pop() else { return Ok(()) };
        let (value, last) = match frame.children {
            Children::Items(items) => {
                let last = items.last().map(|item| item.span.end);
                (Value::Sequence(items), last)
            }
            Children::Entries(Mapping { entries, .. }) => {
                let last = entries.last().map(|entry| entry.value.span.end.max(entry.key_span.end));
                (Value::Mapping(entries), last)
            }
        };
        // A block collection ends where its last child does; the parser says where the next token is.
        let flow = self.source[..end].ends_with(['}', ']']);
        let end = if flow { end } else { last.unwrap_or(end) };
        let span = frame.start..end.max(frame.start);
        self.node(Node::collection(span, value), frame.anchor)
    }

    fn alias(&mut self, anchor: usize, span: Range<usize>) -> Result<(), Stop> {
        let problem = match self.anchors.get(&anchor) {
            Some(Some(target)) if self.depth_with(target) > MAX_DEPTH => too_deep(&span),
            Some(Some(target)) => {
                let target = Arc::clone(target);
                return self.attach(target, &span);
            }
            _ => Diagnostic::error(
                Code::RecursiveAlias,
                Place::Bytes(span.clone()),
                "this alias stands inside its own anchor, so it would go on without end",
            ),
        };
        self.problems.push(problem);
        self.node(Node::broken(span), 0)
    }

    fn depth_with(&self, node: &Node) -> usize {
        self.stack.len() + node.depth
    }

    fn node(&mut self, node: Node, anchor: usize) -> Result<(), Stop> {
        let span = node.span.clone();
        let node = Arc::new(node);
        if anchor != 0 {
            self.anchors.insert(anchor, Some(Arc::clone(&node)));
        }
        self.attach(node, &span)
    }

    /// Puts a finished node where it belongs: a key, a value, an item, or the root.
    fn attach(&mut self, node: Arc<Node>, span: &Range<usize>) -> Result<(), Stop> {
        self.count(&node, span)?;
        let Some(frame) = self.stack.last_mut() else {
            if !node.is_null() {
                let node = Arc::unwrap_or_clone(node);
                self.roots.push(Root { node, start: self.start, end: None });
            }
            return Ok(());
        };
        match &mut frame.children {
            Children::Items(items) => items.push(node),
            Children::Entries(mapping) => match mapping.key.take() {
                Some(Key(Some((key, key_span)))) => {
                    mapping.entries.push(Entry { key, key_span, value: node });
                }
                Some(Key(None)) => {}
                None => self.key(&node, span),
            },
        }
        Ok(())
    }

    /// Takes a node as the key of the mapping being read.
    fn key(&mut self, node: &Node, span: &Range<usize>) {
        let sound = self.sound_key(node, span);
        let Some(Frame { children: Children::Entries(mapping), .. }) = self.stack.last_mut() else {
            return;
        };
        if let Some((text, span)) = &sound {
            mapping.keys.insert(Arc::clone(text), span.clone());
        }
        mapping.key = Some(Key(sound));
    }

    /// The text of a key, if it is text and the mapping does not have it yet.
    fn sound_key(&mut self, node: &Node, span: &Range<usize>) -> Option<(Arc<str>, Range<usize>)> {
        let Value::Scalar(scalar) = &node.value else {
            if !matches!(node.value, Value::Broken) {
                let message = format!("a key must be text, but {} stands here", node.describe());
                self.problems.push(
                    Diagnostic::error(Code::KeyNotText, Place::Bytes(span.clone()), message)
                        .help("text with braces or brackets needs quotes"),
                );
            }
            return None;
        };
        let first = match self.stack.last().map(|frame| &frame.children) {
            Some(Children::Entries(mapping)) => mapping.keys.get(&scalar.text).cloned(),
            _ => None,
        };
        let Some(first) = first else { return Some((Arc::clone(&scalar.text), span.clone())) };
        let message = format!("`{}` is there twice in {}", scalar.text, self.path());
        self.problems.push(
            Diagnostic::error(Code::DuplicateKey, Place::Bytes(span.clone()), message)
                .label("the second one")
                .related(Place::Bytes(first), "the first one")
                .help("rename one of them or take it away"),
        );
        None
    }

    fn count(&mut self, node: &Node, span: &Range<usize>) -> Result<(), Stop> {
        // Children were counted when they came, so a collection counts once; an alias counts as all it holds.
        let expanded = if node.span == *span { 1 } else { node.size };
        self.values = self.values.saturating_add(expanded);
        if self.values <= MAX_VALUES {
            return Ok(());
        }
        let message = format!(
            "the file holds or expands to more than {MAX_VALUES} values, the most a pipeline file may have"
        );
        self.problems.push(
            Diagnostic::error(Code::TooManyValues, Place::Bytes(span.clone()), message)
                .help("write what the aliases (`*name`) stand for, or split the pipeline"),
        );
        Err(Stop)
    }

    /// The mapping being read, for a message: "`streams`" or "the file".
    fn path(&self) -> String {
        let keys: Vec<&str> = self
            .stack
            .iter()
            .filter_map(|frame| match &frame.children {
                Children::Entries(Mapping { key: Some(Key(Some((key, _)))), .. }) => Some(&**key),
                _ => None,
            })
            .collect();
        match keys.is_empty() {
            true => "the file".to_owned(),
            false => format!("`{}`", keys.join(".")),
        }
    }

    fn finish(mut self) -> (Vec<Root>, Vec<Diagnostic>) {
        if self.roots.is_empty() && self.problems.is_empty() {
            self.problems.push(
                Diagnostic::error(Code::Empty, Place::File, "the file is empty")
                    .help("`pipectl init` writes a starter pipeline"),
            );
        }
        (self.roots, self.problems)
    }
}

fn too_deep(span: &Range<usize>) -> Diagnostic {
    Diagnostic::error(
        Code::TooDeep,
        Place::Bytes(span.clone()),
        format!("with this alias the file nests deeper than {MAX_DEPTH} levels"),
    )
    .help("a pipeline file needs seven levels")
}

/// A scalar's bytes without the line breaks that end it.
fn trimmed(source: &str, span: Range<usize>, style: ScalarStyle) -> Range<usize> {
    match (style, source.get(span.clone())) {
        (ScalarStyle::Literal | ScalarStyle::Folded, Some(text)) => {
            span.start..span.start + text.trim_end().len()
        }
        _ => span,
    }
}
