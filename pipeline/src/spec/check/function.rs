//! One of `functions`.

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Code as Runs, Function, Reading};
use super::super::transform::CheckTransform;
use super::super::tree::Value;
use super::delivery::Defined;
use super::fields::{Fields, Found, Given};
use super::shape::FUNCTION;
use super::{physical, reading, settings, transform};

/// A function.
pub(crate) fn read(
    given: Given<'_>,
    check: &dyn CheckTransform,
    defined: &Defined<'_>,
    found: &mut Found,
) -> Option<Function> {
    let before = found.len();
    let fields = Fields::open(&FUNCTION, given, found)?;
    let name = physical::read(&fields, &physical::FUNCTION, found);
    let code = transform::code(&fields, check, found);
    let settings = settings::read(&fields, found);
    transform::look(&fields, code.as_ref(), settings.architecture, check, found);
    if is_vrl(code.as_ref()) {
        partial_is_heard(&fields, found);
    }
    let reads = match fields.get("from") {
        Some(from) => {
            let reads = reading::read(&from, &fields, defined, found);
            // The bootstrap that pipectl ships answers which record failed; unheard, that record would be lost.
            reads.map(|reads| Some(Reading { partial: reads.partial || is_vrl(code.as_ref()), ..reads }))
        }
        None => {
            reads_nothing(&fields, found);
            Some(None)
        }
    };
    let failed = found[before..].iter().any(|item| item.severity == super::super::Severity::Error);
    (!failed).then_some(Function { name, code: code?, settings, reads: reads? })
}

fn is_vrl(code: Option<&Runs>) -> bool {
    matches!(code, Some(Runs::Vrl(_)))
}

/// A program answers which records failed, whether or not that is asked for: to ignore the answer is to lose them.
fn partial_is_heard(fields: &Fields<'_>, found: &mut Found) {
    let Some(failures) = fields.get("failures") else { return };
    let Some(entry) = failures.node.entry("partial") else { return };
    if let Value::Scalar(scalar) = &entry.value.value
        && &*scalar.text == "false"
    {
        let message = "a program answers which record failed, and Lambda has to hear it";
        found.push(
            Diagnostic::error(Code::Conflict, Place::Value(failures.path.key("partial")), message)
                .help("take `partial` away"),
        );
    }
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

/// Functions and transforms share their names: without a `name` both would be one function on AWS, and their alarms are
/// called by these names.
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
