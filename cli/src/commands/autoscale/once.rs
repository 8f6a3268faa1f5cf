//! `pipectl autoscale once`: one step for each stream, for cron and for a scheduled function.

use jiff::Timestamp;

use super::explain;
use super::fleet::{Chosen, Fleet};
use super::telling::{Telling, trouble};
use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale once
  pipectl autoscale once --dry-run
  * * * * *  cd /srv/clicks && pipectl autoscale once --quiet   (in a crontab)";

/// Make one decision for each stream and the next call it asks for, and end
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// Show what would be done, and call nothing
    #[arg(long)]
    dry_run: bool,
}

/// Steps once and gives the leases back.
pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    let mut fleet = Fleet::find(session, &args.chosen).await?;
    if args.dry_run {
        return explain::show(&mut fleet, session).await;
    }
    let now = Timestamp::now();
    let steps = fleet.controller.step(&fleet.streams, now).await;
    fleet.controller.release(&fleet.streams, Timestamp::now()).await;
    Telling::default().tell(&session.output, &fleet, &steps, now);
    trouble(&fleet, &steps).map(|()| Exit::Success)
}
