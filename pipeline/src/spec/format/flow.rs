//! What stays on one line: keys, and collections in brackets and braces.

use super::node::{Node, Shape};
use super::scalar;
use super::source::Source;

/// A key with its colon.
pub(super) fn key(source: &Source<'_>, key: &Node) -> String {
    let text = inline(source, key).unwrap_or_default();
    // `*a:` would be an alias of the name `a:`.
    let gap = if matches!(key.shape, Shape::Alias(_)) { " " } else { "" };
    format!("{text}{gap}:")
}

/// A value on one line; `None` where it has scalars of several lines in it.
pub(super) fn inline(source: &Source<'_>, node: &Node) -> Option<String> {
    let text = match &node.shape {
        Shape::Scalar(style, _, at) => scalar::on_one_line(source, *style, at)?,
        Shape::Alias(at) => source.text[at.clone()].to_owned(),
        Shape::Sequence(_, items) if items.is_empty() => "[]".to_owned(),
        Shape::Mapping(_, entries) if entries.is_empty() => "{}".to_owned(),
        Shape::Sequence(_, items) => {
            let items: Option<Vec<String>> = items.iter().map(|item| inline(source, item)).collect();
            format!("[{}]", items?.join(", "))
        }
        Shape::Mapping(_, entries) => {
            let entries: Option<Vec<String>> = entries.iter().map(|entry| pair(source, entry)).collect();
            format!("{{ {} }}", entries?.join(", "))
        }
    };
    Some(match (node.properties.is_empty(), text.is_empty()) {
        (true, _) => text,
        (false, true) => node.properties.clone(),
        (false, false) => format!("{} {text}", node.properties),
    })
}

fn pair(source: &Source<'_>, (name, value): &(Node, Node)) -> Option<String> {
    let name = key(source, name);
    let value = inline(source, value)?;
    Some(if value.is_empty() { name } else { format!("{name} {value}") })
}
