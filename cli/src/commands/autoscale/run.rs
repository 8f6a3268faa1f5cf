//! `pipectl autoscale run`: the loop in the foreground.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::fleet::{Chosen, Fleet, Purpose, Step};
use super::listen::Listening;
use super::telling::Telling;
use crate::error::{CommandError, Exit};
use crate::interrupt;
use crate::session::Session;

/// The second of a minute in which the minute before can be read: metrics settle for half a minute.
const TICK: i64 = 35;
/// The least time between two rounds.
const LEAST: Duration = Duration::from_secs(1);

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale run                            the streams of pipeline.yaml, until Ctrl-C
  pipectl autoscale run -f pipelines/              those of all pipelines in a folder
  pipectl autoscale run --all                      those of every pipeline in the ledger
  pipectl autoscale run --listen 127.0.0.1:9464    with /metrics and /healthz
  pipectl autoscale run --dry-run                  to see it decide before it may act
  pipectl autoscale run --json | jq -c 'select(.called)'";

/// Steer streams in the foreground, a decision a minute, until Ctrl-C
///
/// Several may run: a lease in the ledger lets one act on a stream at a time, and another takes over when it is gone.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    chosen: Chosen,

    /// Serve /metrics for Prometheus and /healthz at this address
    #[arg(long, value_name = "ADDRESS", conflicts_with = "dry_run")]
    listen: Option<SocketAddr>,

    /// Say what would be done, round after round, and take no lease and call nothing
    #[arg(long)]
    dry_run: bool,
}

/// Steps until it is interrupted, then gives the leases back.
pub(super) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    let mut fleet = Fleet::find(session, &args.chosen, Purpose::Steer).await?;
    let listening = Listening::start(args.listen).await?;
    let cancel = interrupt::listen(&session.output, "ending after this round");
    let count = fleet.count();
    session.output.note(format!("steering {}", crate::output::words::counted(count, "stream")));
    if let Some(url) = listening.url() {
        session.output.note(format!("metrics at {url}/metrics, health at {url}/healthz"));
    }
    if args.dry_run {
        return watch(&mut fleet, session, &cancel).await;
    }
    let mut telling = Telling::default();
    while !cancel.is_cancelled() && !session.output.is_closed() {
        let now = Timestamp::now();
        let steps = fleet.step(now).await;
        telling.tell(&session.output, &steps, now);
        listening.note(&steps);
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(rest(&steps, Timestamp::now())) => {}
        }
    }
    fleet.release(Timestamp::now()).await;
    session.output.note("the leases are given back; what was called for goes on by itself");
    Ok(Exit::Success)
}

/// The same without acting: each round is a look.
async fn watch(
    fleet: &mut Fleet,
    session: &Session,
    cancel: &CancellationToken,
) -> Result<Exit, CommandError> {
    let mut telling = Telling::default();
    while !cancel.is_cancelled() && !session.output.is_closed() {
        let now = Timestamp::now();
        let looks = fleet.look(now).await;
        telling.tell_looks(&session.output, looks, now);
        tokio::select! {
            biased;
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(rest(&[], Timestamp::now())) => {}
        }
    }
    session.output.note("nothing was called");
    Ok(Exit::Success)
}

/// How long until the next round: until a stream wants to be looked at, or the next minute can be read.
fn rest(steps: &[Step], now: Timestamp) -> Duration {
    let soonest = steps.iter().map(|step| step.stepped.look_again).min().unwrap_or(Duration::MAX);
    let to_tick = (TICK - now.as_second()).rem_euclid(60);
    let to_tick = Duration::from_secs(u64::try_from(if to_tick == 0 { 60 } else { to_tick }).unwrap_or(60));
    soonest.min(to_tick).max(LEAST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_round_comes_when_the_next_minute_can_be_read() {
        let at = |second| Timestamp::from_second(1_800_000_000_i64 + second).unwrap();
        assert_eq!(rest(&[], at(0)), Duration::from_secs(35));
        assert_eq!(rest(&[], at(35)), Duration::from_secs(60));
        assert_eq!(rest(&[], at(36)), Duration::from_secs(59));
    }
}
