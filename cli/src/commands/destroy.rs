//! `pipectl destroy`: take down what the pipeline owns, and nothing else.

use pipectl_pipeline::plan::Plan;
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::{Engine, PlanOptions};

use crate::document;
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::planning::{self, Data};
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl destroy                         shows what goes, and asks
  pipectl destroy --auto-approve --keep-data
  pipectl destroy --auto-approve --delete-data";

/// Delete the pipeline's resources
///
/// Buckets that hold objects stop it before anything is done, unless --delete-data or --keep-data says what
/// becomes of them.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,

    #[command(flatten)]
    data: Data,

    /// Remove the pipeline's history from the ledger as well
    #[arg(long)]
    forget: bool,

    #[command(flatten)]
    pricing: prices::OfPlan,
}

/// Plans the removal, shows it, asks for the pipeline's name, removes. What reads another pipeline goes before it.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if !args.auto_approve {
        provision::needs_a_person(
            session,
            "look at it with `pipectl plan --destroy`, then give --auto-approve",
        )?;
    }
    let mut documents = document::load_all_without_secrets(session)?;
    documents.reverse();
    let mut all = Vec::new();
    for document in &documents {
        if !all.is_empty() {
            session.output.data("");
        }
        all.push(plan(args, session, document).await?);
    }
    if !args.forget && !all.iter().any(|(_, plan)| plan.has_changes()) {
        return Ok(Exit::Success);
    }
    if !args.auto_approve {
        confirm(session, &documents).await?;
    }
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    for (engine, plan) in all.iter().filter(|(_, plan)| plan.has_changes() || args.forget) {
        session.output.note(if all.len() == 1 { String::new() } else { format!("\n{}", plan.pipeline) });
        // What is still read by a pipeline that could not be removed stays.
        provision::apply(session, engine, plan, cancel.clone(), args.forget).await?;
    }
    Ok(Exit::Success)
}

async fn plan(args: &Args, session: &Session, document: &Document) -> Result<(Engine, Plan), CommandError> {
    let engine = provision::connect(session, document).await?;
    let options = PlanOptions {
        bucket_data: args.data.fate(),
        delete_consumers: args.data.delete_consumers(),
        ..planning::of_file(document)
    };
    let show = |plan: &Plan| {
        session.output.prose(render::plan::plan(plan));
        render::plan::events(&session.output, plan);
        args.pricing.show(session, plan)
    };
    let plan = provision::planned(engine.destroy_plan(&document.pipeline, &options).await, show)?;
    show(&plan)?;
    Ok((engine, plan))
}

async fn confirm(session: &Session, documents: &[Document]) -> Result<(), CommandError> {
    let (what, word) = match documents {
        [document] => ("the pipeline's name,".to_owned(), document.pipeline.name.clone()),
        several => ("the words".to_owned(), format!("destroy {} pipelines", several.len())),
    };
    let question = format!("\nThis cannot be undone. Type {what} {word}, to destroy:");
    provision::confirm(session, &question, &word).await
}
