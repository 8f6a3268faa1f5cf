//! A part of a plan: only what was asked for and what that needs, and replacements nobody but the user wants.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, Step};
use crate::resources::{Address, Kind};

/// What the user picked out of a plan. The default is all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    /// Only these addresses and what they need: `deliveries.lake`, or all of a kind by its section, `streams`.
    /// An entry stands for what is derived from it, too: `transforms.parse` has its role and its log group.
    pub targets: Vec<String>,
    /// Addresses to delete and make again though nothing in the file asks for it.
    pub replace: Vec<String>,
    /// Addresses of resources that exist without an owner, and are to be this pipeline's from now on. As with
    /// `targets`, an entry stands for what is derived from it, and a section for its entries.
    #[serde(default)]
    pub adopt: Vec<String>,
}

/// A change that a plan leaves out because it was not picked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LeftOut {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// What a whole plan would do to it.
    pub action: Action,
}

/// Why a selection picks nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectError {
    /// There is no such address.
    #[error("nothing in this pipeline has the address {address}")]
    Unknown {
        /// What was asked for.
        address: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// A bucket would lose what it holds.
    #[error("{0} is a bucket, and replacing a bucket would delete what it holds")]
    Bucket(String),
}

impl SelectError {
    /// The way out.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            SelectError::Unknown { nearest: Some(nearest), .. } => format!("did you mean {nearest}?"),
            SelectError::Unknown { nearest: None, .. } => "`pipectl status` lists the addresses".to_owned(),
            SelectError::Bucket(_) => "give the delivery another bucket name instead".to_owned(),
        }
    }
}

impl Selection {
    /// Whether it picks everything, and replaces nothing that need not be.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.targets.is_empty() && self.replace.is_empty() && self.adopt.is_empty()
    }

    /// Whether the user wants this resource made anew.
    pub(super) fn replaces(&self, address: &Address) -> bool {
        self.replace.iter().any(|asked| asked == address.as_str())
    }

    /// Whether the user takes this resource over.
    pub(super) fn adopts(&self, address: &Address) -> bool {
        self.adopt.iter().any(|asked| stands_for(asked, address))
    }

    /// Refuses addresses that nothing has, and buckets among those to replace.
    pub(super) fn check(&self, known: &[(&Address, Kind)]) -> Result<(), SelectError> {
        let unknown = |asked: &String| SelectError::Unknown {
            address: asked.clone(),
            nearest: nearest(asked, known.iter().map(|(address, _)| address.as_str())),
        };
        for asked in &self.targets {
            if !known.iter().any(|(address, _)| stands_for(asked, address)) {
                return Err(unknown(asked));
            }
        }
        for asked in &self.adopt {
            if !known.iter().any(|(address, _)| stands_for(asked, address)) {
                return Err(unknown(asked));
            }
        }
        for asked in &self.replace {
            match known.iter().find(|(address, _)| address.as_str() == asked) {
                None => return Err(unknown(asked)),
                Some((_, Kind::Bucket)) => return Err(SelectError::Bucket(asked.clone())),
                Some(_) => {}
            }
        }
        Ok(())
    }

    /// The addresses that are picked, given what each needs; `None` is all of them.
    pub(super) fn picked(&self, needs: &BTreeMap<Address, Vec<Address>>) -> Option<BTreeSet<Address>> {
        if self.targets.is_empty() {
            return None;
        }
        let asked = |address: &&Address| self.targets.iter().any(|asked| stands_for(asked, address));
        let mut open: Vec<&Address> = needs.keys().filter(asked).collect();
        let mut picked = BTreeSet::new();
        while let Some(address) = open.pop() {
            if picked.insert(address.clone()) {
                open.extend(needs.get(address).into_iter().flatten());
            }
        }
        Some(picked)
    }
}

/// Parts steps in those that are picked and the changes that are left out.
pub(super) fn split(steps: Vec<Step>, picked: Option<&BTreeSet<Address>>) -> (Vec<Step>, Vec<LeftOut>) {
    let Some(picked) = picked else { return (steps, Vec::new()) };
    let (kept, left): (Vec<Step>, Vec<Step>) =
        steps.into_iter().partition(|step| picked.contains(&step.address));
    let left = left.into_iter().map(|step| LeftOut {
        address: step.address,
        kind: step.kind,
        name: step.name,
        action: step.action,
    });
    (kept, left.collect())
}

/// Names the changes that were left out.
pub(super) fn note(left_out: &[LeftOut]) -> Option<String> {
    let changes: Vec<String> =
        left_out.iter().filter(|left| left.action != Action::NoChange).map(LeftOut::to_string).collect();
    (!changes.is_empty()).then(|| format!("left out, as it was not picked: {}", changes.join(", ")))
}

fn stands_for(asked: &str, address: &Address) -> bool {
    let rest = address.as_str().strip_prefix(asked);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn nearest<'a>(asked: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    let near = known.map(|address| (strsim::damerau_levenshtein(asked, address), address));
    let best = near.min_by_key(|(distance, _)| *distance)?;
    (best.0 <= asked.len() / 2).then(|| best.1.to_owned())
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.action, self.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_and_an_entry_stand_for_what_is_below_them() {
        let role = Address::transform("parse").role();
        assert!(stands_for("transforms.parse", &role) && stands_for("transforms", &role));
        assert!(!stands_for("transforms.par", &role));
    }

    #[test]
    fn a_target_brings_what_it_needs_near_and_far() {
        let (a, b, c) = (Address::stream("a"), Address::stream("b"), Address::stream("c"));
        let needs = BTreeMap::from([(a.clone(), vec![b.clone()]), (b.clone(), vec![]), (c, vec![])]);
        let selection = Selection { targets: vec!["streams.a".into()], ..Selection::default() };
        assert_eq!(selection.picked(&needs), Some(BTreeSet::from([a, b])));
        assert_eq!(Selection::default().picked(&needs), None);
    }

    #[test]
    fn an_unknown_address_is_refused_with_the_nearest() {
        let address = Address::stream("events");
        let selection = Selection { targets: vec!["streams.event".into()], ..Selection::default() };
        let refused = selection.check(&[(&address, Kind::Stream)]).expect_err("unknown");
        assert!(refused.hint().contains("streams.events"), "{}", refused.hint());
    }
}
