//! Reading the pipeline file for a command: every mistake in it is printed before the command gives up.

use std::path::Path;

use pipectl_lambdas::vrl;
use pipectl_pipeline::spec::{self, CheckTransform, Diagnostics, Document, TransformProblem};

use crate::error::{CommandError, Kind};
use crate::output::github::Annotation;
use crate::session::Session;

/// Compiles transforms the way the function that runs them will.
pub(crate) struct Compiler;

impl CheckTransform for Compiler {
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>> {
        let problem = |found: vrl::Problem| TransformProblem {
            message: found.message,
            span: found.span,
            help: found.help,
        };
        vrl::check(program).map(drop).map_err(|found| found.into_iter().map(problem).collect())
    }
}

/// The pipeline file of the global options, checked.
pub(crate) fn load(session: &Session) -> Result<Document, CommandError> {
    load_with(session, &Compiler)
}

/// The same with a checker of one's own: `destroy` takes a file whose programs no longer compile.
pub(crate) fn load_with(session: &Session, check: &dyn CheckTransform) -> Result<Document, CommandError> {
    let path = &session.globals.pipeline;
    if !path.exists() {
        return Err(missing(path));
    }
    match spec::load(path, check) {
        Ok(document) => {
            if !document.warnings.is_empty() {
                show(session, &document.warnings);
            }
            Ok(document)
        }
        Err(found) => {
            show(session, &found);
            Err(CommandError::new(Kind::Invalid, found.count()))
        }
    }
}

/// Prints findings, drawn in their file for people, each an event for programs.
pub(crate) fn show(session: &Session, found: &Diagnostics) {
    for report in found.report() {
        session.output.event("diagnostic", &report);
        session.output.annotate(&Annotation::of(&report));
    }
    let style = session.output.diagnostic_style();
    let drawn = found.render(style);
    // The count comes as the error's text, or says nothing that a warning has not said.
    let findings = drawn.strip_suffix(&found.count()).unwrap_or(&drawn);
    session.output.diagnostics(format!("{}\n", findings.trim_end()));
}

fn missing(path: &Path) -> CommandError {
    let error = CommandError::new(Kind::File, format!("there is no pipeline file `{}`", path.display()));
    if path == Path::new("pipeline.yaml") {
        error.hint("`pipectl init` writes one to start from").hint("-f FILE names one elsewhere")
    } else {
        error.hint(format!("`pipectl init --dir {}` writes one to start from", folder(path)))
    }
}

fn folder(path: &Path) -> String {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.display().to_string(),
        _ => ".".to_owned(),
    }
}
