//! A role.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A role, with its policies and tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its path, `/` mostly.
    pub path: String,
    /// Its ARN: path and name included.
    pub arn: String,
    /// Its id, `AROA…`.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
    /// Who may assume it, as it was given.
    pub trust_policy: String,
    /// What people are told about it.
    pub description: Option<String>,
    /// How long a session may last, in seconds.
    pub max_session: i64,
    /// The managed policy that bounds it.
    pub boundary: Option<String>,
    /// Its tags, in the order they came.
    pub tags: IndexMap<String, String>,
    /// Its own policies by name.
    pub inline: BTreeMap<String, String>,
    /// The ARNs of managed policies attached to it.
    pub attached: BTreeSet<String>,
}
