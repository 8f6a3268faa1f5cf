//! What nobody is shown of a set: where secrets stand in its texts, and what they are.

use std::ops::Range;
use std::sync::Arc;

use super::super::sources::Sources;
use super::super::tree::Node;
use super::super::vars::{self, Assignments, Scope};
use super::super::veil;

/// The secrets of a set.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Where they stand.
    pub(super) bytes: Vec<Range<usize>>,
    /// What they are, as far as they can be told from what is none.
    pub(super) values: Vec<String>,
}

/// Looks through the trees of pipelines and overlays, through what was given to variables, and through the lines of texts
/// that are broken.
pub(super) fn find<'a>(
    trees: impl Iterator<Item = &'a Arc<Node>>,
    (scopes, given): (&[&Scope], &Assignments),
    (broken, sources): (&[usize], &Sources),
) -> Secrets {
    let mut secrets = Secrets::default();
    for hidden in trees.flat_map(|tree| veil::of_tree(tree)) {
        secrets.bytes.push(hidden.span);
        secrets.values.extend(Some(hidden.text).filter(|_| hidden.sure));
    }
    for scope in scopes {
        secrets.values.extend(scope.secrets());
        secrets.bytes.extend(scope.sensitive_defaults());
    }
    secrets.bytes.extend(vars::sensitive_values(given, scopes));
    for file in broken {
        let bytes = sources.bytes(*file);
        let is_sensitive = |word: &str| scopes.iter().any(|scope| scope.is_sensitive(word));
        secrets.bytes.extend(veil::of_lines(&sources.text()[bytes.clone()], bytes.start, is_sensitive));
    }
    secrets
}
