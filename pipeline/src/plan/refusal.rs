//! What keeps a plan from being carried out though it can be made, and so be shown.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Plan, PlanError, Step};
use crate::resources::bucket::Contents;
use crate::resources::{Address, Kind, ResourceId};

/// A step that is not made unless the user says what becomes of what others, or the user, have in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Refusal {
    /// Where it stands in the file, or stood.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// Why not.
    pub why: String,
    /// The options that say what becomes of it.
    pub hint: String,
}

impl Refusal {
    /// A bucket that would be deleted with what it holds.
    pub(super) fn holds_objects(address: &Address, id: &ResourceId, contents: &Contents) -> Self {
        Self {
            address: address.clone(),
            kind: id.kind,
            name: id.name.clone(),
            why: format!("the bucket {} would be deleted and still holds {contents}", id.name),
            hint: "--delete-data deletes the objects too, --keep-data leaves the bucket with them".to_owned(),
        }
    }

    /// A stream that would be deleted with consumers of others.
    pub(super) fn has_consumers(step: &Step, others: usize) -> Self {
        let (noun, them) = if others == 1 { ("a consumer", "it") } else { ("consumers", "them") };
        Self {
            address: step.address.clone(),
            kind: step.kind,
            name: step.name.clone(),
            why: format!(
                "the stream {} would be deleted, and others read what would be deleted by {noun} that they registered",
                step.name
            ),
            hint: format!("--delete-consumers deletes {them} too; whoever reads by {them} then has no more"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Plan {
    /// The plan, when it may be carried out.
    ///
    /// # Errors
    /// [`PlanError::Refused`], which has the plan to show.
    pub fn checked(self) -> Result<Self, PlanError> {
        if self.refusals.is_empty() { Ok(self) } else { Err(PlanError::Refused(Box::new(self))) }
    }
}

/// All of them as one text: a sentence, or a list under a head.
pub(super) fn told(refusals: &[Refusal]) -> String {
    match refusals {
        [one] => one.why.clone(),
        several => several
            .iter()
            .fold("this is not done unless you say so:".to_owned(), |text, it| text + "\n  " + &it.why),
    }
}

/// The ways out, each once.
pub(super) fn hints(refusals: &[Refusal]) -> String {
    let mut hints: Vec<&str> = refusals.iter().map(|refusal| refusal.hint.as_str()).collect();
    hints.dedup();
    hints.join("; ")
}
