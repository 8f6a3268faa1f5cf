//! `pipectl drift`: what is not as the last apply left it, and who moves it.

use pipectl_pipeline::Engine;
use pipectl_pipeline::plan::Acceptance;
use pipectl_pipeline::spec::edit::{self, Edit};
use pipectl_pipeline::spec::{Document, Origin};

use super::apply;
use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::planning;
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

/// Observes, compares and shows, one pipeline after the other.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let mut documents = document::load_all(session)?;
    if args.accept_drift {
        let mut document = document::one(documents)?;
        let engine = provision::connect_and_resolve(session, &mut document).await?;
        return accept(session, &engine, &document, &args.target).await;
    }
    let mut drifted = false;
    for (at, document) in documents.iter_mut().enumerate() {
        if at > 0 {
            session.output.data("");
        }
        let engine = provision::connect_and_resolve(session, document).await?;
        drifted |= show(session, &engine, document).await?;
    }
    Ok(if args.detailed_exitcode && drifted { Exit::Changes } else { Exit::Success })
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
    edits.iter().try_for_each(|edit| in_the_file(document, edit))?;
    let text = edit::edit(&document.source, &edits).map_err(|cause| {
        CommandError::wrap(Kind::Invalid, "the drift cannot be written into the file", cause)
            .hint("change the file by hand; `pipectl drift` shows what to")
    })?;
    session.output.data(render::drift::accepted(&document.path, &document.source, &text, &refused));
    if text == *document.source {
        return Ok(Exit::Success);
    }
    write(document, &text)?;
    let mut document = document::load(session)?;
    let engine = provision::connect_and_resolve(session, &mut document).await?;
    let plan = engine.plan(&document.pipeline, &planning::of_file(&document)).await;
    let plan = plan.map_err(provision::failed)?;
    if plan.has_changes() {
        session.output.note("`pipectl plan` shows what is left to apply.");
        return Ok(Exit::Success);
    }
    apply::settle(session, &engine, &plan).await
}

/// Only what the pipeline's own text says can be changed there.
fn in_the_file(document: &Document, edit: &Edit) -> Result<(), CommandError> {
    let refuse = |text: String| Err(CommandError::new(Kind::Invalid, text));
    match document.origin(&edit.path) {
        Origin::Text => Ok(()),
        Origin::Overlay(file) => {
            refuse(format!("{} is set in {}: change it there", edit.path, file.display()))
        }
        Origin::Variables(names) => {
            refuse(format!("{} is made from the variable {}: change its value", edit.path, names.join(", ")))
        }
    }
}

/// Writes the pipeline's text back, where it is in its file.
fn write(document: &Document, text: &str) -> Result<(), CommandError> {
    let failed = |what: &str| {
        let context = format!("cannot {what} `{}`", document.path.display());
        move |cause| CommandError::wrap(Kind::File, context, cause)
    };
    let mut whole = std::fs::read_to_string(&document.path).map_err(failed("read"))?;
    // A byte-order mark is no part of the text.
    let mark = whole.len() - whole.trim_start_matches('\u{feff}').len();
    let within = document.within.start + mark..document.within.end + mark;
    if whole.get(within.clone()) != Some(&*document.source) {
        let text = format!("`{}` was changed meanwhile", document.path.display());
        return Err(CommandError::new(Kind::File, text).hint("run the same command again"));
    }
    whole.replace_range(within, text);
    std::fs::write(&document.path, &whole).map_err(failed("write"))
}

/// Says what drifted, and whether anything did; the same for `plan --refresh-only`.
pub(crate) async fn show(
    session: &Session,
    engine: &Engine,
    document: &Document,
) -> Result<bool, CommandError> {
    let drift = engine.drift(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::drift::drift(&drift));
    session.output.event("drift", &drift);
    Ok(drift.is_some())
}
