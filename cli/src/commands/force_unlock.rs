//! `pipectl force-unlock`: takes the lock from a process that hangs.

use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::Line;
use crate::provision;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl force-unlock 3f2a9c51           the id is in the error of the apply that found it locked
  pipectl force-unlock 3f2a9c51 --auto-approve";

/// Take the lock away from an apply that hangs
///
/// Rarely needed: the lock of a process that died is free once its lease ends, a minute at most, and at once on the
/// same machine. A holder that still runs notices, begins nothing more, and says that it lost the lock.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The lock's id, or its first eight characters
    id: String,

    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,
}

/// Shows who holds it, asks, takes it away.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if !args.auto_approve {
        provision::needs_a_person(
            session,
            "make sure that nobody applies any more, then give --auto-approve",
        )?;
    }
    let document = document::load_without_secrets(session)?;
    let engine = provision::connect(session, &document).await?;
    let pipeline = document.pipeline.name.as_str();
    if !args.auto_approve
        && let Some(held) = engine.held_lock(pipeline).await.map_err(provision::failed)?
    {
        let since = held.since.round(jiff::Unit::Second).unwrap_or(held.since);
        let question = format!(
            "{} has been applying {pipeline} since {since}. Take the lock away? Only `yes` does:",
            held.owner
        );
        provision::confirm(session, &question, "yes").await?;
    }
    let held = engine.force_unlock(pipeline, &args.id).await.map_err(provision::failed)?;
    session.output.note(format!("The lock on {pipeline} is free; {} had it.", held.owner));
    session.output.event(&Line::Unlocked(&held));
    Ok(Exit::Success)
}
