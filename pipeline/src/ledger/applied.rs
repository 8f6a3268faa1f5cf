//! What a resource was last brought to, as the ledger keeps it: drift is measured against it, revisions are
//! compared by it, and a rollback goes back to it, whatever the file says meanwhile.
//!
//! Sensitive values are not kept. A seal stands in place of each: whoever has the value, from the file's variables or
//! from what exists, finds out by it that it is the same, and nobody else learns it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Record;
use crate::resources::tags::{TagMap, Tags};
use crate::resources::{Desired, Kind, Observed, Spec, State};
use crate::spec::vars::{Seals, has_seals, is_sealed};
use crate::spec::{Path, Secret};

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
        let mut spec = serde_json::to_value(&desired.spec).unwrap_or_default();
        if !desired.secrets.is_empty() {
            Seals::of(&desired.name, &desired.secrets).close(&mut spec);
        }
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
        self.desired_knowing(&[])
    }

    /// The same with its sensitive values, as far as they are among these. What stays sealed has its seal for a value.
    #[must_use]
    pub fn desired_knowing(&self, known: &[Secret]) -> Option<Desired> {
        let applied = self.applied.as_ref()?;
        let mut spec = applied.spec.clone();
        let mut secrets = Vec::new();
        if has_seals(&spec) {
            secrets = known.iter().filter(|secret| secret.is_of(self.address.as_str())).cloned().collect();
            Seals::of(&self.name, &secrets).open(&mut spec);
        }
        Some(Desired {
            secrets,
            address: self.address.clone(),
            name: self.name.clone(),
            tags: Tags { set: applied.tags.clone(), ..Tags::default() },
            spec: serde_json::from_value(spec).ok()?,
            depends_on: self.depends_on.clone(),
        })
    }

    /// Whether sensitive values of it are sealed.
    #[must_use]
    pub fn is_sealed(&self) -> bool {
        self.applied.as_ref().is_some_and(|applied| has_seals(&applied.spec))
    }

    /// The values that exist in place of its sealed ones: an environment can be read back from Lambda.
    #[must_use]
    pub fn seen_secrets(&self, seen: Option<&Observed>) -> Vec<Secret> {
        let Some(applied) = self.applied.as_ref().filter(|_| self.kind == Kind::Function) else {
            return Vec::new();
        };
        let Some(State::Function(function)) = seen.map(|seen| &seen.state) else { return Vec::new() };
        let environment = &applied.spec["function"]["environment"];
        let sealed = |name: &str| environment[name].as_str().is_some_and(is_sealed);
        let path = Path::of(self.address.as_str().split('.')).key("environment");
        let there = function.environment.iter().filter(|(name, _)| sealed(name));
        there.map(|(name, value)| Secret { path: path.key(name), value: value.clone() }).collect()
    }
}

/// Whether a sensitive value of a resource is still sealed.
pub(crate) fn is_closed(desired: &Desired) -> bool {
    has_seals(&serde_json::to_value(&desired.spec).unwrap_or_default())
}
