//! `pipectl apply`: plan, confirm, execute, record; or carry out a plan that was saved.

use std::path::{Path, PathBuf};

use pipectl_pipeline::apply::Outcome;
use pipectl_pipeline::plan::{Plan, Purpose};
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::{Engine, Error};
use tokio_util::sync::CancellationToken;

use super::{refresh, rollback};
use crate::document;
use crate::error::{CommandError, Exit, Kind};
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
  pipectl apply -f pipelines/ --var stage=prod
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

/// A pipeline that is planned.
struct Planned {
    document: Document,
    engine: Engine,
    plan: Plan,
}

/// Plans, shows, asks, applies: all pipelines are planned before the first is touched.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if let Some(path) = &args.plan {
        return saved(args, session, path).await;
    }
    if !args.auto_approve {
        provision::needs_a_person(session, provision::LOOK_FIRST)?;
    }
    let documents = document::load_all(session)?;
    args.picking.check(&documents)?;
    if args.refresh_only {
        return refresh::run(session, documents, args.auto_approve).await;
    }
    let mut all = Vec::new();
    for document in documents {
        if !all.is_empty() {
            session.output.data("");
        }
        all.push(plan(args, session, document).await?);
    }
    let changing: Vec<&str> = all
        .iter()
        .filter(|planned| planned.plan.has_changes())
        .map(|planned| planned.document.pipeline.name.as_str())
        .collect();
    if !changing.is_empty() && !args.auto_approve {
        let what = if all.len() == 1 { "this".to_owned() } else { changing.join(", ") };
        let plans = all.iter().map(|planned| &planned.plan);
        let question = render::losses::question(&format!("Apply {what}"), plans);
        provision::confirm(session, &question, "yes").await?;
    }
    apply_all(args, session, &all).await
}

async fn plan(args: &Args, session: &Session, mut document: Document) -> Result<Planned, CommandError> {
    let engine = provision::connect_and_resolve(session, &mut document).await?;
    let options = args.picking.options(&document);
    let show = |plan: &Plan| {
        session.output.prose(render::plan::plan(plan));
        render::plan::events(&session.output, plan);
        args.pricing.show(session, plan)
    };
    let plan = provision::planned(engine.plan(&document.pipeline, &options).await, show)?;
    show(&plan)?;
    Ok(Planned { document, engine, plan })
}

/// Applies one pipeline after the other. What reads a pipeline that failed is left alone, everything else goes on.
async fn apply_all(args: &Args, session: &Session, all: &[Planned]) -> Result<Exit, CommandError> {
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    let mut failed: Vec<(&str, CommandError)> = Vec::new();
    for planned in all {
        let Planned { document, engine, plan } = planned;
        let pipeline = &document.pipeline;
        if let Some(why) = held_up(planned, all, &failed) {
            let text = format!("{} was left alone, for {why}", pipeline.name);
            session.output.note(format!("\n{text}"));
            failed.push((&pipeline.name, CommandError::new(Kind::Halfway, text)));
            continue;
        }
        if cancel.is_cancelled() {
            failed.push((&pipeline.name, CommandError::new(Kind::Halfway, "stopped before it began")));
            continue;
        }
        let done = if plan.has_changes() {
            session.output.note(if all.len() == 1 { String::new() } else { format!("\n{}", pipeline.name) });
            carry_out(args, session, engine, document, plan, cancel.clone()).await
        } else {
            settle(session, engine, plan).await
        };
        if let Err(error) = done {
            if all.len() > 1 {
                session.output.note(error.to_string());
            }
            failed.push((&pipeline.name, error));
        }
    }
    ended(all.len(), failed)
}

/// Why a pipeline has to wait for one that failed: it reads a stream of it, or is to go while it is still read by it.
fn held_up(planned: &Planned, all: &[Planned], failed: &[(&str, CommandError)]) -> Option<String> {
    let has_failed = |name: &str| failed.iter().any(|(failed, _)| *failed == name);
    let name = &planned.document.pipeline.name;
    if planned.plan.purpose == Purpose::Destroy {
        let mut readers = all.iter().map(|other| &other.document.pipeline).filter(|it| has_failed(&it.name));
        let reader = readers.find(|reader| reader.others().any(|other| other.pipeline == *name))?;
        return Some(format!("{} still reads it", reader.name));
    }
    let needs = planned.document.pipeline.others().find(|other| has_failed(&other.pipeline))?;
    Some(format!("it reads {}/{}", needs.pipeline, needs.stream))
}

/// The error of the only pipeline, or one that names those of several.
fn ended(count: usize, mut failed: Vec<(&str, CommandError)>) -> Result<Exit, CommandError> {
    if count == 1 {
        return failed.pop().map_or(Ok(Exit::Success), |(_, error)| Err(error));
    }
    if failed.is_empty() {
        return Ok(Exit::Success);
    }
    let names: Vec<&str> = failed.iter().map(|(name, _)| *name).collect();
    let text = format!("{} of {count} pipelines are not applied: {}", names.len(), names.join(", "));
    Err(CommandError::new(Kind::Halfway, text)
        .hint("what is done stays; run the same command again and it goes on from there"))
}

/// Carries out saved plans, unless something they were made from has moved: all are looked at before the first is begun.
async fn saved(args: &Args, session: &Session, path: &Path) -> Result<Exit, CommandError> {
    let plans = planning::read(path)?.0;
    let names: Vec<&str> = plans.iter().map(|saved| saved.plan.pipeline.as_str()).collect();
    let documents = document::load_named(session, &names)?;
    let mut all = Vec::new();
    for (saved, mut document) in plans.iter().zip(documents) {
        let engine = provision::connect_and_resolve(session, &mut document).await?;
        let verified = engine.verify(saved, &document.pipeline, &planning::of_file(&document)).await;
        let plan = verified.map_err(|error| moved(error, &document, plans.len()))?;
        all.push(Planned { document, engine, plan });
    }
    for Planned { plan, .. } in &all {
        render::plan::events(&session.output, plan);
        if !plan.has_changes() {
            session.output.prose(render::plan::plan(plan));
        }
    }
    apply_all(args, session, &all).await
}

/// The error that keeps a saved plan from being carried out; which of several it is.
fn moved(error: Error, document: &Document, count: usize) -> CommandError {
    let error = provision::failed(error);
    if count == 1 {
        return error;
    }
    let text =
        format!("the plan of {} cannot be carried out, and none of the {count} is", document.pipeline.name);
    error.within(text)
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
    cancel: CancellationToken,
) -> Result<Exit, CommandError> {
    let report = provision::execute(session, engine, plan, cancel.clone(), false).await?;
    if report.outcome == Outcome::Failed && args.rollback_on_failure {
        let failed = provision::judge(session, &report, plan.purpose);
        return rollback::after_failure(session, engine, document, cancel, failed).await;
    }
    provision::judge(session, &report, plan.purpose)?;
    Ok(Exit::Success)
}
