//! `apply --refresh-only`: the ledger takes what moved outside for what was left, and nothing on AWS is changed.

use pipectl_pipeline::Engine;
use pipectl_pipeline::plan::Refresh;
use pipectl_pipeline::spec::Document;

use crate::error::{CommandError, Exit};
use crate::output::lines::Line;
use crate::provision;
use crate::render;
use crate::session::Session;

/// Shows what moved in all pipelines, asks once, and has the ledger take it.
pub(super) async fn run(
    session: &Session,
    documents: Vec<Document>,
    auto_approve: bool,
) -> Result<Exit, CommandError> {
    let (count, mut moved) = (documents.len(), Vec::new());
    for (at, document) in documents.into_iter().enumerate() {
        if at > 0 {
            session.output.data("");
        }
        let (engine, refresh) = look(session, document).await?;
        if refresh.has_changes() {
            moved.push((engine, refresh));
        }
    }
    if moved.is_empty() {
        return Ok(Exit::Success);
    }
    if !auto_approve {
        let question = "\nHave the ledger take this for what was left? Only `yes` does:";
        provision::confirm(session, question, "yes").await?;
    }
    let options = provision::options(session).await;
    for (engine, refresh) in &moved {
        let number = engine.refresh(refresh, &options).await.map_err(provision::failed)?;
        let whose = if count == 1 { String::new() } else { format!(" of {}", refresh.pipeline) };
        session
            .output
            .note(format!("Revision {number}{whose} says what is there. Nothing on AWS was changed."));
    }
    Ok(Exit::Success)
}

async fn look(session: &Session, mut document: Document) -> Result<(Engine, Refresh), CommandError> {
    let engine = provision::connect_and_resolve(session, &mut document).await?;
    let (drift, refresh) = engine.refresh_plan(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::drift::refresh(&drift, &refresh));
    session.output.event(&Line::Drift(&drift));
    Ok((engine, refresh))
}
