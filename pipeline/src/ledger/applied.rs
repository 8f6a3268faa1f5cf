//! What a resource was last brought to, as the ledger keeps it: drift is measured against it, revisions are
//! compared by it, and a rollback goes back to it, whatever the file says meanwhile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Record;
use crate::resources::tags::{TagMap, Tags};
use crate::resources::{Desired, Spec};

/// What a resource was last brought to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Applied {
    /// Its properties. Kept as they were written, so that a ledger can be read by a program to which some of
    /// them mean nothing.
    pub spec: Value,
    /// The tags that were set.
    pub tags: TagMap,
}

impl Applied {
    /// What bringing a resource to this leaves.
    pub(crate) fn of(desired: &Desired) -> Self {
        // Specs are plain data with text keys, which always has a JSON form.
        let spec = serde_json::to_value(&desired.spec).unwrap_or_default();
        Self { spec, tags: desired.tags.set.clone() }
    }

    /// The properties, when this program knows them all.
    #[must_use]
    pub fn spec(&self) -> Option<Spec> {
        serde_json::from_value(self.spec.clone()).ok()
    }
}

impl Record {
    /// The resource as it was wanted when it was last brought to something; `None` when that is not known.
    #[must_use]
    pub fn desired(&self) -> Option<Desired> {
        let applied = self.applied.as_ref()?;
        Some(Desired {
            address: self.address.clone(),
            name: self.name.clone(),
            tags: Tags { set: applied.tags.clone(), ..Tags::default() },
            spec: applied.spec()?,
            depends_on: self.depends_on.clone(),
        })
    }
}
