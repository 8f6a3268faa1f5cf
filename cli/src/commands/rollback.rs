//! `pipectl rollback`: back to what an earlier revision deployed.

use pipectl_pipeline::plan::{Plan, Selection};
use pipectl_pipeline::spec::Document;
use pipectl_pipeline::{Engine, PlanOptions};
use tokio_util::sync::CancellationToken;

use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::interrupt;
use crate::planning::{self, Data};
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl rollback                        to the last revision before this one that succeeded
  pipectl rollback 7                      to what revision 7 deployed
  pipectl rollback 7 --plan               only shows what that would change";

/// Go back to what an earlier revision deployed
///
/// The pipeline file stays as it is: the next apply goes forward to it again.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The revision, from `pipectl history`; the last one before this that succeeded when left out
    #[arg(value_parser = revision)]
    revision: Option<u64>,

    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,

    /// Show what it would change, and change nothing
    #[arg(long)]
    plan: bool,

    /// Take over what exists at this address and has no owner, such as a bucket that an apply left with --keep-data; may be
    /// given several times
    #[arg(long, value_name = "ADDRESS")]
    adopt: Vec<String>,

    #[command(flatten)]
    data: Data,

    #[command(flatten)]
    pricing: prices::OfPlan,
}

fn revision(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a revision is a number, as `pipectl history` lists them".to_owned())
}

/// Plans the way back, shows it, asks, applies.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if !args.auto_approve && !args.plan {
        provision::needs_a_person(
            session,
            "look at it with `pipectl rollback --plan`, then give --auto-approve",
        )?;
    }
    let document = document::load_without_secrets(session)?;
    let engine = provision::connect(session, &document).await?;
    let options = PlanOptions {
        bucket_data: args.data.fate(),
        delete_consumers: args.data.delete_consumers(),
        selection: Selection { adopt: args.adopt.clone(), ..Selection::default() },
        ..planning::of_file(&document)
    };
    let plan = engine.rollback_plan(&document.pipeline.name, args.revision, &options).await;
    let show = |plan: &Plan| {
        session.output.prose(render::plan::plan(plan));
        render::plan::events(&session.output, plan);
        args.pricing.show(session, plan)
    };
    let plan = provision::planned(plan, show)?;
    show(&plan)?;
    if !plan.has_changes() || args.plan {
        return Ok(Exit::Success);
    }
    if !args.auto_approve {
        let question = render::losses::question("Go back to this", std::iter::once(&plan));
        provision::confirm(session, &question, "yes").await?;
    }
    session.output.note("");
    let cancel = interrupt::listen(&session.output, "stopping after what is running now");
    provision::apply(session, &engine, &plan, cancel, false).await?;
    if document.recorded() != plan.source {
        session
            .output
            .note("The pipeline file says something else: the next apply goes forward to it again.");
    }
    Ok(Exit::Success)
}

/// Goes back after a failed apply, whose error says how it ended.
pub(crate) async fn after_failure(
    session: &Session,
    engine: &Engine,
    document: &Document,
    cancel: CancellationToken,
    failed: Result<(), CommandError>,
) -> Result<Exit, CommandError> {
    let Err(failed) = failed else { return Ok(Exit::Success) };
    let options = planning::of_file(document);
    let plan = match engine.rollback_plan(&document.pipeline.name, None, &options).await {
        Ok(plan) => plan,
        Err(error) => return Err(failed.hint(format!("it was not rolled back: {error}"))),
    };
    let number = plan.returns_to.unwrap_or_default();
    session.output.note(format!("\n{failed}\nGoing back to revision {number}."));
    session.output.prose(render::plan::plan(&plan));
    render::plan::events(&session.output, &plan);
    if plan.has_changes()
        && let Err(cause) = provision::apply(session, engine, &plan, cancel, false).await
    {
        return Err(stuck(number, cause));
    }
    let text = format!("the apply failed, and everything is back as revision {number} left it");
    Err(CommandError::new(Kind::RolledBack, text).hint("mend what failed and apply again"))
}

/// The way back failed as well: neither the one nor the other is there whole.
fn stuck(number: u64, cause: CommandError) -> CommandError {
    let text =
        format!("the apply failed, and so did going back to revision {number}: {}", cause.chain().join(": "));
    CommandError::new(Kind::Halfway, text)
        .hint(format!("`pipectl rollback {number}` tries again, `pipectl apply` goes forward instead"))
}
