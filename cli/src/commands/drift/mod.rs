//! `pipectl drift`: what is not as the last apply left it, and who moves it.

mod accept;

use pipectl_pipeline::Engine;
use pipectl_pipeline::spec::Document;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::Line;
use crate::piped;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl drift
  pipectl drift --detailed-exitcode       exit 2 where something moved outside
  pipectl drift --accept-drift            writes what moved into the pipeline file
  pipectl drift --accept-drift --target streams.events
  pipectl drift --accept-drift -f pipelines/ --pipeline clicks
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
    if args.accept_drift {
        let way_out = "name the file with -f FILE: what moved is written into it";
        piped::leave_alone(&session.globals, "there is no file to write what moved into", way_out)?;
    }
    let mut documents = document::load_all(session)?;
    if args.accept_drift {
        return accept::run(session, documents, &args.target).await;
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

/// Says what drifted, and whether anything did; the same for `plan --refresh-only`.
pub(crate) async fn show(
    session: &Session,
    engine: &Engine,
    document: &Document,
) -> Result<bool, CommandError> {
    let drift = engine.drift(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::drift::drift(&drift));
    session.output.event(&Line::Drift(&drift));
    Ok(drift.is_some())
}
