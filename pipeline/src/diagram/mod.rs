//! A pipeline as a picture: what flows where, drawn from the file alone, and on request with what a plan would change.
//!
//! `flow` makes nodes and edges of a pipeline, `marks` colours them by a plan; `mermaid`, `dot` and `svg` write
//! them down, the last with a layout of its own (`layers`), so that nothing has to be installed to see one. `joined` puts
//! several pipelines into one picture.

mod dot;
mod flow;
mod joined;
mod layers;
mod marks;
mod mermaid;
mod order;
mod style;
mod svg;

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use serde::Serialize;

/// What a pipeline is made of, and what flows between.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Diagram {
    /// The pipeline's name; of several, their names or how many they are.
    pub name: String,
    /// What there is, in file order.
    pub nodes: Vec<Node>,
    /// What flows between, by the nodes' ids.
    pub edges: Vec<Edge>,
}

/// One thing of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Node {
    /// Its address in the file, `streams.events`, in a picture of several pipelines `clicks/streams.events`; the ARN of
    /// what is not in the file.
    pub id: String,
    /// Whose it is, in a picture of several pipelines; nothing for what is none's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// What it is.
    pub kind: NodeKind,
    /// What it is called in the file.
    pub title: String,
    /// A few words each.
    pub details: Vec<String>,
    /// What a plan does to it; nothing without a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    /// A Kinesis stream.
    Stream,
    /// A function that changes records in a delivery.
    Transform,
    /// A function of the user's own.
    Function,
    /// A Firehose delivery.
    Delivery,
    /// An S3 bucket.
    Bucket,
    /// An application that reads a stream by enhanced fan-out.
    Reader,
    /// Something that the pipeline does not make: a queue, a topic.
    Outside,
}

impl NodeKind {
    /// Every kind.
    pub(crate) const ALL: [NodeKind; 7] = [
        NodeKind::Stream,
        NodeKind::Transform,
        NodeKind::Function,
        NodeKind::Delivery,
        NodeKind::Bucket,
        NodeKind::Reader,
        NodeKind::Outside,
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            NodeKind::Stream => "stream",
            NodeKind::Transform => "transform",
            NodeKind::Function => "function",
            NodeKind::Delivery => "delivery",
            NodeKind::Bucket => "bucket",
            NodeKind::Reader => "reader",
            NodeKind::Outside => "outside",
        }
    }
}

/// What flows from one node to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Edge {
    /// The id of the node that it leaves.
    pub from: String,
    /// The id of the node that it reaches.
    pub to: String,
    /// What flows.
    pub flow: Flow,
    /// A few words about it; often none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub label: String,
}

/// What flows along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// Records.
    Records,
    /// Calls: a transform serves a delivery, a function is told of objects.
    Calls,
    /// What failed.
    Failures,
}

/// What a plan does to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Nothing.
    Unchanged,
    /// It, or what is derived from it, is changed in place.
    Update,
    /// It is made.
    Create,
    /// It is let go, and stays.
    Release,
    /// It is deleted and made again.
    Replace,
    /// It is deleted.
    Delete,
}

impl Mark {
    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Mark::Unchanged => "unchanged",
            Mark::Update => "update",
            Mark::Create => "create",
            Mark::Release => "let go",
            Mark::Replace => "replace",
            Mark::Delete => "delete",
        }
    }
}

impl Diagram {
    /// Where a node is among the nodes.
    fn index(&self, id: &str) -> Option<usize> {
        self.nodes.iter().position(|node| node.id == id)
    }

    /// The edges as positions in the list of nodes.
    fn links(&self) -> Vec<(usize, usize)> {
        let link = |edge: &Edge| Some((self.index(&edge.from)?, self.index(&edge.to)?));
        self.edges.iter().filter_map(link).collect()
    }
}
