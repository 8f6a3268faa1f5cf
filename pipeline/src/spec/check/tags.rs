//! Tags: what every service that takes tags agrees on.

use std::collections::BTreeMap;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::fields::{Fields, Found, Given};

/// AWS takes 50 a resource, and two are pipectl's.
const MOST: usize = 48;
const KEY_MAX: usize = 128;
const VALUE_MAX: usize = 256;

/// The tags of a file.
pub(crate) fn read(file: &Fields<'_>, found: &mut Found) -> BTreeMap<String, String> {
    let entries = file.entries("tags", found);
    if let Some((_, first_over)) = entries.get(MOST) {
        let message = format!("{} tags; {MOST} is the most", entries.len());
        found.push(
            Diagnostic::error(Code::InvalidTag, Place::Key(first_over.path.clone()), message)
                .help("AWS takes 50 on a resource, and two of them are pipectl's"),
        );
    }
    let mut tags = BTreeMap::new();
    for (key, given) in entries {
        if let Some(problem) = key_problem(key) {
            found.push(Diagnostic::error(Code::InvalidTag, Place::Key(given.path.clone()), problem));
        } else if let Some(value) = value(&given, found) {
            tags.insert(key.to_owned(), value);
        }
    }
    tags
}

fn key_problem(key: &str) -> Option<String> {
    let lower = key.to_lowercase();
    if lower.starts_with("aws:") {
        Some("tags that begin with `aws:` are AWS's own".to_owned())
    } else if lower.starts_with("pipectl:") {
        Some("tags that begin with `pipectl:` say what pipectl owns, and it sets them itself".to_owned())
    } else if key.is_empty() {
        Some("a tag needs a name".to_owned())
    } else if key.chars().count() > KEY_MAX {
        Some(format!("the tag's name has more than {KEY_MAX} characters"))
    } else {
        illegal(key).map(|c| format!("the tag's name has a `{c}`, which AWS does not take"))
    }
}

fn value(given: &Given<'_>, found: &mut Found) -> Option<String> {
    if given.node.is_null() {
        let message = format!("the tag `{}` has no value", given.name());
        let help = format!("write `{}: \"\"` for an empty one", given.name());
        let place = Place::Key(given.path.clone());
        found.push(Diagnostic::error(Code::InvalidTag, place, message).help(help));
        return None;
    }
    let text = given.text(found)?;
    let problem = if text.chars().count() > VALUE_MAX {
        Some(format!("the tag's value has more than {VALUE_MAX} characters"))
    } else {
        illegal(text).map(|c| format!("the tag's value has a `{c}`, which AWS does not take"))
    };
    match problem {
        None => Some(text.to_owned()),
        Some(problem) => {
            found.push(
                Diagnostic::error(Code::InvalidTag, given.place(), problem)
                    .help("letters, digits, spaces and `_ . : / = + - @` are what every service takes"),
            );
            None
        }
    }
}

fn illegal(text: &str) -> Option<char> {
    text.chars().find(|c| !(c.is_alphanumeric() || *c == ' ' || "_.:/=+-@".contains(*c)))
}
