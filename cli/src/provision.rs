//! What plan, apply, status, destroy and demo share: a connected engine, and an apply that is told.

use std::path::Path;
use std::sync::Arc;

use pipectl_pipeline::apply::{Outcome, Report};
use pipectl_pipeline::engine::ReferenceError;
use pipectl_pipeline::plan::{Plan, PlanError, Purpose};
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::{ApplyOptions, ConnectOptions, Engine, Error};
use tokio_util::sync::CancellationToken;

use crate::commit;
use crate::document;
use crate::error::{CommandError, Kind};
use crate::output::style::{FAINT, paint};
use crate::piped;
use crate::render::apply::{Narrator, summary};
use crate::session::Session;

/// An engine for the pipeline of `document`, where the global options point.
pub(crate) async fn connect(session: &Session, document: &Document) -> Result<Engine, CommandError> {
    let engine = engine(session, of_document(session, document)).await?;
    engine.learn_keys(&document.pipeline);
    Ok(engine)
}

/// The same for an endpoint in this process: whatever account the environment names is left alone.
pub(crate) async fn connect_locally(session: &Session, document: &Document) -> Result<Engine, CommandError> {
    engine(session, ConnectOptions { sandbox: true, ..of_document(session, document) }).await
}

/// An engine for the pipeline of `document`, whose references to other pipelines are looked up in the ledger.
pub(crate) async fn connect_and_resolve(
    session: &Session,
    document: &mut Document,
) -> Result<Engine, CommandError> {
    let engine = connect(session, document).await?;
    match engine.resolve(document).await {
        Ok(()) => Ok(engine),
        Err(ReferenceError::Unknown(found)) => Err(document::refused(session, &found)),
        Err(ReferenceError::Ledger(error)) => Err(failed(error)),
    }
}

/// An engine where no pipeline file says anything.
pub(crate) async fn connect_without_file(session: &Session) -> Result<Engine, CommandError> {
    engine(session, of_globals(session)).await
}

async fn engine(session: &Session, options: ConnectOptions) -> Result<Engine, CommandError> {
    let engine = Engine::connect(options).await.map_err(failed)?;
    for note in engine.notes() {
        session.output.note(format!("{} {note}", paint(FAINT, "note:")));
    }
    Ok(engine)
}

fn of_globals(session: &Session) -> ConnectOptions {
    let globals = &session.globals;
    ConnectOptions {
        endpoint_url: globals.endpoint_url.clone().filter(|url| !url.is_empty()),
        region: globals.region.clone(),
        profile: globals.profile.clone(),
        state: globals.state.clone(),
        lambda_bootstrap: globals.lambda_bootstrap.clone(),
        ..ConnectOptions::default()
    }
}

fn of_document(session: &Session, document: &Document) -> ConnectOptions {
    ConnectOptions {
        file_region: document.pipeline.region.clone(),
        base: document.path.parent().filter(|parent| *parent != Path::new("")).map(Path::to_owned),
        ..of_globals(session)
    }
}

/// Applies a plan and tells what happens. Anything but complete success is an error that says so.
pub(crate) async fn apply(
    session: &Session,
    engine: &Engine,
    plan: &Plan,
    cancel: CancellationToken,
    forget: bool,
) -> Result<(), CommandError> {
    let report = execute(session, engine, plan, cancel, forget).await?;
    judge(session, &report, plan.purpose)
}

/// Applies a plan and tells what happens; how it ended is in the report.
pub(crate) async fn execute(
    session: &Session,
    engine: &Engine,
    plan: &Plan,
    cancel: CancellationToken,
    forget: bool,
) -> Result<Report, CommandError> {
    let options = ApplyOptions { cancel, forget, ..options(session).await };
    let output = Arc::clone(&session.output);
    let narrator = Narrator::new(&output);
    let listener = |event| narrator.hear(&event);
    engine.apply(plan, &options, &listener).await.map_err(failed)
}

/// How the global options have it applied, and from which commit.
pub(crate) async fn options(session: &Session) -> ApplyOptions {
    ApplyOptions {
        lock_timeout: session.globals.lock_timeout,
        commit: commit::of(&session.globals.file).await,
        ..ApplyOptions::default()
    }
}

/// Says how an apply ended. Anything but complete success is an error that says so.
pub(crate) fn judge(session: &Session, report: &Report, purpose: Purpose) -> Result<(), CommandError> {
    let text = summary(report, purpose);
    match report.outcome {
        Outcome::Succeeded => {
            session.output.note(text);
            Ok(())
        }
        _ => {
            let text = anstream::adapter::strip_str(&text).to_string();
            Err(CommandError::new(Kind::Halfway, text)
                .hint("what is done stays; run the same command again and it goes on from there"))
        }
    }
}

/// An engine error with its way out.
pub(crate) fn failed(error: Error) -> CommandError {
    let hint = error.hint();
    let error = CommandError::new(Kind::Aws, error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The way out where a plan would have been approved.
pub(crate) const LOOK_FIRST: &str = "look at the plan with `pipectl plan`, then give --auto-approve";

/// What came of planning. A plan that may not be carried out is shown all the same, before the error that says why.
pub(crate) fn planned(
    planned: Result<Plan, Error>,
    show: impl FnOnce(&Plan) -> Result<(), CommandError>,
) -> Result<Plan, CommandError> {
    if let Err(Error::Plan(PlanError::Refused(plan))) = &planned {
        show(plan)?;
    }
    planned.map_err(failed)
}

/// Fails where an answer will be needed and nobody is there to give it: before anything is asked of AWS.
pub(crate) fn needs_a_person(session: &Session, way_out: &str) -> Result<(), CommandError> {
    piped::leave_alone(&session.globals, "an answer cannot come from there as well", way_out)?;
    if session.output.can_ask() {
        return Ok(());
    }
    Err(CommandError::new(Kind::Declined, "this needs a yes, and there is nobody at a terminal to give it")
        .hint(way_out))
}

/// Asks for `word`. With another answer nothing is done.
pub(crate) async fn confirm(session: &Session, question: &str, word: &str) -> Result<(), CommandError> {
    let output = Arc::clone(&session.output);
    let question = question.to_owned();
    let answer = tokio::task::spawn_blocking(move || output.ask(&question))
        .await
        .map_err(|cause| CommandError::wrap(Kind::Declined, "the question was not answered", cause))?
        .map_err(|cause| CommandError::wrap(Kind::Declined, "the answer could not be read", cause))?;
    if answer.is_some_and(|answer| answer.eq_ignore_ascii_case(word)) {
        Ok(())
    } else {
        Err(CommandError::new(Kind::Declined, "not confirmed; nothing was changed"))
    }
}
