//! `pipectl autoscale once`: one step for each stream, for cron and for a scheduled function.

use std::time::Duration;

use jiff::Timestamp;
use pipectl_autoscaler::execute::{Act, Wait};

use super::explain;
use super::fleet::{Chosen, Fleet, Purpose, Step};
use super::telling::{Telling, trouble};
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale once
  pipectl autoscale once --dry-run
  pipectl autoscale once --wait
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

    /// Go on, call by call, until no change of ours is under way
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// Steps once, or until nothing is under way, and gives the leases back.
pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    let mut fleet = Fleet::find(session, &args.chosen, Purpose::Steer).await?;
    if args.dry_run {
        return explain::show(&mut fleet, session).await;
    }
    let cancel = interrupt::listen(&session.output, "ending after this round");
    let mut telling = Telling::default();
    let steps = loop {
        let now = Timestamp::now();
        let steps = fleet.step(now).await;
        telling.tell(&session.output, &steps, now);
        let Some(rest) = rest(&steps).filter(|_| args.wait && !cancel.is_cancelled()) else { break steps };
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(rest) => {}
        }
    };
    fleet.release(Timestamp::now()).await;
    trouble(&steps).map(|()| Exit::Success)
}

/// How soon to look again at what was called for and is not done; nothing where all is done.
fn rest(steps: &[Step]) -> Option<Duration> {
    let under_way = |step: &&Step| {
        matches!(
            step.stepped.act,
            Some(
                Act::Called { .. }
                    | Act::Waits { wait: Wait::Ours(_) | Wait::Torn(_) | Wait::Paused { .. }, .. }
            )
        )
    };
    steps.iter().filter(under_way).map(|step| step.stepped.look_again).min()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;
    use pipectl_autoscaler::controller::Stepped;
    use pipectl_autoscaler::execute::{Call, StreamName};

    fn step(act: Option<Act>, look_again: u64) -> Step {
        let stepped = Stepped {
            stream: StreamName::new("events"),
            shards: Some(2),
            decided: None,
            wanted: None,
            act,
            problem: None,
            look_again: Duration::from_secs(look_again),
        };
        Step { name: "events".to_owned(), stepped }
    }

    #[test]
    fn what_is_under_way_is_looked_at_again_and_nothing_else_is_waited_for() {
        let wait = |wait, again| {
            let look_again = Duration::from_secs(again);
            step(Some(Act::Waits { wait, look_again }), again)
        };
        assert_eq!(rest(&[step(None, 60), step(Some(Act::Reached), 60), wait(Wait::OnDemand, 60)]), None);
        assert_eq!(rest(&[wait(Wait::Others, 15)]), None, "what others do may take for ever");
        let ours = wait(Wait::Ours("UpdateShardCount".to_owned()), 15);
        let look_again = Duration::from_secs(5);
        let called = Act::Called { call: Call::UpdateShardCount(NonZeroU32::MIN), left: 1, look_again };
        assert_eq!(rest(&[ours, step(Some(called), 5)]), Some(look_again));
    }
}
