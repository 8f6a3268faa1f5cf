//! `pipectl apply`: plan, confirm, execute, record.

use pipectl_pipeline::PlanOptions;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl apply                           shows the plan and asks
  pipectl apply --auto-approve            for scripts and CI
  pipectl --endpoint-url http://127.0.0.1:4566 apply";

/// Create and change what the pipeline file describes
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,

    #[command(flatten)]
    pricing: prices::OfPlan,
    /// Delete streams that the file has no more with the fan-out consumers that others registered
    #[arg(long)]
    delete_consumers: bool,
}

/// Plans, shows, asks, applies.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if !args.auto_approve {
        provision::needs_a_person(session)?;
    }
    let document = document::load(session)?;
    let engine = provision::connect(session, &document).await?;
    let options = PlanOptions {
        source: document.source.to_string(),
        delete_consumers: args.delete_consumers,
        ..PlanOptions::default()
    };
    let plan = engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    session.output.data(render::plan::plan(&plan));
    render::plan::events(&session.output, &plan);
    args.pricing.show(session, &plan)?;
    if !plan.has_changes() {
        return Ok(Exit::Success);
    }
    if !args.auto_approve {
        provision::confirm(session, "\nApply this? Only `yes` does:", "yes").await?;
    }
    session.output.note("");
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    provision::apply(session, &engine, &plan, cancel, false).await?;
    Ok(Exit::Success)
}
