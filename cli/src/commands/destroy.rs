//! `pipectl destroy`: take down what the pipeline owns, and nothing else.

use pipectl_pipeline::PlanOptions;
use pipectl_pipeline::spec::TakeEveryTransform;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::planning::Data;
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

/// Plans the removal, shows it, asks for the pipeline's name, removes.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if !args.auto_approve {
        provision::needs_a_person(session)?;
    }
    let document = document::load_with(session, &TakeEveryTransform)?;
    let engine = provision::connect(session, &document).await?;
    let options = PlanOptions {
        source: document.recorded(),
        bucket_data: args.data.fate(),
        delete_consumers: args.data.delete_consumers(),
        ..PlanOptions::default()
    };
    let plan = engine.destroy_plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    session.output.data(render::plan::plan(&plan));
    render::plan::events(&session.output, &plan);
    args.pricing.show(session, &plan)?;
    if !plan.has_changes() && !args.forget {
        return Ok(Exit::Success);
    }
    if !args.auto_approve {
        let name = &document.pipeline.name;
        let question = format!("\nThis cannot be undone. Type the pipeline's name, {name}, to destroy it:");
        provision::confirm(session, &question, name).await?;
    }
    session.output.note("");
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    provision::apply(session, &engine, &plan, cancel, args.forget).await?;
    Ok(Exit::Success)
}
