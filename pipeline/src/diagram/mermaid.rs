//! Mermaid, which GitHub, GitLab and many wikis draw where it stands in a Markdown block.
//!
//! Names become ids by a spelling that keeps them apart, and texts keep nothing that Mermaid would read.

use std::fmt::Write as _;

use super::style;
use super::{Diagram, Edge, Flow, Mark, Node, NodeKind};

impl Diagram {
    /// The diagram as a Mermaid flow chart, without the fence around it.
    #[must_use]
    pub fn mermaid(&self) -> String {
        let mut text = String::from("flowchart LR\n");
        for (pipeline, nodes) in self.groups() {
            let indent = if pipeline.is_some() { "    " } else { "  " };
            if let Some(name) = pipeline {
                let _ =
                    writeln!(text, "  subgraph {}[\"{}\"]", id(&format!("pipeline {name}")), escape(name));
            }
            for node in nodes {
                let _ = writeln!(text, "{indent}{}{}:::{}", id(&node.id), shape(node), class(node));
            }
            if pipeline.is_some() {
                text.push_str("  end\n");
            }
        }
        for edge in &self.edges {
            let _ = writeln!(text, "  {}", arrow(edge));
        }
        for kind in NodeKind::ALL.into_iter().filter(|kind| self.nodes.iter().any(|node| node.kind == *kind))
        {
            let _ = writeln!(
                text,
                "  classDef {} fill:#f6f8fa,color:#1f2328,stroke:{},stroke-width:1.5px",
                kind.word(),
                style::kind(kind).light
            );
        }
        let mut marks: Vec<Mark> = self.nodes.iter().filter_map(|node| node.mark).collect();
        marks.sort_unstable();
        marks.dedup();
        for mark in marks {
            let _ = writeln!(
                text,
                "  classDef {} fill:#f6f8fa,color:#1f2328,stroke:{},stroke-width:3px",
                word(mark),
                style::mark(mark).light
            );
        }
        text
    }
}

fn word(mark: Mark) -> String {
    format!("is-{}", mark.word().replace(' ', "-"))
}

fn class(node: &Node) -> String {
    node.mark.map_or_else(|| node.kind.word().to_owned(), word)
}

fn shape(node: &Node) -> String {
    let mark = node.mark.filter(|mark| *mark != Mark::Unchanged).map(|mark| mark.word().to_uppercase());
    let lines = [format!("<b>{}</b>", escape(&node.title)), node.kind.word().to_owned()];
    let lines = mark.into_iter().chain(lines).chain(node.details.iter().map(|line| escape(line)));
    let text = lines.collect::<Vec<_>>().join("<br/>");
    let (open, close) = match node.kind {
        NodeKind::Stream => ("([", "])"),
        NodeKind::Transform | NodeKind::Function => ("{{", "}}"),
        NodeKind::Delivery => ("[[", "]]"),
        NodeKind::Bucket => ("[(", ")]"),
        NodeKind::Reader => ("[/", "/]"),
        NodeKind::Outside => (">", "]"),
    };
    format!("{open}\"{text}\"{close}")
}

fn arrow(edge: &Edge) -> String {
    let line = match edge.flow {
        Flow::Records => "-->",
        Flow::Calls | Flow::Failures => "-.->",
    };
    let label = if edge.label.is_empty() { String::new() } else { format!("|\"{}\"|", escape(&edge.label)) };
    format!("{} {line}{label} {}", id(&edge.from), id(&edge.to))
}

/// Letters and digits as they are, `_` doubled, anything else by its number: no two ids become one.
fn id(address: &str) -> String {
    let mut text = String::with_capacity(address.len() + 2);
    for letter in address.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' => text.push(letter),
            '_' => text.push_str("__"),
            other => {
                let _ = write!(text, "_{:x}_", u32::from(other));
            }
        }
    }
    text
}

/// A text in which Mermaid finds no sign of its own.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'a'..='z' | 'A'..='Z' | '0'..='9' | ' ' | '-' | '_' | '.' | ',' | '/' | ':' | '=' => {
                escaped.push(letter)
            }
            letter if letter.is_alphanumeric() => escaped.push(letter),
            letter => {
                let _ = write!(escaped, "#{};", u32::from(letter));
            }
        }
    }
    escaped
}
