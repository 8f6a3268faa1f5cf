//! What a plan does, told by the colour of the nodes.

use super::{Diagram, Mark, Node, NodeKind};
use crate::plan::{Action, Plan, Step};
use crate::resources::Kind;

impl Diagram {
    /// Marks each node with what the plan does to it, and adds what the plan deletes because the file says it no more.
    ///
    /// A role, a log group or a mapping has no node: a change of it is a change of the entry that it comes from.
    /// Alarms are no part of the picture.
    pub fn mark(&mut self, plan: &Plan) {
        for node in &mut self.nodes {
            node.mark = (node.kind != NodeKind::Outside).then_some(Mark::Unchanged);
        }
        for step in &plan.steps {
            let address = step.address.as_str();
            if address.contains(".alarms.") || step.action == Action::NoChange {
                continue;
            }
            match self.owner(address) {
                Some(index) => {
                    let node = &mut self.nodes[index];
                    let mark = if node.id == address { mark(step.action) } else { Mark::Update };
                    node.mark = node.mark.max(Some(mark));
                }
                None => self.nodes.extend(gone(step)),
            }
        }
    }

    /// The node that an address is, or is derived from: the longest that fits, as one name may begin another.
    fn owner(&self, address: &str) -> Option<usize> {
        let fits =
            |id: &str| address.strip_prefix(id).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let fitting = self.nodes.iter().enumerate().filter(|(_, node)| fits(&node.id));
        fitting.max_by_key(|(_, node)| node.id.len()).map(|(index, _)| index)
    }
}

fn mark(action: Action) -> Mark {
    match action {
        Action::NoChange => Mark::Unchanged,
        Action::Create => Mark::Create,
        Action::Update => Mark::Update,
        Action::Replace => Mark::Replace,
        Action::Delete => Mark::Delete,
        Action::Release => Mark::Release,
    }
}

/// What the file has no more; of it only what records flow through.
fn gone(step: &Step) -> Option<Node> {
    let kind = match step.kind {
        Kind::Stream => NodeKind::Stream,
        Kind::Delivery => NodeKind::Delivery,
        Kind::Bucket => NodeKind::Bucket,
        Kind::Function if step.address.as_str().starts_with("transforms.") => NodeKind::Transform,
        Kind::Function => NodeKind::Function,
        Kind::LogGroup
        | Kind::Role
        | Kind::StreamConsumer
        | Kind::Mapping
        | Kind::Alarm
        | Kind::Dashboard => {
            return None;
        }
    };
    let id = step.address.as_str();
    let title = id.split_once('.').map_or(id, |(_, name)| name);
    Some(Node {
        id: id.to_owned(),
        pipeline: None,
        kind,
        title: title.to_owned(),
        details: Vec::new(),
        mark: Some(mark(step.action)),
    })
}
