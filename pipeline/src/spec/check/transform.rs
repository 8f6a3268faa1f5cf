//! One of `transforms`.

use std::path::PathBuf;

use super::super::code::Code;
use super::super::diagnostic::{Diagnostic, Place};
use super::super::model::{Architecture, Code as Runs, Transform};
use super::super::transform::CheckTransform;
use super::fields::{Fields, Found, Given};
use super::shape::TRANSFORM;
use super::{physical, settings};

/// "Supports a Lambda invocation time of up to 5 minutes" (Firehose developer guide, data transformation).
const FIREHOSE_WAITS_SECONDS: u32 = 300;

/// A transform.
pub(crate) fn read(given: Given<'_>, check: &dyn CheckTransform, found: &mut Found) -> Option<Transform> {
    let fields = Fields::open(&TRANSFORM, given, found)?;
    let name = physical::read(&fields, &physical::FUNCTION, found);
    let code = code(&fields, check, found);
    let settings = settings::read(&fields, found);
    look(&fields, code.as_ref(), settings.architecture, check, found);
    if let Some(given) = fields.get("timeout") {
        fits_firehose(settings.timeout_seconds, &given, found);
    }
    if let Some(given) = fields.get("dead-letters") {
        let message = "Firehose waits for the transform's answer, so nothing ever gets there";
        found.push(
            Diagnostic::warning(Code::Unsuitable, Place::Key(given.path), message)
                .help("what the transform fails on goes under the delivery's `errors`"),
        );
    }
    Some(Transform { name, code: code?, settings })
}

fn fits_firehose(seconds: u32, given: &Given<'_>, found: &mut Found) {
    if seconds > FIREHOSE_WAITS_SECONDS {
        found.push(
            Diagnostic::warning(
                Code::Unsuitable,
                given.place(),
                "Firehose waits five minutes for a transform, then takes the records as failed",
            )
            .help("write `timeout: 5m` or less"),
        );
    }
}

/// What a transform or a function runs.
pub(super) fn code(fields: &Fields<'_>, check: &dyn CheckTransform, found: &mut Found) -> Option<Runs> {
    match (fields.get("vrl"), fields.get("package")) {
        (Some(program), None) => vrl(&program, check, found),
        (None, Some(package)) => self::package(&package, found),
        (None, None) => {
            let message = format!("`{}` says nothing to run", fields.path);
            found.push(
                Diagnostic::error(Code::MissingField, Place::Key(fields.path.clone()), message)
                    .help("add `vrl: |` with a program below it, or `package: ./function.zip`"),
            );
            None
        }
        (Some(vrl), Some(package)) => {
            let message = format!("`{}` has both `vrl` and `package`", fields.path);
            found.push(
                Diagnostic::error(Code::Conflict, Place::Key(package.path), message)
                    .related(Place::Key(vrl.path), "and this one")
                    .help("it runs one of them: take the other away"),
            );
            None
        }
    }
}

/// Looks at the package itself, where the checker does. One that is missing is a warning: files are often checked before
/// anything is built, and whatever needs the package says so then.
pub(super) fn look(
    fields: &Fields<'_>,
    code: Option<&Runs>,
    architecture: Option<Architecture>,
    check: &dyn CheckTransform,
    found: &mut Found,
) {
    let (Some(Runs::Package(path)), Some(given)) = (code, fields.get("package")) else { return };
    let Err(problem) = check.check_package(path, architecture) else { return };
    let finding = match problem.missing {
        true => Diagnostic::warning(Code::MissingPackage, given.place(), problem.message),
        false => Diagnostic::error(Code::Package, given.place(), problem.message),
    };
    found.push(finding.help(problem.help));
}

fn vrl(given: &Given<'_>, check: &dyn CheckTransform, found: &mut Found) -> Option<Runs> {
    let program = given.text(found)?;
    if program.trim().is_empty() {
        found.push(
            Diagnostic::error(Code::Vrl, given.place(), "the VRL program is empty")
                .help("the smallest program is `.`: it hands every record on as it is"),
        );
        return None;
    }
    match check.check_vrl(program) {
        Ok(()) => Some(Runs::Vrl(program.to_owned())),
        Err(problems) => {
            found.extend(problems.into_iter().map(|problem| Diagnostic {
                help: problem.help,
                ..Diagnostic::error(
                    Code::Vrl,
                    Place::Within(given.path.clone(), problem.span),
                    problem.message,
                )
            }));
            None
        }
    }
}

/// A zip of the user's own.
fn package(given: &Given<'_>, found: &mut Found) -> Option<Runs> {
    let path = given.text(found)?;
    let problem = if path.contains("://") {
        "a package is a file beside the pipeline file, not an address"
    } else if !path.to_lowercase().ends_with(".zip") {
        "a package is a zip file, as Lambda takes it"
    } else {
        return Some(Runs::Package(PathBuf::from(path)));
    };
    found.push(
        Diagnostic::error(Code::InvalidPath, given.place(), problem)
            .help("for example `package: ./target/lambda/enrich/bootstrap.zip`"),
    );
    None
}
