//! Ownership tags and the user's own tags: what marks a resource as this pipeline's.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Address, PropertyChange};

/// Tags as key and value.
pub type TagMap = BTreeMap<String, String>;

/// What the keys of our own tags begin with.
pub const OURS: &str = "pipectl:";
/// The tag that names the pipeline a resource belongs to.
pub const PIPELINE: &str = "pipectl:pipeline";
/// The tag that holds a resource's address in its pipeline file.
pub const RESOURCE: &str = "pipectl:resource";
/// The tag of what has one name in every region (a role, a bucket, a dashboard): the region of its pipeline.
pub const REGION: &str = "pipectl:region";
/// The tag that names what a function's code was built from.
pub const SOURCE: &str = "pipectl:source";
/// The tag of a delivery that says which access key its endpoint was given.
pub const KEY: &str = "pipectl:key";
/// The tag that lists the settings of a bucket that we set, and so look at.
pub const SETTINGS: &str = "pipectl:settings";
/// The tag of a function that services may call, by permissions that we gave and so look at.
pub const CALLERS: &str = "pipectl:callers";
/// The tag that holds the `CodeSha256` that was uploaded for that source.
pub const CODE: &str = "pipectl:code";

/// The tags wanted on a resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tags {
    /// Every tag that has to be there.
    pub set: TagMap,
    /// Keys we set in an earlier revision and no longer want. Tags that others set stay.
    pub retired: BTreeSet<String>,
}

impl Tags {
    /// The ownership tags of a resource beside the user's.
    #[must_use]
    pub fn of(pipeline: &str, address: &Address, user: &TagMap) -> Self {
        let mut set = user.clone();
        set.insert(PIPELINE.to_owned(), pipeline.to_owned());
        set.insert(RESOURCE.to_owned(), address.to_string());
        Self { set, retired: BTreeSet::new() }
    }

    /// What has to be set and removed for `observed` to hold what is wanted.
    #[must_use]
    pub fn compare(&self, observed: &TagMap) -> TagChange {
        TagChange {
            set: self
                .set
                .iter()
                .filter(|(key, value)| observed.get(*key) != Some(value))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
            remove: self.retired.iter().filter(|key| observed.contains_key(*key)).cloned().collect(),
        }
    }
}

/// Tags to set and to remove on one resource.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagChange {
    /// Tags to set, over what is there.
    pub set: TagMap,
    /// Keys to remove.
    pub remove: Vec<String>,
}

impl TagChange {
    /// Nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.remove.is_empty()
    }

    /// The change for people to read.
    #[must_use]
    pub fn properties(&self, observed: &TagMap) -> Vec<PropertyChange> {
        let set = self.set.iter().map(|(key, value)| (key, Some(value.clone())));
        let removed = self.remove.iter().map(|key| (key, None));
        set.chain(removed)
            .map(|(key, after)| PropertyChange {
                path: format!("tags.{key}"),
                before: observed.get(key).cloned(),
                after,
            })
            .collect()
    }
}

/// Whose a resource is, as its tags tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// This pipeline's.
    Ours,
    /// Another pipeline's.
    Pipeline(String),
    /// The pipeline of this name in another region, this one.
    Elsewhere(String),
    /// A pipeline of this name, and nothing says in which region.
    Unplaced,
    /// Nobody's that we know.
    Unknown,
}

impl Owner {
    /// Whose it is, after `it`; nothing of what is ours.
    #[must_use]
    pub fn told(&self) -> Option<String> {
        match self {
            Owner::Ours => None,
            Owner::Pipeline(name) => Some(format!("belongs to the pipeline {name}")),
            Owner::Elsewhere(region) => Some(format!("belongs to the pipeline of this name in {region}")),
            Owner::Unplaced => Some(format!(
                "belongs to a pipeline of this name, and neither a tag {REGION} nor the ledger of this region says it is this one"
            )),
            Owner::Unknown => Some("carries no ownership tags".to_owned()),
        }
    }
}

/// Whose a resource with these tags is, seen from `pipeline`. Of what has one name in every region that is not all:
/// whoever may touch it has to ask for the region, too.
#[must_use]
pub fn owner(tags: &TagMap, pipeline: &str) -> Owner {
    match tags.get(PIPELINE) {
        Some(name) if name == pipeline => Owner::Ours,
        Some(name) => Owner::Pipeline(name.clone()),
        None => Owner::Unknown,
    }
}
