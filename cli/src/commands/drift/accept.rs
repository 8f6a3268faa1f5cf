//! `drift --accept-drift`: what moved outside is written into the pipeline files, comments and layout kept.
//!
//! All pipelines are looked at and all edits are found to be possible before the first file is written.

use std::collections::BTreeMap;
use std::path::Path;

use pipectl_pipeline::plan::Acceptance;
use pipectl_pipeline::spec::edit::{self, Edit};
use pipectl_pipeline::spec::{Document, Origin};

use super::super::apply;
use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::planning;
use crate::provision;
use crate::render;
use crate::replace;
use crate::session::Session;

/// A pipeline's text with its drift in it.
struct Accepted {
    document: Document,
    text: String,
}

/// Writes drift into the files, and has the ledger learn of it where nothing else is left to do.
pub(super) async fn run(
    session: &Session,
    documents: Vec<Document>,
    targets: &[String],
) -> Result<Exit, CommandError> {
    if !targets.is_empty() {
        document::refuse_several(&documents, "--target")?;
    }
    let (count, mut changed) = (documents.len(), Vec::new());
    for (at, document) in documents.into_iter().enumerate() {
        if at > 0 {
            session.output.data("");
        }
        let accepted = accept(session, document, targets, count).await?;
        changed.extend(Some(accepted).filter(|it| it.text != *it.document.source));
    }
    if changed.is_empty() {
        return Ok(Exit::Success);
    }
    for (path, text) in texts(&changed)? {
        replace::file(path, &text)?;
    }
    let names: Vec<&str> = changed.iter().map(|it| it.document.pipeline.name.as_str()).collect();
    for document in document::load_all(session)? {
        if names.contains(&document.pipeline.name.as_str()) {
            settle(session, document).await?;
        }
    }
    Ok(Exit::Success)
}

/// Finds what drifted, makes the edits in the text, and shows them.
async fn accept(
    session: &Session,
    mut document: Document,
    targets: &[String],
    count: usize,
) -> Result<Accepted, CommandError> {
    let engine = provision::connect_and_resolve(session, &mut document).await?;
    let drift = engine.drift(&document.pipeline).await.map_err(provision::failed)?;
    session.output.event(&Line::Drift(&drift));
    let Acceptance { edits, refused } = drift.acceptance(targets);
    let refuse = |error: CommandError| match count {
        1 => error,
        _ => {
            error.within(format!("the drift of {} is not accepted, and no file was written", drift.pipeline))
        }
    };
    edits.iter().try_for_each(|edit| in_the_file(&document, edit)).map_err(refuse)?;
    let text = edit::edit(&document.source, &edits).map_err(|cause| {
        let error = CommandError::wrap(Kind::Invalid, "the drift cannot be written into the file", cause);
        refuse(error.hint("change the file by hand; `pipectl drift` shows what to"))
    })?;
    // What is shown has no keys of endpoints in it.
    let before = document.recorded();
    let after = edit::edit(&before, &edits).unwrap_or_else(|_| text.clone());
    if count > 1 {
        session.output.data(format!("{}:", document.pipeline.name));
    }
    session.output.data(render::drift::accepted(&document.path, &before, &after, &refused));
    Ok(Accepted { document, text })
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

/// The whole texts of the files, with each pipeline's own text back in its place.
fn texts(changed: &[Accepted]) -> Result<Vec<(&Path, String)>, CommandError> {
    let mut files: BTreeMap<&Path, Vec<&Accepted>> = BTreeMap::new();
    for accepted in changed {
        files.entry(&accepted.document.path).or_default().push(accepted);
    }
    files.into_iter().map(|(path, pipelines)| Ok((path, whole(path, pipelines)?))).collect()
}

fn whole(path: &Path, mut pipelines: Vec<&Accepted>) -> Result<String, CommandError> {
    let read = std::fs::read_to_string(path);
    let mut whole = read.map_err(|cause| {
        CommandError::wrap(Kind::File, format!("cannot read `{}`", path.display()), cause)
    })?;
    // A byte-order mark is no part of the text.
    let mark = whole.len() - whole.trim_start_matches('\u{feff}').len();
    // From the last to the first, so that none moves another.
    pipelines.sort_by_key(|it| std::cmp::Reverse(it.document.within.start));
    for Accepted { document, text } in pipelines {
        let within = document.within.start + mark..document.within.end + mark;
        if whole.get(within.clone()) != Some(&*document.source) {
            let text = format!("`{}` was changed meanwhile", path.display());
            return Err(CommandError::new(Kind::File, text).hint("run the same command again"));
        }
        whole.replace_range(within, text);
    }
    Ok(whole)
}

/// The ledger learns that the file says what is there.
async fn settle(session: &Session, mut document: Document) -> Result<(), CommandError> {
    let engine = provision::connect_and_resolve(session, &mut document).await?;
    let plan = engine.plan(&document.pipeline, &planning::of_file(&document)).await;
    let plan = plan.map_err(provision::failed)?;
    if plan.has_changes() {
        session.output.note(format!("`pipectl plan` shows what is left to apply for {}.", plan.pipeline));
        return Ok(());
    }
    apply::settle(session, &engine, &plan).await.map(drop)
}
