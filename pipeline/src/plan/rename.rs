//! Entries that are called otherwise on AWS than before. AWS renames nothing: another resource is made, what used the
//! old one is moved over, and the old one goes last. The plan says so, and what is lost with it. Pure.

use std::collections::BTreeMap;

use super::{Action, Step};
use crate::resources::mapping::shown_start;
use crate::resources::{Address, Kind, PropertyChange, Spec};

/// Says of each step that makes something under another name what it takes the place of, and of what goes what took
/// its place.
pub(super) fn tell(steps: &mut [Step], notes: &mut Vec<String>) {
    let wanted = steps.iter().enumerate().filter(|(_, step)| step.desired.is_some());
    let wanted: BTreeMap<Address, usize> = wanted.map(|(at, step)| (step.address.clone(), at)).collect();
    for old in 0..steps.len() {
        if steps[old].desired.is_some() {
            continue;
        }
        let Some(&new) = wanted.get(&steps[old].address) else { continue };
        if steps[old].kind != steps[new].kind {
            continue;
        }
        let (from, to) = (steps[old].name.clone(), steps[new].name.clone());
        let lost = lost(&steps[new]);
        let place =
            format!("{to} takes its place{}", lost.map(|lost| format!(": {lost}")).unwrap_or_default());
        let reason = steps[old].reason.take();
        steps[old].reason = Some(reason.map_or(place.clone(), |reason| format!("{place} ({reason})")));
        if has_name(steps[new].kind) {
            notes.push(format!(
                "{}: the {} {from} is replaced, not renamed; {place}",
                steps[old].address, steps[old].kind
            ));
        }
        if steps[new].action == Action::Create {
            say(&mut steps[new], from);
        }
    }
}

/// Says of what is made that another name was there before.
fn say(new: &mut Step, from: String) {
    let to = Some(new.name.clone());
    new.reason = Some(match new.desired.as_ref().map(|desired| &desired.spec) {
        Some(Spec::Mapping(mapping)) => {
            format!("its function changes its name; the new mapping begins at {}", shown_start(&mapping.start))
        }
        _ if has_name(new.kind) => {
            "AWS cannot rename it: this one is made, what uses the old one is moved over, then the old one goes"
                .to_owned()
        }
        _ => format!("what it belongs to changes its name; it takes the place of {from}"),
    });
    if has_name(new.kind) {
        new.changes.push(PropertyChange { path: "name".to_owned(), before: Some(from), after: to });
    }
}

/// Whether the file can say a name of such a resource.
fn has_name(kind: Kind) -> bool {
    matches!(kind, Kind::Stream | Kind::Function | Kind::Delivery)
}

/// What is lost with the one that goes, and who has to be told.
fn lost(new: &Step) -> Option<&'static str> {
    match new.desired.as_ref().map(|desired| &desired.spec)? {
        Spec::Stream(_) => Some(
            "every record that is in it is lost, and whoever writes or reads it by name has to be told the new one",
        ),
        Spec::Delivery(delivery) if delivery.source.is_some() => Some(
            "what it has read and not delivered yet is lost, and until it goes both may deliver a record",
        ),
        Spec::Delivery(_) => Some(
            "what it has taken in and not delivered yet is lost, and whoever puts to it by name has to be told the new one",
        ),
        Spec::Function(_) => Some("whoever calls it by name has to be told the new one"),
        Spec::LogGroup(_) => Some("its lines are lost"),
        _ => None,
    }
}
