//! Lays overlays over a pipeline file: mappings merge, everything else replaces, `null` takes away. Pure.
//!
//! Each piece of the result keeps its bytes, so that a finding points into the file that the piece is from.

use std::sync::Arc;

use super::super::check::suggest;
use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::path::Path;
use super::super::tree::{Entry, Node, Value};

/// Whether an overlay is for a pipeline: one that has a `name` is for the pipeline of that name, every other for all.
pub(super) fn is_for(overlay: &Node, pipeline: &Node) -> bool {
    name(overlay).is_none_or(|wanted| name(pipeline).is_some_and(|has| has == wanted))
}

/// The name that a pipeline or an overlay has, as it is written.
pub(super) fn name(tree: &Node) -> Option<&str> {
    match &tree.entry("name")?.value.value {
        Value::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// An overlay whose name no pipeline has.
pub(super) fn for_nobody(overlay: &Node, names: &[&str]) -> Option<Diagnostic> {
    let wanted = name(overlay)?;
    if names.contains(&wanted) {
        return None;
    }
    let entry = overlay.entry("name")?;
    let message = format!("this overlay is for the pipeline `{wanted}`, and there is none");
    let help = match (suggest::nearest(wanted, names.iter().copied()), names) {
        (Some(meant), _) => format!("did you mean `{meant}`?"),
        (None, [only]) if only.contains("${") => format!(
            "names are compared as they are written, and the pipeline's is `{only}`: write that here, or leave `name` out"
        ),
        (None, [only]) => format!(
            "the pipeline is called `{only}`; `name` does not rename it: write `name: \"{only}-${{var.stage}}\"` there"
        ),
        (None, _) => format!(
            "there are {}; without `name` it is for all of them",
            suggest::listed(names.iter().copied())
        ),
    };
    let place = Place::Bytes(entry.value.span.clone());
    Some(Diagnostic::error(Code::UnknownReference, place, message).help(help))
}

/// The base with an overlay over it.
pub(super) fn lay(base: &Arc<Node>, over: &Arc<Node>, found: &mut Vec<Diagnostic>) -> Arc<Node> {
    merge(base, over, &Path::root(), found)
}

fn merge(base: &Arc<Node>, over: &Arc<Node>, path: &Path, found: &mut Vec<Diagnostic>) -> Arc<Node> {
    let (Value::Mapping(below), Value::Mapping(above)) = (&base.value, &over.value) else {
        return Arc::clone(over);
    };
    let mut entries = below.clone();
    for Entry { key, key_span, value } in above {
        let path = path.key(key);
        let there = entries.iter().position(|entry| entry.key == *key);
        match there {
            Some(at) if value.is_null() => drop(entries.remove(at)),
            Some(at) => {
                let merged = merge(&entries[at].value, value, &path, found);
                // What is replaced whole stands where the overlay has it.
                if !matches!(entries[at].value.value, Value::Mapping(_)) {
                    entries[at].key_span = key_span.clone();
                }
                entries[at].value = merged;
            }
            None if value.is_null() => {
                let message = format!("there is no `{path}` to take away");
                let help = format!("`null` takes away; to add it with its defaults write `{key}: {{}}`");
                let place = Place::Bytes(key_span.clone());
                found.push(Diagnostic::warning(Code::NothingToRemove, place, message).help(help));
            }
            None => entries.push(Entry {
                key: Arc::clone(key),
                key_span: key_span.clone(),
                value: Arc::clone(value),
            }),
        }
    }
    Arc::new(Node::collection(base.span.clone(), Value::Mapping(entries)))
}

#[cfg(test)]
mod tests {
    use super::super::super::read;
    use super::*;

    fn tree(text: &str) -> Arc<Node> {
        Arc::new(read::tree(text).0.expect("a tree"))
    }

    /// A tree as it would be written, in flow style.
    fn written(node: &Node) -> String {
        match &node.value {
            Value::Broken => "?".to_owned(),
            Value::Scalar(scalar) => scalar.text.to_string(),
            Value::Sequence(items) => {
                format!("[{}]", items.iter().map(|item| written(item)).collect::<Vec<_>>().join(", "))
            }
            Value::Mapping(entries) => {
                let entry = |entry: &Entry| format!("{}: {}", entry.key, written(&entry.value));
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    fn laid(base: &str, over: &str) -> (String, Vec<Code>) {
        let mut found = Vec::new();
        let laid = lay(&tree(base), &tree(over), &mut found);
        (written(&laid), found.into_iter().map(|item| item.code).collect())
    }

    #[test]
    fn mappings_merge_lists_replace_and_null_takes_away() {
        let base = "{a: {b: 1, c: [1, 2]}, d: x, e: y}";
        assert_eq!(laid(base, "{a: {b: 2}}").0, "{a: {b: 2, c: [1, 2]}, d: x, e: y}");
        assert_eq!(laid(base, "{a: {c: [3]}}").0, "{a: {b: 1, c: [3]}, d: x, e: y}");
        assert_eq!(laid(base, "{a: null, d: ~, f: z}").0, "{e: y, f: z}");
        assert_eq!(laid(base, "{d: {deep: 1}, a: flat}").0, "{a: flat, d: {deep: 1}, e: y}");
        assert_eq!(laid(base, "{a: {}}").0, "{a: {b: 1, c: [1, 2]}, d: x, e: y}");
    }

    #[test]
    fn taking_away_what_is_not_there_is_a_warning() {
        assert_eq!(laid("{a: 1}", "{b: null}"), ("{a: 1}".to_owned(), vec![Code::NothingToRemove]));
    }

    #[test]
    fn size_and_depth_are_counted_anew() {
        let laid = lay(&tree("{a: {b: 1}}"), &tree("{a: {c: [1, [2]]}}"), &mut Vec::new());
        assert_eq!((laid.size, laid.depth), (7, 5));
    }
}
