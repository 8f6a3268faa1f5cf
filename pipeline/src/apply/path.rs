//! The critical path of an apply: the chain of steps that each waited for the one before, and took the longest.
//! Nothing that runs side by side makes an apply quicker than this chain. Pure.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::Step;
use crate::resources::Address;

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
    pub fn find(steps: &[Step], seconds: &BTreeMap<Address, f64>) -> Self {
        let mut ends: BTreeMap<&Address, Self> = BTreeMap::new();
        let mut left: Vec<&Step> = steps.iter().filter(|step| seconds.contains_key(&step.address)).collect();
        while !left.is_empty() {
            let waits = |step: &Step| left.iter().any(|other| step.depends_on.contains(&other.address));
            // A graph has no cycles; should a damaged one have, its order stands.
            let next = left.iter().position(|step| !waits(step)).unwrap_or(0);
            let step = left.remove(next);
            let before = step.depends_on.iter().filter_map(|needed| ends.get(needed));
            let longest = before.max_by(|one, other| one.seconds.total_cmp(&other.seconds));
            let mut path = longest.cloned().unwrap_or_default();
            path.seconds += seconds.get(&step.address).copied().unwrap_or_default();
            path.steps.push(step.address.clone());
            ends.insert(&step.address, path);
        }
        let longest = ends.into_values().max_by(|one, other| one.seconds.total_cmp(&other.seconds));
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
        let seconds = BTreeMap::from([(a.clone(), 2.0), (b.clone(), 3.0), (c, 4.0)]);
        assert_eq!(CriticalPath::find(&steps, &seconds), CriticalPath { seconds: 5.0, steps: vec![a, b] });
        assert_eq!(CriticalPath::find(&steps, &BTreeMap::new()), CriticalPath::default());
    }
}
