//! What is there, as it was left, and does not work: told beside a plan and beside drift, for neither mends it. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ownership::{Here, Verdict, verdict};
use crate::ledger::Record;
use crate::resources::{Address, Kind, Observed, ResourceId};

/// A resource that is there and does not work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trouble {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What it says of itself.
    pub what: String,
}

impl Trouble {
    /// What of these does not work, and is ours.
    pub(crate) fn find<'a>(
        here: Here<'_>,
        resources: impl Iterator<Item = (&'a Address, ResourceId)>,
        observed: &BTreeMap<ResourceId, Observed>,
        remembered: &[Record],
    ) -> Vec<Self> {
        let in_trouble = resources.filter_map(|(address, id)| {
            let seen = observed.get(&id)?;
            let what = seen.state.trouble()?;
            let record = remembered.iter().find(|record| record.id() == id);
            let ours = verdict(here, &id, seen, record) == Verdict::Ours;
            ours.then(|| Self { address: address.clone(), kind: id.kind, name: id.name, what })
        });
        in_trouble.collect()
    }

    /// In a line, for whoever looks at a plan.
    #[must_use]
    pub fn note(&self) -> String {
        format!(
            "{}: the {} does not work: {}; `--replace {}` makes it anew",
            self.address, self.kind, self.what, self.address
        )
    }
}
