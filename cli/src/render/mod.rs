//! What the libraries answer, as text for people: pure functions from their types to styled strings.

pub(crate) mod account;
pub(crate) mod apply;
pub(crate) mod autoscale;
pub(crate) mod diff;
pub(crate) mod drift;
pub(crate) mod estimate;
pub(crate) mod explain;
pub(crate) mod history;
pub(crate) mod losses;
pub(crate) mod markdown;
pub(crate) mod money;
pub(crate) mod plan;
pub(crate) mod price;
pub(crate) mod rehearsal;
pub(crate) mod remarks;
pub(crate) mod simulation;
pub(crate) mod status;
mod wanted;

use pipectl_pipeline::plan::Action;

use crate::output::style::{BAD, CHANGE, FAINT, GOOD};

/// The sign of an action, in its colour.
fn sign(action: Action) -> (&'static str, anstyle::Style) {
    match action {
        Action::NoChange => (" ", FAINT),
        Action::Create => ("+", GOOD),
        Action::Update => ("~", CHANGE),
        Action::Replace => ("-/+", BAD),
        Action::Delete => ("-", BAD),
        Action::Release => ("○", CHANGE),
    }
}
