//! What is not any more as it was when a plan was made: the same plan made twice, compared. Pure.

use std::fmt;

use super::{Action, Plan, Step};
use crate::resources::Address;

/// One thing that moved since a plan was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moved {
    /// The pipeline file says something else.
    File,
    /// An overlay says something else, or is not laid over any more, or is new.
    Overlay(String),
    /// A variable has another value.
    Variable(String),
    /// Someone applied in between.
    Ledger {
        /// The revision the plan knows.
        planned: u64,
        /// The ledger's now.
        found: u64,
    },
    /// A resource is not as it was.
    Resource {
        /// Where it stands in the file.
        address: Address,
        /// How it differs, in words.
        how: String,
    },
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Moved::File => f.write_str("the pipeline file was changed"),
            Moved::Overlay(file) => {
                write!(f, "the overlay {file} is not the one that the plan was made with")
            }
            Moved::Variable(name) => {
                write!(f, "the variable {name} has not the value that the plan was made with")
            }
            Moved::Ledger { planned, found } => {
                write!(f, "the ledger is at revision {found}, and was at {planned}")
            }
            Moved::Resource { address, how } => write!(f, "{address}: {how}"),
        }
    }
}

/// What moved between two plans made from the same file in the same way.
#[must_use]
pub fn moved(planned: &Plan, now: &Plan) -> Vec<Moved> {
    let mut moved = Vec::new();
    if planned.based_on != now.based_on {
        moved.push(Moved::Ledger { planned: planned.based_on, found: now.based_on });
    }
    let resource = |step: &Step, how: String| Moved::Resource { address: step.address.clone(), how };
    for was in &planned.steps {
        match now.steps.iter().find(|step| same_resource(step, was)) {
            None => moved.push(resource(was, gone(was))),
            Some(is) if is == was => {}
            Some(is) => moved.push(resource(was, difference(was, is))),
        }
    }
    for is in &now.steps {
        if !planned.steps.iter().any(|step| same_resource(step, is)) {
            moved.push(resource(is, format!("there was nothing to do, and now it is to {}", is.action)));
        }
    }
    moved
}

fn same_resource(one: &Step, other: &Step) -> bool {
    one.kind == other.kind && one.name == other.name
}

fn gone(was: &Step) -> String {
    match was.action {
        Action::Delete | Action::Release => "it is gone already, or no longer ours".to_owned(),
        _ => "it is no longer part of the plan".to_owned(),
    }
}

fn difference(was: &Step, is: &Step) -> String {
    match (was.action, is.action) {
        (Action::Create, Action::Create) => {}
        (Action::Create, _) => return "it was to be created, and exists now".to_owned(),
        (_, Action::Create) => return "it was there, and is gone now".to_owned(),
        (one, other) if one != other => {
            let properties: Vec<&str> = is.changes.iter().map(|change| change.path.as_str()).collect();
            let of =
                if properties.is_empty() { String::new() } else { format!(" ({})", properties.join(", ")) };
            return format!("planned: {one}; now: {other}{of}");
        }
        _ => {}
    }
    let side = |value: &Option<String>| value.clone().unwrap_or_else(|| "nothing".to_owned());
    let other = is.changes.iter().filter(|change| !was.changes.contains(change));
    let words: Vec<String> = other
        .map(|change| {
            let before = was.changes.iter().find(|old| old.path == change.path);
            match before {
                Some(old) if old.before != change.before => {
                    format!("{} is {} now, and was {}", change.path, side(&change.before), side(&old.before))
                }
                Some(_) => format!("{} is to become {} now", change.path, side(&change.after)),
                None => format!("{} is {} now", change.path, side(&change.before)),
            }
        })
        .collect();
    if !words.is_empty() {
        return words.join(", ");
    }
    let settled = was.changes.iter().find(|change| !is.changes.contains(change));
    match settled {
        Some(change) => format!("{} is {} already", change.path, side(&change.after)),
        None => "what has to be done for it is not the same".to_owned(),
    }
}
