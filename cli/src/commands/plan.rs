//! `pipectl plan`: what apply would do, without doing it.

use pipectl_pipeline::PlanOptions;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl plan
  pipectl plan --detailed-exitcode        exit 2 where there are changes
  pipectl plan -f staging.yaml --json";

/// Show what apply would change
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Exit with 0 for no changes, 2 for changes and 1 for an error
    #[arg(long)]
    detailed_exitcode: bool,

    #[command(flatten)]
    pricing: prices::OfPlan,
}

/// Observes, plans and shows.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let document = document::load(session)?;
    let engine = provision::connect(session, &document).await?;
    let options = PlanOptions { source: document.source.to_string(), ..PlanOptions::default() };
    let plan = engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    session.output.data(render::plan::plan(&plan));
    render::plan::events(&session.output, &plan);
    args.pricing.show(session, &plan)?;
    Ok(if args.detailed_exitcode && plan.has_changes() { Exit::Changes } else { Exit::Success })
}
