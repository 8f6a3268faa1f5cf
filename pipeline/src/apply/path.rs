//! The critical path of an apply: the chain of steps that each waited for the one before, and took the longest.
//! Nothing that runs side by side makes an apply quicker than this chain. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Step;
use crate::resources::{Address, ResourceId};

/// The chain of steps that bounds how long an apply takes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CriticalPath {
    /// How long its steps took together.
    pub seconds: f64,
    /// Its steps, the first first.
    pub steps: Vec<Address>,
}

impl CriticalPath {
    /// Finds it among the steps that were done, of which it is known how long each took.
    #[must_use]
    pub fn find(steps: &[Step], seconds: &BTreeMap<ResourceId, f64>) -> Self {
        let mut ends: Vec<(&Step, Self)> = Vec::new();
        let mut left: Vec<&Step> = steps.iter().filter(|step| seconds.contains_key(&step.id())).collect();
        while !left.is_empty() {
            let waits = |step: &Step| left.iter().any(|other| step.waits_for(other));
            // A graph has no cycles; should a damaged one have, its order stands.
            let next = left.iter().position(|step| !waits(step)).unwrap_or(0);
            let step = left.remove(next);
            let before = ends.iter().filter(|(other, _)| step.waits_for(other)).map(|(_, path)| path);
            let longest = before.max_by(|one, other| one.seconds.total_cmp(&other.seconds));
            let mut path = longest.cloned().unwrap_or_default();
            path.seconds += seconds.get(&step.id()).copied().unwrap_or_default();
            path.steps.push(step.address.clone());
            ends.push((step, path));
        }
        let longest =
            ends.into_iter().map(|(_, path)| path).max_by(|one, other| one.seconds.total_cmp(&other.seconds));
        longest.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Action;
    use crate::resources::Kind;

    fn step(address: &Address, depends_on: &[&Address]) -> Step {
        Step {
            address: address.clone(),
            kind: Kind::Stream,
            name: address.to_string(),
            action: Action::Create,
            changes: Vec::new(),
            reason: None,
            operations: Vec::new(),
            depends_on: depends_on.iter().map(|needed| (*needed).clone()).collect(),
            desired: None,
        }
    }

    #[test]
    fn the_longest_chain_is_found_not_the_longest_step() {
        let (a, b, c) = (Address::stream("a"), Address::stream("b"), Address::stream("c"));
        let steps = [step(&b, &[&a]), step(&a, &[]), step(&c, &[])];
        let id = |address: &Address| ResourceId::new(Kind::Stream, address.to_string());
        let seconds = BTreeMap::from([(id(&a), 2.0), (id(&b), 3.0), (id(&c), 4.0)]);
        assert_eq!(CriticalPath::find(&steps, &seconds), CriticalPath { seconds: 5.0, steps: vec![a, b] });
        assert_eq!(CriticalPath::find(&steps, &BTreeMap::new()), CriticalPath::default());
    }
}
