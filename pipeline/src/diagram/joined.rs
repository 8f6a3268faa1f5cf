//! Several pipelines in one picture: what one reads of another is one node, and so is what is outside of all.

use std::collections::{BTreeMap, HashMap};

use super::{Diagram, Edge, Flow, Node, NodeKind};

/// How many names of pipelines make the name of a picture.
const NAMED: usize = 3;

impl Diagram {
    /// One picture of these. Ids that are addresses begin with the name of their pipeline: `clicks/streams.events`.
    #[must_use]
    pub fn joined(mut diagrams: Vec<Diagram>) -> Self {
        if diagrams.len() == 1
            && let Some(only) = diagrams.pop()
        {
            return only;
        }
        let names: Vec<String> = diagrams.iter().map(|diagram| diagram.name.clone()).collect();
        let owners = owners(&diagrams);
        let mut joined = Diagram { name: name(&names), nodes: Vec::new(), edges: Vec::new() };
        for diagram in diagrams {
            let ids: HashMap<String, Id> = diagram
                .nodes
                .iter()
                .map(|node| (node.id.clone(), id(&diagram.name, node, &owners, &names)))
                .collect();
            for node in diagram.nodes {
                if let Some(id) = ids.get(&node.id) {
                    joined.take(node, id);
                }
            }
            let told = |id: &String| ids.get(id).map_or_else(|| id.clone(), |id| id.whole.clone());
            joined.edges.extend(diagram.edges.into_iter().map(|edge| Edge {
                from: told(&edge.from),
                to: told(&edge.to),
                ..edge
            }));
        }
        joined
    }

    /// The pipelines of a picture of several, each once and in order; the nodes that are of none come first.
    pub(super) fn groups(&self) -> Vec<(Option<&str>, Vec<&Node>)> {
        let mut groups: Vec<(Option<&str>, Vec<&Node>)> = Vec::new();
        for node in &self.nodes {
            let pipeline = node.pipeline.as_deref();
            match groups.iter_mut().find(|(of, _)| *of == pipeline) {
                Some((_, nodes)) => nodes.push(node),
                None => groups.push((pipeline, vec![node])),
            }
        }
        groups.sort_by_key(|(pipeline, _)| pipeline.is_some());
        groups
    }

    /// Takes a node in; one that is there already gets what else is known of it.
    fn take(&mut self, node: Node, id: &Id) {
        match self.nodes.iter_mut().find(|known| known.id == id.whole) {
            None => self.nodes.push(Node { id: id.whole.clone(), pipeline: id.pipeline.clone(), ..node }),
            // A reader knows of a stream only that it is there.
            Some(_) if id.is_reference => {}
            Some(known) => {
                let news = node.details.into_iter().filter(|line| !known.details.contains(line));
                let news: Vec<String> = news.collect();
                known.details.extend(news);
                known.title = node.title;
                known.mark = known.mark.max(node.mark);
            }
        }
    }
}

/// What a node is called in the picture of all.
struct Id {
    whole: String,
    pipeline: Option<String>,
    /// Whether the pipeline that it is called in only reads it.
    is_reference: bool,
}

fn id(pipeline: &str, node: &Node, owners: &BTreeMap<String, String>, names: &[String]) -> Id {
    let of = |owner: &str, address: &str, is_reference| Id {
        whole: format!("{owner}/{address}"),
        pipeline: Some(owner.to_owned()),
        is_reference,
    };
    match node.kind {
        NodeKind::Outside => Id { whole: node.id.clone(), pipeline: None, is_reference: false },
        NodeKind::Bucket => {
            let owner = owners.get(&node.id).map_or(pipeline, String::as_str);
            of(owner, &node.id, owner != pipeline)
        }
        // `clicks/events` is the stream of another pipeline, in this picture or in none.
        NodeKind::Stream => match node.id.split_once('/') {
            Some((other, stream)) if names.iter().any(|name| name == other) => {
                of(other, &format!("streams.{stream}"), true)
            }
            Some(_) => Id { whole: node.id.clone(), pipeline: None, is_reference: true },
            None => of(pipeline, &node.id, false),
        },
        _ => of(pipeline, &node.id, false),
    }
}

/// Whose each bucket is: the pipeline's that writes records to it, where another only sends failures there.
fn owners(diagrams: &[Diagram]) -> BTreeMap<String, String> {
    let mut owners = BTreeMap::new();
    for diagram in diagrams {
        for edge in diagram.edges.iter().filter(|edge| edge.flow == Flow::Records) {
            if diagram.nodes.iter().any(|node| node.kind == NodeKind::Bucket && node.id == edge.to) {
                owners.entry(edge.to.clone()).or_insert_with(|| diagram.name.clone());
            }
        }
    }
    owners
}

fn name(names: &[String]) -> String {
    match names {
        [] => "no pipeline".to_owned(),
        [first, rest @ ..] if names.len() <= NAMED => {
            rest.iter().fold(first.clone(), |text, name| text + ", " + name)
        }
        many => format!("{} pipelines", many.len()),
    }
}
