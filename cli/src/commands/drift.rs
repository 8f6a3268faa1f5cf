//! `pipectl drift`: what is not as the last apply left it, and who moves it.

use pipectl_pipeline::plan::Acceptance;
use pipectl_pipeline::spec::{Document, edit};
use pipectl_pipeline::{Engine, PlanOptions};

use super::apply;
use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl drift
  pipectl drift --detailed-exitcode       exit 2 where something moved outside
  pipectl drift --accept-drift            writes what moved into the pipeline file
  pipectl drift --accept-drift --target streams.events
  pipectl drift --json | jq .resources";

/// Show what moved outside since the last apply, and who owns what may move
///
/// It is measured against what was applied, not against the file: an edit of the file is no drift.
/// `pipectl apply` changes back what drifted, --accept-drift takes it into the file.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Exit with 0 for no drift, 2 for drift and 1 for an error
    #[arg(long)]
    detailed_exitcode: bool,

    /// Write what moved into the pipeline file, its comments and layout kept, instead of having apply change it
    /// back
    #[arg(long, conflicts_with = "detailed_exitcode")]
    accept_drift: bool,

    /// Accept the drift of this address only; may be given several times
    #[arg(long, value_name = "ADDRESS", requires = "accept_drift")]
    target: Vec<String>,
}

/// Observes, compares and shows.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let document = document::load(session)?;
    let engine = provision::connect(session, &document).await?;
    if args.accept_drift {
        return accept(session, &engine, &document, &args.target).await;
    }
    show(session, &engine, &document, args.detailed_exitcode).await
}

/// Writes drift into the file, and has the ledger learn of it where nothing else is left to do.
async fn accept(
    session: &Session,
    engine: &Engine,
    document: &Document,
    targets: &[String],
) -> Result<Exit, CommandError> {
    let drift = engine.drift(&document.pipeline).await.map_err(provision::failed)?;
    session.output.event("drift", &drift);
    let Acceptance { edits, refused } = drift.acceptance(targets);
    let text = edit::edit(&document.source, &edits).map_err(|cause| {
        CommandError::wrap(Kind::Invalid, "the drift cannot be written into the file", cause)
            .hint("change the file by hand; `pipectl drift` shows what to")
    })?;
    session.output.data(render::drift::accepted(&document.path, &document.source, &text, &refused));
    if text == *document.source {
        return Ok(Exit::Success);
    }
    std::fs::write(&document.path, &text).map_err(|cause| {
        CommandError::wrap(Kind::File, format!("cannot write `{}`", document.path.display()), cause)
    })?;
    let document = document::load(session)?;
    let options = PlanOptions { source: document.recorded(), ..PlanOptions::default() };
    let plan = engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    if plan.has_changes() {
        session.output.note("`pipectl plan` shows what is left to apply.");
        return Ok(Exit::Success);
    }
    apply::settle(session, engine, &plan).await
}

/// The same for `plan --refresh-only`.
pub(crate) async fn show(
    session: &Session,
    engine: &Engine,
    document: &Document,
    detailed_exitcode: bool,
) -> Result<Exit, CommandError> {
    let drift = engine.drift(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::drift::drift(&drift));
    session.output.event("drift", &drift);
    Ok(if detailed_exitcode && drift.is_some() { Exit::Changes } else { Exit::Success })
}
