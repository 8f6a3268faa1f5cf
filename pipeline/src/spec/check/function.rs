//! One of `functions`.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::Function;
use super::delivery::Defined;
use super::fields::{Fields, Found, Given};
use super::shape::FUNCTION;
use super::{reading, settings, transform};

/// A function.
pub(crate) fn read(given: Given<'_>, defined: &Defined<'_>, found: &mut Found) -> Option<Function> {
    let before = found.len();
    let fields = Fields::open(&FUNCTION, given, found)?;
    let code = fields.get("package").and_then(|given| transform::package(&given, found));
    let settings = settings::read(&fields, found);
    let reads = match fields.get("from") {
        Some(from) => reading::read(&from, &fields, defined, found).map(Some),
        None => {
            reads_nothing(&fields, found);
            Some(None)
        }
    };
    let failed = found[before..].iter().any(|item| item.severity == super::super::Severity::Error);
    (!failed).then_some(Function { code: code?, settings, reads: reads? })
}

/// Says which fields say how to read a stream where no stream is read.
fn reads_nothing(fields: &Fields<'_>, found: &mut Found) {
    for name in reading::FIELDS {
        let Some(given) = fields.get(name) else { continue };
        let message = format!("`{name}` says how a stream is read, and `{}` reads none", fields.path);
        found.push(
            Diagnostic::error(Code::Conflict, Place::Key(given.path), message)
                .help("add `from: events` with the name of a stream, or take this away"),
        );
    }
}

/// A function and a transform of one name would be one function on AWS.
pub(crate) fn distinct(functions: &[(&str, Given<'_>)], transforms: &[(&str, Given<'_>)], found: &mut Found) {
    for (logical, given) in functions {
        if let Some((_, transform)) = transforms.iter().find(|(other, _)| other == logical) {
            let message =
                format!("there is a transform `{logical}` too, and both would be one function on AWS");
            found.push(
                Diagnostic::error(Code::NameTaken, Place::Key(given.path.clone()), message)
                    .related(Place::Key(transform.path.clone()), "the transform")
                    .help("give one of them another name"),
            );
        }
    }
}
