//! What is not as the last apply left it: moved outside, gone, or taken over. Pure.
//!
//! Measured against what the ledger says was applied, not against the file: an edit of the file is no drift. A
//! field that somebody else moves by right (the shard count under an autoscaler, the capacity of an on-demand
//! stream, tags of others) is told apart with its owner and is no drift either.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ownership::{Here, Verdict, verdict};
use super::{Trouble, cascade};
use crate::ledger::{Record, Standing};
use crate::resources::stream::StreamCapacity;
use crate::resources::tags::{CODE, KEY, Owner, SOURCE};
use crate::resources::{
    Address, Desired, Difference, Graph, Kind, Observed, PropertyChange, Readiness, ResourceId, Spec, State,
};

/// What is not as the last apply left it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drift {
    /// The pipeline's name.
    pub pipeline: String,
    /// The revision it is measured against; 0 when the ledger has none, and the file stands in for it.
    pub revision: u64,
    /// The resources that drifted.
    pub resources: Vec<Drifted>,
    /// The fields that others move by right.
    pub owned_by_others: Vec<OwnedByOther>,
    /// What is as it was left, and does not work.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// How many resources were looked at.
    pub looked_at: usize,
}

/// A resource that is not as it was left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Drifted {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
    /// What moved: `before` is what was applied, `after` what is there now.
    pub changes: Vec<PropertyChange>,
}

/// What became of a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "detail")]
pub enum Fate {
    /// Somebody changed it in place; apply changes it back.
    Changed,
    /// Somebody changed what only making it anew brings back; why.
    NeedsReplacement(String),
    /// Somebody deleted it, or is about to; apply makes it again.
    Gone,
    /// It failed by itself; why.
    Failed(String),
    /// It carries the tags of another pipeline, or none; whose it is. Apply leaves it alone.
    NotOurs(String),
}

/// A field that somebody else moves by right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnedByOther {
    /// The resource.
    pub address: Address,
    /// The field.
    pub path: String,
    /// What was applied first, where anything was.
    pub applied: Option<String>,
    /// What is there.
    pub now: String,
    /// Who moves it: `the autoscaler`, `AWS`, `others`.
    pub owner: String,
}

impl Drift {
    /// Whether anything drifted.
    #[must_use]
    pub fn is_some(&self) -> bool {
        !self.resources.is_empty()
    }

    /// In a line, for whoever looks at a plan: a plan repairs drift along with what the file changed.
    ///
    /// Without a revision nobody left anything: what is there is told by the plan.
    #[must_use]
    pub fn note(&self) -> Option<String> {
        if self.revision == 0 {
            return None;
        }
        let addresses: Vec<&str> =
            self.resources.iter().map(|drifted| drifted.address.as_str()).take(5).collect();
        let more = self.resources.len().saturating_sub(addresses.len());
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        (!addresses.is_empty()).then(|| {
            let list = addresses.join(", ");
            format!(
                "not as revision {} left it: {list}{more}; `pipectl drift` shows what moved",
                self.revision
            )
        })
    }

    /// Finds what drifted. Where the ledger does not say what a resource was brought to, because an older
    /// program wrote it or it is gone, what the file wants stands in for it, for resources that are ours.
    #[must_use]
    pub fn find(
        here: Here<'_>,
        revision: u64,
        remembered: &[Record],
        graph: &Graph,
        observed: &BTreeMap<ResourceId, Observed>,
    ) -> Self {
        let mut drift = Drift { pipeline: here.pipeline.to_owned(), revision, ..Drift::default() };
        let resources = graph.resources.values().map(|wanted| (&wanted.address, wanted.id()));
        drift.troubles = Trouble::find(here, resources, observed, remembered);
        for record in remembered.iter().filter(|record| record.standing == Standing::Present) {
            let by_file = graph.resources.values().find(|wanted| wanted.id() == record.id());
            let seen = observed.get(&record.id());
            // A sensitive value is what was applied if the seal of what is there, or of what the file has, says so.
            let mut known = record.seen_secrets(seen);
            known.extend(by_file.into_iter().flat_map(|wanted| wanted.secrets.clone()));
            let baseline = record.desired_knowing(&known).or_else(|| by_file.cloned());
            let Some(baseline) = baseline else { continue };
            let outlived = seen.and_then(|seen| cascade::outlived(&baseline, seen, observed));
            drift.look(here, &baseline, Some(record), seen, outlived);
        }
        if remembered.is_empty() {
            for wanted in graph.resources.values() {
                // Without a ledger nobody knows whether what is missing was ever there.
                if let Some(seen) = observed.get(&wanted.id()) {
                    let outlived = cascade::outlived(wanted, seen, observed);
                    drift.look(here, wanted, None, Some(seen), outlived);
                }
            }
        }
        drift
    }

    fn look(
        &mut self,
        here: Here<'_>,
        baseline: &Desired,
        record: Option<&Record>,
        seen: Option<&Observed>,
        outlived: Option<String>,
    ) {
        self.looked_at += 1;
        let fate = |fate, changes| Drifted {
            address: baseline.address.clone(),
            kind: baseline.spec.kind(),
            name: baseline.name.clone(),
            fate,
            changes,
        };
        let Some(seen) = seen else { return self.resources.push(fate(Fate::Gone, Vec::new())) };
        if let Verdict::NotOurs(owner) = verdict(here, &baseline.id(), seen, record) {
            let whose = match (&owner, owner.told()) {
                (Owner::Pipeline(_) | Owner::Elsewhere(_) | Owner::Unplaced, Some(whose)) => {
                    format!("it {whose}")
                }
                _ => "it has lost our tags, or somebody made it anew".to_owned(),
            };
            return self.resources.push(fate(Fate::NotOurs(whose), Vec::new()));
        }
        match seen.state.readiness() {
            Readiness::Leaving => return self.resources.push(fate(Fate::Gone, Vec::new())),
            Readiness::Failed(why) => return self.resources.push(fate(Fate::Failed(why), Vec::new())),
            Readiness::Ready | Readiness::Creating(_) | Readiness::Pending(_) => {}
        }
        self.owned_by_others.extend(owned_by_others(baseline, seen));
        let Difference { mut properties, changes, replace } = baseline.spec.compare(&seen.state, &seen.tags);
        let replace = replace.or(outlived);
        let tags = baseline.tags.compare(&seen.tags);
        properties.extend(tags.properties(&seen.tags));
        if changes.is_empty() && replace.is_none() && tags.is_empty() {
            return;
        }
        let moved = properties.into_iter().map(|change| PropertyChange {
            path: change.path,
            before: change.after,
            after: change.before,
        });
        let moved = moved.collect();
        self.resources.push(match replace {
            Some(why) => fate(Fate::NeedsReplacement(why), moved),
            None => fate(Fate::Changed, moved),
        });
    }
}

/// The fields of a resource that others move, as far as they moved.
fn owned_by_others(baseline: &Desired, seen: &Observed) -> Vec<OwnedByOther> {
    let entry = |path: String, applied: Option<String>, now: String, owner: &str| OwnedByOther {
        address: baseline.address.clone(),
        path,
        applied,
        now,
        owner: owner.to_owned(),
    };
    let mut found = Vec::new();
    if let (Spec::Stream(spec), State::Stream(state)) = (&baseline.spec, &seen.state) {
        let now = state.open_shards.to_string();
        match spec.capacity {
            StreamCapacity::Autoscaled(first) if first != state.open_shards => {
                found.push(entry("shards".to_owned(), Some(first.to_string()), now, "the autoscaler"));
            }
            StreamCapacity::OnDemand => found.push(entry("shards".to_owned(), None, now, "AWS (on-demand)")),
            StreamCapacity::Autoscaled(_) | StreamCapacity::Fixed(_) => {}
        }
    }
    let set = &baseline.tags.set;
    let foreign = seen
        .tags
        .iter()
        .filter(|(key, _)| !set.contains_key(*key) && ![SOURCE, CODE, KEY].contains(&key.as_str()));
    found.extend(foreign.map(|(key, value)| entry(format!("tags.{key}"), None, value.clone(), "others")));
    found
}
