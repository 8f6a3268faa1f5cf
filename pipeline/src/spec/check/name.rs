//! Names of pipelines, streams, transforms and deliveries, and the AWS names that come of them.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::names;
use super::super::path::Path;
use super::fields::{Found, Given};

/// Longest pipeline name that leaves room for any logical name beside it.
const PIPELINE_MAX: usize = 48;

/// The pipeline's own name.
pub(crate) fn pipeline<'a>(given: &Given<'a>, found: &mut Found) -> Option<&'a str> {
    let name = given.text(found)?;
    if let Some(problem) = problem(name) {
        found.push(invalid(given.place(), "a pipeline name", name, problem));
        return None;
    }
    if name.len() > PIPELINE_MAX {
        let message = format!("`name` has {} characters; {PIPELINE_MAX} is the most", name.len());
        let help = "it begins the name of every AWS resource, and some of them take 64 characters";
        found.push(Diagnostic::error(Code::NameTooLong, given.place(), message).help(help));
        return None;
    }
    Some(name)
}

/// What a logical name becomes on AWS, and how long that may be.
pub(crate) struct Physical {
    kind: &'static str,
    make: fn(&str, &str) -> String,
    most: usize,
    /// Whether `name` of the entry says another one.
    can_be_said: bool,
}

/// The name of the entry itself.
const fn own(kind: &'static str, most: usize) -> Physical {
    Physical { kind, make: names::physical, most, can_be_said: true }
}

/// A name that belongs to the pipeline and its entry, whatever that is called itself.
const fn beside(kind: &'static str, make: fn(&str, &str) -> String, most: usize) -> Physical {
    Physical { kind, make, most, can_be_said: false }
}

/// A stream's names.
pub(crate) const STREAM: &[Physical] = &[own("stream", names::STREAM_NAME_MAX)];
/// A transform's names.
pub(crate) const TRANSFORM: &[Physical] =
    &[beside("role", names::transform_role, names::ROLE_NAME_MAX), own("function", names::FUNCTION_NAME_MAX)];
/// A function's names.
pub(crate) const FUNCTION: &[Physical] =
    &[beside("role", names::function_role, names::ROLE_NAME_MAX), own("function", names::FUNCTION_NAME_MAX)];
/// The name of an application that reads by fan-out.
pub(crate) const CONSUMER: &[Physical] =
    &[beside("stream consumer", names::physical, names::CONSUMER_NAME_MAX)];
/// A delivery's names.
pub(crate) const DELIVERY: &[Physical] = &[
    beside("role", names::delivery_role, names::ROLE_NAME_MAX),
    own("delivery stream", names::DELIVERY_NAME_MAX),
];

/// A logical name as it stands in the file.
pub(crate) struct Logical<'a> {
    pub(crate) name: &'a str,
    pub(crate) path: &'a Path,
    /// Whether its entry says by `name` what it is called on AWS.
    pub(crate) said: bool,
}

/// A logical name: legal in itself, and short enough for what it becomes.
pub(crate) fn logical(
    what: &str,
    physical: &[Physical],
    pipeline: Option<&str>,
    Logical { name, path, said }: Logical<'_>,
    found: &mut Found,
) -> bool {
    let place = || Place::Key(path.clone());
    if let Some(problem) = problem(name) {
        found.push(invalid(place(), what, name, problem));
        return false;
    }
    let too_long = pipeline.and_then(|pipeline| {
        physical.iter().filter(|it| !(said && it.can_be_said)).find_map(|it| {
            let made = (it.make)(pipeline, name);
            (made.len() > it.most).then_some((it, made))
        })
    });
    let Some((Physical { kind, most, can_be_said, .. }, made)) = too_long else { return true };
    let over = made.len() - most;
    let another = if *can_be_said { ", or say what it is called with `name`" } else { "" };
    let message =
        format!("the {kind} on AWS would be `{made}`: {} characters, and {most} is the most", made.len());
    found.push(
        Diagnostic::error(Code::NameTooLong, place(), message)
            .help(format!("make this name, or the pipeline's, shorter by {over}{another}")),
    );
    false
}

/// Why a name will not do. Lower case because IAM compares role names without case: `Lake` and `lake`
/// would be one role.
pub fn problem(name: &str) -> Option<&'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.is_empty() {
        Some("it is empty")
    } else if !name.chars().all(legal) {
        Some("it takes lower-case letters, digits, `-` and `_`")
    } else if !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        Some("it starts with a letter")
    } else if name.ends_with(['-', '_']) {
        Some("it ends with a letter or a digit")
    } else {
        None
    }
}

fn invalid(place: Place, what: &str, name: &str, problem: &str) -> Diagnostic {
    let shown: String = name.chars().take(80).collect();
    let diagnostic =
        Diagnostic::error(Code::InvalidName, place, format!("`{shown}` is not {what}: {problem}"));
    match legal_form(name) {
        Some(form) => diagnostic.help(format!("for example `{form}`")),
        None => diagnostic,
    }
}

/// The nearest legal name, for the hint.
fn legal_form(name: &str) -> Option<String> {
    let mut form = String::new();
    for character in name.chars().take(40) {
        match character.to_ascii_lowercase() {
            legal if legal.is_ascii_lowercase() || legal.is_ascii_digit() => form.push(legal),
            '_' => form.push('_'),
            _ if form.is_empty() || form.ends_with('-') => {}
            _ => form.push('-'),
        }
    }
    let form = form.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches(['-', '_']);
    (!form.is_empty()).then(|| form.to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_suggested_form_is_legal() {
        for (name, form) in [("Click Stream", "click-stream"), ("9lives", "lives"), ("a__", "a"), ("Ü", "")]
        {
            assert_eq!(legal_form(name).unwrap_or_default(), form);
        }
    }

    proptest! {
        #[test]
        fn suggested_forms_are_always_legal(name in "\\PC{0,20}") {
            if let Some(form) = legal_form(&name) {
                prop_assert_eq!(problem(&form), None);
            }
        }

        /// Roles share one namespace per account that ignores case; the other services have their own.
        #[test]
        fn no_two_roles_of_a_pipeline_share_a_name(
            logical in proptest::collection::btree_set("[a-z]([a-z-]{0,8}[a-z])?", 1..6),
        ) {
            let roles: BTreeSet<String> = logical
                .iter()
                .flat_map(|l| {
                    [names::transform_role("p", l), names::function_role("p", l), names::delivery_role("p", l)]
                })
                .map(|role| role.to_lowercase())
                .collect();
            prop_assert_eq!(roles.len(), logical.len() * 3);
        }
    }
}
