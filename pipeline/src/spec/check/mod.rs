//! The format: one file per part of it.

use super::diagnostic::Diagnostic;
use super::model::Pipeline;
use super::transform::CheckTransform;
use super::tree::Node;

/// The pipeline that a tree means, and everything that is wrong with it.
pub(super) fn pipeline(tree: &Node, check: &dyn CheckTransform) -> (Option<Pipeline>, Vec<Diagnostic>) {
    let _ = (tree, check);
    (None, Vec::new())
}
