//! `pipectl status`: what exists, in which state, and who applied it last.

use pipectl_pipeline::spec::Document;

use crate::commands::autoscale;
use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::Line;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl status
  pipectl status --json | jq .resources";

/// Show the pipeline's resources and their states
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Observes and shows, one pipeline after the other.
pub(crate) async fn run(_args: &Args, session: &Session) -> Result<Exit, CommandError> {
    for (at, document) in document::load_all_without_secrets(session)?.iter().enumerate() {
        if at > 0 {
            session.output.data("");
        }
        show(session, document).await?;
    }
    Ok(Exit::Success)
}

async fn show(session: &Session, document: &Document) -> Result<(), CommandError> {
    let engine = provision::connect(session, document).await?;
    let status = engine.status(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::status::status(&status));
    session.output.event(&Line::Status(&status));
    let decisions = autoscale::decisions(engine.ledger(), &document.pipeline).await;
    if let Some(table) = render::autoscale::decisions(&decisions) {
        session.output.data(format!("\n{table}"));
    }
    for stream in &decisions {
        session.output.event(&Line::Autoscale(stream));
    }
    Ok(())
}
