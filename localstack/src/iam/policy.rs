//! A managed policy.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A managed policy of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ManagedPolicy {
    /// Its name.
    pub name: String,
    /// Its path, `/` mostly.
    pub path: String,
    /// Its ARN.
    pub arn: String,
    /// Its id, `ANPA…`.
    pub id: String,
    /// What people are told about it.
    pub description: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When its last version was.
    pub updated: Timestamp,
    /// Its tags, in the order they came.
    pub tags: IndexMap<String, String>,
    /// Its versions, oldest first; five at most.
    pub versions: Vec<PolicyVersion>,
    /// The number of the version in force.
    pub default_version: u32,
    /// The number of the next version.
    pub next_version: u32,
}

/// A version of a managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// 1 for `v1`.
    pub number: u32,
    /// The document, as it was given.
    pub document: String,
    /// When it was created.
    pub created: Timestamp,
}

/// Versions a policy may have.
pub(crate) const MOST_VERSIONS: usize = 5;

/// Whether this is the ARN of a policy that AWS manages: they are all taken to exist.
pub(crate) fn is_aws_managed(arn: &str) -> bool {
    arn.strip_prefix("arn:aws:iam::aws:policy/").is_some_and(|name| !name.is_empty())
}
