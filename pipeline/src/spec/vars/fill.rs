//! Puts the values of variables where their names stand.
//!
//! What comes out is a tree like one that had the values written in it, in which every scalar still knows what is
//! written in the file: findings point there.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use serde_yaml::granit_parser::ScalarStyle;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::path::{Path, Step};
use super::super::program;
use super::super::sources::Sources;
use super::super::tree::{Entry, Node, Piece, Reads, Scalar, Template, Value};
use super::scope::{Scope, advice};
use super::secret::{self, Secret};
use super::text::{self, Part};

/// How much text the values of variables may make of one pipeline: four times what a file may have.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// A tree with values.
pub(crate) struct Filled {
    pub(crate) tree: Arc<Node>,
    /// The values that hold a sensitive one.
    pub(crate) secrets: Vec<Secret>,
}

/// Fills in a tree. Where a value cannot be known stands something that no rule looks at any more.
pub(crate) fn fill(
    tree: &Arc<Node>,
    scope: &mut Scope,
    sources: &Sources,
    found: &mut Vec<Diagnostic>,
) -> Filled {
    let mut filler = Filler { scope, sources, found, secrets: Vec::new(), bytes: 0, full: false };
    let tree = match &tree.value {
        Value::Mapping(entries) => filler.top(tree, entries),
        _ => Arc::clone(tree),
    };
    Filled { tree, secrets: filler.secrets }
}

struct Filler<'a> {
    scope: &'a mut Scope,
    sources: &'a Sources,
    found: &'a mut Vec<Diagnostic>,
    secrets: Vec<Secret>,
    bytes: usize,
    full: bool,
}

/// Where a text stands: its bytes and how it is written.
struct Stand<'a> {
    span: &'a Range<usize>,
    style: ScalarStyle,
    path: &'a Path,
    is_key: bool,
}

/// A text with its values.
struct Made {
    template: Template,
    text: String,
    reads: Reads,
    secret: bool,
}

impl Filler<'_> {
    /// `vars` itself has no variables.
    fn top(&mut self, tree: &Arc<Node>, entries: &[Entry]) -> Arc<Node> {
        let (vars, rest): (Vec<&Entry>, Vec<&Entry>) = entries.iter().partition(|it| &*it.key == "vars");
        let filled = self.entries(&rest, &Path::root());
        let kept = vars.into_iter().cloned();
        Arc::new(Node::collection(tree.span.clone(), Value::Mapping(kept.chain(filled).collect())))
    }

    fn node(&mut self, node: &Arc<Node>, path: &Path) -> Arc<Node> {
        let value = match &node.value {
            Value::Broken => return Arc::clone(node),
            Value::Scalar(scalar) if !scalar.text.contains("${") => return Arc::clone(node),
            Value::Scalar(scalar) => match self.scalar(scalar, &node.span, path) {
                Some(scalar) => Value::Scalar(scalar),
                None => Value::Broken,
            },
            Value::Sequence(items) => {
                let items = items.iter().enumerate();
                Value::Sequence(items.map(|(at, item)| self.node(item, &path.index(at))).collect())
            }
            Value::Mapping(entries) => {
                Value::Mapping(self.entries(&entries.iter().collect::<Vec<_>>(), path))
            }
        };
        Arc::new(Node::collection(node.span.clone(), value))
    }

    fn entries(&mut self, entries: &[&Entry], path: &Path) -> Vec<Entry> {
        let mut keys: HashSet<Arc<str>> = HashSet::new();
        let mut filled = Vec::new();
        for entry in entries {
            let Some(key) = self.key(entry, path) else { continue };
            if !keys.insert(Arc::clone(&key)) {
                let message = format!("`{key}` is there twice, once with its variables filled in");
                let place = Place::Bytes(entry.key_span.clone());
                self.found.push(Diagnostic::error(Code::DuplicateKey, place, message));
                continue;
            }
            let value = self.node(&entry.value, &path.key(&key));
            filled.push(Entry { key, key_span: entry.key_span.clone(), value });
        }
        filled
    }

    fn key(&mut self, entry: &Entry, path: &Path) -> Option<Arc<str>> {
        if !entry.key.contains("${") {
            return Some(Arc::clone(&entry.key));
        }
        let path = path.key(&entry.key);
        let stand = Stand { span: &entry.key_span, style: ScalarStyle::Plain, path: &path, is_key: true };
        match self.text(&entry.key, &stand) {
            Ok(Some(made)) => Some(Arc::from(made.text)),
            Ok(None) => Some(Arc::clone(&entry.key)),
            Err(()) => None,
        }
    }

    fn scalar(&mut self, scalar: &Scalar, span: &Range<usize>, path: &Path) -> Option<Scalar> {
        let stand = Stand { span, style: scalar.style, path, is_key: false };
        let Some(made) = self.text(&scalar.text, &stand).ok()? else { return Some(scalar.clone()) };
        let text: Arc<str> = Arc::from(made.text);
        if made.secret {
            self.secrets.push(Secret { path: path.clone(), value: text.to_string() });
        }
        let template = Some(Arc::new(made.template));
        Some(Scalar { text, style: scalar.style, reads: made.reads, template })
    }

    /// The text with its values; nothing when there is no variable in it, an error when it cannot be made.
    fn text(&mut self, written: &str, stand: &Stand<'_>) -> Result<Option<Made>, ()> {
        self.near_miss(written, stand);
        let parts = text::parts(written);
        if parts.iter().all(|part| matches!(part, Part::Text(_))) {
            return Ok(None);
        }
        let template = Template { written: Arc::from(written), pieces: Vec::new() };
        let mut made = Made { template, text: String::new(), reads: Reads::Text, secret: false };
        let mut sound = true;
        for part in &parts {
            sound &= self.part(written, part, stand, &mut made).is_some();
        }
        if let ([Part::Variable(_, name)], true) = (&parts[..], sound)
            && let Some(variable) = self.scope.find(name)
        {
            made.reads = variable.declared.kind.reads();
        }
        self.bytes += made.text.len();
        if self.bytes > MOST_BYTES {
            if !std::mem::replace(&mut self.full, true) {
                let message =
                    format!("with its variables the pipeline has more than {} MiB", MOST_BYTES >> 20);
                let place = self.place(written, stand, &(0..written.len()));
                self.found.push(Diagnostic::error(Code::TooBig, place, message));
            }
            return Err(());
        }
        sound.then_some(Some(made)).ok_or(())
    }

    fn part(&mut self, written: &str, part: &Part<'_>, stand: &Stand<'_>, made: &mut Made) -> Option<()> {
        let start = made.text.len();
        let mut variable = None;
        match part {
            Part::Text(bytes) => made.text.push_str(&written[bytes.clone()]),
            Part::Escape(_) => made.text.push_str("${"),
            Part::Broken(bytes, why) => {
                let place = self.place(written, stand, bytes);
                let help = "write `${var.name}`; `$${var.` is the text `${var.` itself";
                self.found.push(
                    Diagnostic::error(Code::VariableSyntax, place, format!("this is no variable: {why}"))
                        .help(help),
                );
                return None;
            }
            Part::Variable(bytes, name) => {
                made.text.push_str(&self.value(written, (bytes, name), stand, &mut made.secret)?);
                variable = Some(Arc::from(*name));
            }
        }
        made.template.pieces.push(Piece { text: start..made.text.len(), written: part.bytes(), variable });
        Some(())
    }

    /// The value of a variable that is used here.
    fn value(
        &mut self,
        written: &str,
        (bytes, name): (&Range<usize>, &str),
        stand: &Stand<'_>,
        secret: &mut bool,
    ) -> Option<String> {
        let place = self.place(written, stand, bytes);
        let Place::Bytes(at) = place.clone() else { return None };
        if !self.scope.declares(name) {
            let help = advice(name, &self.scope.names());
            let message = format!("there is no variable `{name}`");
            self.found.push(Diagnostic::error(Code::UnknownVariable, place, message).help(help));
            return None;
        }
        let variable = self.scope.find(name)?;
        variable.used.get_or_insert(at);
        if variable.declared.sensitive {
            *secret = true;
            if stand.is_key || !secret::may_stand(stand.path) {
                let message =
                    format!("`{name}` is sensitive, and what stands here is shown by AWS and by pipectl");
                self.found.push(Diagnostic::error(Code::SensitiveHere, place, message).help(secret::PLACES));
                return None;
            }
        }
        variable.value.clone()
    }

    fn near_miss(&mut self, written: &str, stand: &Stand<'_>) {
        let names = self.scope.names();
        let Some((bytes, name)) = text::near_miss(written, &names) else { return };
        let message = format!("`{}` stands here as it is", &written[bytes.clone()]);
        let help = format!("did you mean `${{var.{name}}}`?");
        let place = self.place(written, stand, &bytes);
        self.found.push(Diagnostic::warning(Code::VariableSyntax, place, message).help(help));
    }

    fn place(&self, written: &str, stand: &Stand<'_>, within: &Range<usize>) -> Place {
        Place::Bytes(match stand.is_key {
            true => stand.span.clone(),
            false => program::locate_text(self.sources.text(), stand.span, (written, stand.style), within),
        })
    }
}

/// Says with each finding about a value what its variables are and where they came from.
pub(crate) fn explain(items: &mut [Diagnostic], tree: &Node, scope: &Scope) {
    for item in items {
        let (Place::Value(path) | Place::Within(path, _)) = &item.place else { continue };
        let Some(names) = variables(tree, path) else { continue };
        item.notes.extend(names.iter().filter_map(|name| scope.told(name)));
    }
}

/// The variables in the scalar at a path, each once.
fn variables(tree: &Node, path: &Path) -> Option<Vec<Arc<str>>> {
    let (_, node) = tree.at(path)?;
    let Value::Scalar(Scalar { template: Some(template), .. }) = &node.value else { return None };
    let mut names: Vec<Arc<str>> =
        template.pieces.iter().filter_map(|piece| piece.variable.clone()).collect();
    let mut seen = HashSet::new();
    names.retain(|name| seen.insert(Arc::clone(name)));
    Some(names)
}

/// The variables that a value of the file is made from; none where it is written out.
pub(crate) fn used_at(tree: &Node, path: &Path) -> Vec<Arc<str>> {
    // A path may lead past what is there: what stands nearest above it counts.
    let mut path = path.clone();
    while tree.at(&path).is_none() && matches!(path.steps().last(), Some(Step::Key(_) | Step::Index(_))) {
        path = path.parent().unwrap_or_default();
    }
    variables(tree, &path).unwrap_or_default()
}
