//! What changes in a program: the ledger knows the one that runs, and a plan shows its lines beside the hash.

use crate::ledger::Record;
use crate::resources::function::{FunctionSpec, PackageContent};
use crate::resources::tags::SOURCE;
use crate::resources::{Desired, Observed, PropertyChange, Spec};
use crate::spec::vars::has_seals;

/// The programs before and after, where the code changes and the ledger's last revision has what runs now. A program
/// that holds sensitive values is kept sealed, and is not shown.
pub(super) fn change(
    wanted: &Desired,
    seen: &Observed,
    record: Option<&Record>,
    changes: &[PropertyChange],
) -> Option<PropertyChange> {
    changes.iter().find(|change| change.path == "code")?;
    let (_, after) = program(&wanted.spec)?;
    let before = record?.applied.as_ref()?.spec()?;
    let (fingerprint, before) = program(&before)?;
    let runs = seen.tags.get(SOURCE).is_some_and(|source| source == fingerprint);
    let differs = before != after && !has_seals(&serde_json::Value::String(before.to_owned()));
    (runs && differs).then(|| PropertyChange {
        path: "vrl".to_owned(),
        before: Some(before.to_owned()),
        after: Some(after.to_owned()),
    })
}

/// A function's program with the fingerprint of what was built from it.
fn program(spec: &Spec) -> Option<(&str, &str)> {
    let Spec::Function(FunctionSpec { package, .. }) = spec else { return None };
    match &package.content {
        PackageContent::Vrl { program } => Some((&package.fingerprint, program)),
        PackageContent::Zip { .. } => None,
    }
}
