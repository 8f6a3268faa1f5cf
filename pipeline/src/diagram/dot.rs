//! Graphviz's language, for those who have it and want to draw themselves.

use std::fmt::Write as _;

use super::style;
use super::{Diagram, Flow, Mark, Node, NodeKind};

impl Diagram {
    /// The diagram for `dot -Tsvg`.
    #[must_use]
    pub fn dot(&self) -> String {
        let mut text = format!("digraph {} {{\n  rankdir=LR;\n", quoted(&self.name));
        text.push_str("  node [fontname=\"Helvetica\", fontsize=12, style=filled, fillcolor=\"#f6f8fa\"];\n");
        text.push_str("  edge [fontname=\"Helvetica\", fontsize=10, color=\"#57606a\"];\n");
        for (pipeline, nodes) in self.groups() {
            if let Some(name) = pipeline {
                let (id, label) = (quoted(&format!("cluster {name}")), quoted(name));
                let _ = writeln!(
                    text,
                    "  subgraph {id} {{\n  label={label}; color=\"#d0d7de\"; fontname=\"Helvetica\";"
                );
            }
            nodes.into_iter().for_each(|node| self::node(&mut text, node));
            if pipeline.is_some() {
                text.push_str("  }\n");
            }
        }
        for edge in &self.edges {
            let style = if edge.flow == Flow::Records { "solid" } else { "dashed" };
            let _ = writeln!(
                text,
                "  {} -> {} [label={}, style={style}];",
                quoted(&edge.from),
                quoted(&edge.to),
                quoted(&edge.label)
            );
        }
        text.push_str("}\n");
        text
    }
}

fn node(text: &mut String, node: &Node) {
    let mark = node.mark.filter(|mark| *mark != Mark::Unchanged).map(|mark| mark.word().to_uppercase());
    let lines = [node.title.clone(), node.kind.word().to_owned()];
    let lines: Vec<String> = mark.into_iter().chain(lines).chain(node.details.iter().cloned()).collect();
    let colour = node.mark.map_or_else(|| style::kind(node.kind), style::mark).light;
    let width = if node.mark.is_some_and(|mark| mark != Mark::Unchanged) { 3 } else { 1 };
    let _ = writeln!(
        text,
        "  {} [label={}, shape={}, color=\"{colour}\", penwidth={width}];",
        quoted(&node.id),
        quoted(&lines.join("\n")),
        shape(node.kind)
    );
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Stream => "cds",
        NodeKind::Transform | NodeKind::Function => "hexagon",
        NodeKind::Delivery => "component",
        NodeKind::Bucket => "cylinder",
        NodeKind::Reader => "parallelogram",
        NodeKind::Outside => "note",
    }
}

/// A string of DOT; a line break in it is a line of the label.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
