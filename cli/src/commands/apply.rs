//! `pipectl apply`: plan, confirm, execute, record; or carry out a plan that was saved.

use std::path::{Path, PathBuf};

use pipectl_pipeline::Engine;
use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::plan::Plan;
use pipectl_pipeline::spec::{Document, TakeEveryTransform};
use tokio_util::sync::CancellationToken;

use super::rollback;
use crate::document;
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::planning::{self, Picking};
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl apply                           shows the plan and asks
  pipectl apply --auto-approve            for scripts and CI
  pipectl apply change.plan               what `pipectl plan -o change.plan` showed, and nothing else
  pipectl apply --auto-approve --rollback-on-failure
  pipectl apply --refresh-only            the ledger takes what moved outside; AWS stays as it is
  pipectl --endpoint-url http://127.0.0.1:4566 apply";

/// Create and change what the pipeline file describes
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A plan that `pipectl plan -o` wrote; it is carried out as it is, without a question
    #[arg(value_name = "PLAN", conflicts_with_all = ["target", "replace", "adopt", "delete_data", "keep_data", "delete_consumers"])]
    plan: Option<PathBuf>,

    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,

    #[command(flatten)]
    pricing: prices::OfPlan,

    /// Where a step fails, go back to the last revision that succeeded
    #[arg(long)]
    rollback_on_failure: bool,

    /// Change nothing on AWS: have the ledger take what moved outside for what was left, so that it is drift no
    /// more. The file still says what it says, and the next apply goes by it
    #[arg(long, conflicts_with_all = ["plan", "target", "replace", "adopt", "rollback_on_failure", "delete_data", "keep_data", "delete_consumers"])]
    refresh_only: bool,

    #[command(flatten)]
    picking: Picking,
}

/// Plans, shows, asks, applies.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if let Some(path) = &args.plan {
        return saved(args, session, path).await;
    }
    if !args.auto_approve {
        provision::needs_a_person(session)?;
    }
    let document = document::load(session)?;
    let engine = provision::connect(session, &document).await?;
    if args.refresh_only {
        return refresh(args, session, &engine, &document).await;
    }
    let options = args.picking.options(&document);
    let plan = engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    session.output.data(render::plan::plan(&plan));
    render::plan::events(&session.output, &plan);
    args.pricing.show(session, &plan)?;
    if !plan.has_changes() {
        return settle(session, &engine, &plan).await;
    }
    if !args.auto_approve {
        provision::confirm(session, "\nApply this? Only `yes` does:", "yes").await?;
    }
    session.output.note("");
    carry_out(args, session, &engine, &document, &plan).await
}

/// Shows what moved, asks, and has the ledger take it.
async fn refresh(
    args: &Args,
    session: &Session,
    engine: &Engine,
    document: &Document,
) -> Result<Exit, CommandError> {
    let (drift, refresh) = engine.refresh_plan(&document.pipeline).await.map_err(provision::failed)?;
    session.output.data(render::drift::refresh(&drift, &refresh));
    session.output.event("drift", &drift);
    if !refresh.has_changes() {
        return Ok(Exit::Success);
    }
    if !args.auto_approve {
        let question = "\nHave the ledger take this for what was left? Only `yes` does:";
        provision::confirm(session, question, "yes").await?;
    }
    let options = provision::options(session).await;
    let number = engine.refresh(&refresh, &options).await.map_err(provision::failed)?;
    session.output.note(format!("Revision {number} says what is there. Nothing on AWS was changed."));
    Ok(Exit::Success)
}

/// Carries out a saved plan, unless something it was made from has moved.
async fn saved(args: &Args, session: &Session, path: &Path) -> Result<Exit, CommandError> {
    let saved = planning::read(path)?;
    let document = document::load_with(session, &TakeEveryTransform)?;
    let engine = provision::connect(session, &document).await?;
    let verified = engine.verify(&saved, &document.pipeline, &document.recorded()).await;
    verified.map_err(provision::failed)?;
    render::plan::events(&session.output, &saved.plan);
    if !saved.plan.has_changes() {
        session.output.data(render::plan::plan(&saved.plan));
        return settle(session, &engine, &saved.plan).await;
    }
    carry_out(args, session, &engine, &document, &saved.plan).await
}

/// Where nothing has to change the ledger may still have to learn of it: an apply that was killed at its end, or
/// drift that the file took in.
pub(super) async fn settle(session: &Session, engine: &Engine, plan: &Plan) -> Result<Exit, CommandError> {
    let report = provision::execute(session, engine, plan, CancellationToken::new(), false).await?;
    if report.outcome == Outcome::Succeeded {
        return Ok(Exit::Success);
    }
    provision::judge(session, &report, plan.purpose).map(|()| Exit::Success)
}

async fn carry_out(
    args: &Args,
    session: &Session,
    engine: &Engine,
    document: &Document,
    plan: &Plan,
) -> Result<Exit, CommandError> {
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    let report = provision::execute(session, engine, plan, cancel.clone(), false).await?;
    if report.outcome == Outcome::Failed && args.rollback_on_failure {
        let failed = provision::judge(session, &report, plan.purpose);
        return rollback::after_failure(session, engine, &document.pipeline.name, cancel, failed).await;
    }
    provision::judge(session, &report, plan.purpose)?;
    Ok(Exit::Success)
}
