//! What the ledger learns from a look: what is there is taken for what was left. Pure, and changes nothing on AWS.

use std::collections::BTreeMap;

use super::ownership::{Here, Verdict, verdict};
use super::{Drift, Drifted, Fate};
use crate::ledger::{Applied, Record, Standing};
use crate::resources::{Desired, Observed, Readiness, ResourceId};

/// What the ledger is to hold after a look.
#[derive(Clone, Debug, PartialEq)]
pub struct Refresh {
    /// The pipeline's name.
    pub pipeline: String,
    /// The revision that was looked at.
    pub based_on: u64,
    /// What had moved, and is taken for what was left.
    pub taken: Vec<Drifted>,
    /// What had moved and cannot be taken: it stays drift, for which apply is the way.
    pub kept: Vec<Drifted>,
    /// What the ledger holds then.
    pub(crate) records: Vec<Record>,
}

impl Refresh {
    /// Takes what drifted, as far as a record can say it.
    #[must_use]
    pub(crate) fn of(
        here: Here<'_>,
        drift: Drift,
        remembered: &[Record],
        observed: &BTreeMap<ResourceId, Observed>,
    ) -> Self {
        let mut refresh = Self {
            pipeline: drift.pipeline,
            based_on: drift.revision,
            taken: Vec::new(),
            kept: Vec::new(),
            records: remembered.to_vec(),
        };
        for drifted in drift.resources {
            let id = ResourceId::new(drifted.kind, drifted.name.clone());
            if refresh.take(here, &drifted, &id, observed.get(&id)) {
                refresh.taken.push(drifted);
            } else {
                refresh.kept.push(drifted);
            }
        }
        refresh
    }

    /// Whether the ledger learns anything.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        !self.taken.is_empty()
    }

    /// Has its record say what is there; `false` when a record cannot.
    fn take(&mut self, here: Here<'_>, drifted: &Drifted, id: &ResourceId, seen: Option<&Observed>) -> bool {
        let Some(index) = self.records.iter().position(|record| record.id() == *id) else { return false };
        if matches!(drifted.fate, Fate::NeedsReplacement(_)) && drifted.changes.is_empty() {
            // It reads a stream that is no more: nothing that a record could say.
            return false;
        }
        if drifted.fate == Fate::Gone {
            self.records.remove(index);
            return true;
        }
        let record = &mut self.records[index];
        let Some(seen) = seen else { return false };
        // What is there in place of a sealed value is sealed again.
        let Some(before) = record.desired_knowing(&record.seen_secrets(Some(seen))) else { return false };
        let ours = verdict(here, id, seen, Some(record)) == Verdict::Ours;
        let settled = !matches!(seen.state.readiness(), Readiness::Failed(_) | Readiness::Leaving);
        if !ours || !settled || record.standing != Standing::Present {
            return false;
        }
        let mut found = Desired { spec: before.spec.found(&seen.state), ..before };
        // Tags that we set and somebody took off are not ours to look for any more.
        found.tags.set.retain(|key, _| seen.tags.contains_key(key));
        for (key, value) in &mut found.tags.set {
            value.clone_from(&seen.tags[key]);
        }
        let difference = found.spec.compare(&seen.state, &seen.tags);
        if !difference.changes.is_empty() || difference.replace.is_some() {
            return false;
        }
        record.tags = found.tags.set.keys().cloned().collect();
        record.applied = Some(Applied::of(&found));
        true
    }
}
