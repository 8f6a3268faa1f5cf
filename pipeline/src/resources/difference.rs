//! The outcome of comparing what is wanted with what is there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One property that changes, for people to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PropertyChange {
    /// The property, in the words of the pipeline file where it has them: `shards`, `buffer.size`.
    pub path: String,
    /// What is there now; `None` when nothing is.
    pub before: Option<String>,
    /// What will be there; `None` when it goes, or is known only once the change is made.
    pub after: Option<String>,
}

/// What it takes to bring a resource to what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference<C> {
    /// What changes, for people.
    pub properties: Vec<PropertyChange>,
    /// The mutations, in the order they have to be made.
    pub changes: Vec<C>,
    /// Why the resource has to be deleted and created again; the changes are void then.
    pub replace: Option<String>,
}

impl<C> Default for Difference<C> {
    fn default() -> Self {
        Self { properties: Vec::new(), changes: Vec::new(), replace: None }
    }
}

impl<C> Difference<C> {
    /// Nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.properties.is_empty() && self.changes.is_empty() && self.replace.is_none()
    }

    /// Notes a property whose two sides are not the same, and says whether they differ.
    pub fn note<T: PartialEq>(
        &mut self,
        path: &str,
        before: Option<T>,
        after: Option<T>,
        show: impl Fn(&T) -> String,
    ) -> bool {
        if before == after {
            return false;
        }
        self.properties.push(PropertyChange {
            path: path.to_owned(),
            before: before.as_ref().map(&show),
            after: after.as_ref().map(&show),
        });
        true
    }

    /// The same for two ARNs, which are shown by the names at their ends, as a plan of something new shows them;
    /// whole where the names are alike.
    pub fn note_arn(&mut self, path: &str, before: Option<&str>, after: Option<&str>) -> bool {
        let name = |arn: &str| arn.rsplit([':', '/']).next().unwrap_or(arn).to_owned();
        let alike = before.map(name) == after.map(name);
        self.note(path, before, after, |arn| if alike { (*arn).to_owned() } else { name(arn) })
    }

    /// The same difference with its changes put in another type.
    #[must_use]
    pub fn map<D>(self, wrap: impl Fn(C) -> D) -> Difference<D> {
        Difference {
            properties: self.properties,
            changes: self.changes.into_iter().map(wrap).collect(),
            replace: self.replace,
        }
    }
}

/// Whether a resource may be used and changed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It may.
    Ready,
    /// It is being created and cannot be used yet; the text says what is awaited: `ACTIVE (now CREATING)`.
    Creating(String),
    /// It can be used, but not changed until this has come: `ACTIVE (now UPDATING)`.
    Pending(String),
    /// It is being deleted.
    Leaving,
    /// It failed for good; the text says why. Only deleting it helps.
    Failed(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_that_changes_is_shown_by_its_name_and_whole_where_that_says_nothing() {
        let mut difference = Difference::<()>::default();
        let role = |account: u32, name: &str| format!("arn:aws:iam::{account}:role/{name}");
        assert!(difference.note_arn("role", Some(&role(1, "a")), Some(&role(1, "b"))));
        assert!(difference.note_arn("role", Some(&role(1, "a")), Some(&role(2, "a"))));
        assert!(!difference.note_arn("role", Some(&role(1, "a")), Some(&role(1, "a"))));
        let shown: Vec<_> = difference.properties.iter().map(|it| it.after.as_deref()).collect();
        assert_eq!(shown, [Some("b"), Some("arn:aws:iam::2:role/a")]);
    }
}
