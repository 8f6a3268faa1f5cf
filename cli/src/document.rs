//! Reading pipeline files for a command: every mistake in them is printed before the command gives up.
//!
//! A file or a folder may hold several pipelines. Commands that go through all of them take [`load_all`], or the ones that
//! `--pipeline` names; those that are about one take [`load`] or [`load_without_secrets`], and `--pipeline` says which.

use std::collections::BTreeMap;
use std::path::Path;

use pipectl_lambdas::vrl;
use pipectl_pipeline::check_package;
use pipectl_pipeline::spec::model::Architecture;
use pipectl_pipeline::spec::{
    self, CheckTransform, Diagnostics, Document, ENVIRONMENT, GivenValues, PackageProblem, Request, Set,
    TakeEveryTransform, TransformProblem,
};

use crate::error::{CommandError, Kind};
use crate::output::github::Annotation;
use crate::output::lines::Line;
use crate::piped;
use crate::session::Session;

/// Compiles transforms the way the function that runs them will.
struct Compiler;

/// Does so, too, and looks at packages. Who plans with them reads them anyway, and says what is wrong then.
struct Inspector<'a> {
    /// Where they would go.
    endpoint: Option<&'a str>,
}

impl CheckTransform for Inspector<'_> {
    fn check_vrl(&self, program: &str) -> Result<(), Vec<TransformProblem>> {
        Compiler.check_vrl(program)
    }

    fn check_package(&self, path: &Path, architecture: Option<Architecture>) -> Result<(), PackageProblem> {
        check_package(path, architecture, self.endpoint)
    }
}

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

/// The pipeline of the global options, checked; where there are several, the one that `--pipeline` names.
pub(crate) fn load(session: &Session) -> Result<Document, CommandError> {
    one(load_all(session)?)
}

/// The pipelines of these names, checked but for their programs, in the order of the names.
pub(crate) fn load_named(session: &Session, names: &[&str]) -> Result<Vec<Document>, CommandError> {
    let set = read(session, &TakeEveryTransform, false)?;
    let mut documents = picked(set.documents, names)?;
    documents.sort_by_key(|document| names.iter().position(|name| *name == document.pipeline.name));
    Ok(documents)
}

/// The one pipeline for commands that deploy nothing: neither do its programs have to compile, nor do sensitive
/// variables need their values.
pub(crate) fn load_without_secrets(session: &Session) -> Result<Document, CommandError> {
    one(load_all_without_secrets(session)?)
}

/// The same of all pipelines, or of those that `--pipeline` names.
pub(crate) fn load_all_without_secrets(session: &Session) -> Result<Vec<Document>, CommandError> {
    let set = read(session, &TakeEveryTransform, true)?;
    picked(set.documents, &named(session))
}

/// All pipelines of the global options, or those that `--pipeline` names: each after those whose streams it reads.
pub(crate) fn load_all(session: &Session) -> Result<Vec<Document>, CommandError> {
    let set = read(session, &Compiler, false)?;
    picked(set.documents, &named(session))
}

/// The same with their packages looked at, for whoever only checks.
pub(crate) fn inspect_all(session: &Session) -> Result<Vec<Document>, CommandError> {
    let endpoint = session.globals.endpoint_url.as_deref();
    let set = read(session, &Inspector { endpoint }, false)?;
    picked(set.documents, &named(session))
}

fn named(session: &Session) -> Vec<&str> {
    session.globals.pipeline.iter().map(String::as_str).collect()
}

/// The only one of some pipelines.
pub(crate) fn one(documents: Vec<Document>) -> Result<Document, CommandError> {
    let names = names(&documents);
    let count = documents.len();
    let mut documents = documents.into_iter();
    match (documents.next(), count) {
        (Some(document), 1) => Ok(document),
        _ => {
            Err(CommandError::new(Kind::Usage, format!("there are {count} pipelines, and this is about one"))
                .hint(format!("--pipeline NAME says which: {names}")))
        }
    }
}

/// Where this is about several pipelines, it cannot be done: `what` says which option asks for it.
pub(crate) fn refuse_several(documents: &[Document], what: &str) -> Result<(), CommandError> {
    if documents.len() == 1 {
        return Ok(());
    }
    let text = format!("{what} is for one pipeline, and there are {}", documents.len());
    Err(CommandError::new(Kind::Usage, text)
        .hint(format!("--pipeline NAME says which: {}", names(documents))))
}

/// Those of these names, in their own order; all where no name is given.
fn picked(mut documents: Vec<Document>, wanted: &[&str]) -> Result<Vec<Document>, CommandError> {
    if wanted.is_empty() {
        return Ok(documents);
    }
    let is_there = |name: &&str| documents.iter().any(|it| it.pipeline.name == *name);
    let Some(name) = wanted.iter().find(|name| !is_there(name)) else {
        documents.retain(|it| wanted.contains(&it.pipeline.name.as_str()));
        return Ok(documents);
    };
    let error = CommandError::new(Kind::Usage, format!("there is no pipeline `{name}`"));
    let error = error.hint(format!("there is: {}", names(&documents)));
    let is_file = name.contains('/') || name.ends_with(".yaml") || name.ends_with(".yml");
    Err(if is_file { error.hint("-f FILE names the file; --pipeline is the pipeline's name") } else { error })
}

fn names(documents: &[Document]) -> String {
    let names: Vec<&str> = documents.iter().map(|document| document.pipeline.name.as_str()).collect();
    names.join(", ")
}

fn read(session: &Session, check: &dyn CheckTransform, without_secrets: bool) -> Result<Set, CommandError> {
    let globals = &session.globals;
    let piped = piped::is_meant(&globals.file);
    let path = if piped { Path::new(piped::NAME) } else { &globals.file };
    if !piped && !path.exists() {
        return Err(missing(path));
    }
    let values = GivenValues {
        options: globals.var.clone(),
        files: globals.var_file.clone(),
        environment: environment(),
    };
    let overlays = globals.overlay.clone();
    let request = Request { path: path.to_owned(), overlays, values, without_secrets };
    let read = match piped {
        true => spec::parse_all(&request, &piped::text(&session.output)?, check),
        false => spec::load_all(&request, check),
    };
    match read {
        Ok(set) => {
            session.output.mask(set.mask.clone());
            if !set.warnings.is_empty() {
                show(session, &set.warnings);
            }
            Ok(set)
        }
        Err(found) => Err(refused(session, &found)),
    }
}

/// Shows findings; the error counts them.
pub(crate) fn refused(session: &Session, found: &Diagnostics) -> CommandError {
    show(session, found);
    CommandError::new(Kind::Invalid, found.count())
}

/// The values of variables that the environment gives.
fn environment() -> BTreeMap<String, String> {
    let all = std::env::vars_os();
    all.filter_map(|(name, value)| {
        let name = name.into_string().ok()?.strip_prefix(ENVIRONMENT)?.to_owned();
        Some((name, value.into_string().ok()?))
    })
    .collect()
}

/// Prints findings, drawn in their file for people, each an event for programs.
pub(crate) fn show(session: &Session, found: &Diagnostics) {
    for report in found.report() {
        session.output.event(&Line::Diagnostic(&report));
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
