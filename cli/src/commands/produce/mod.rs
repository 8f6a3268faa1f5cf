//! `pipectl produce`: put records into a stream, and account for every one of them.

mod dry_run;
mod input;
mod pace;
mod problems;

use std::sync::Arc;
use std::time::Duration;

use pipectl_producer::flow::Ordering;

use crate::args::duration;
use crate::error::{CommandError, Exit, Kind};
use crate::feeding::{self, Fed, Feeding};
use crate::interrupt;
use crate::measuring::Measured;
use crate::output::lines::Line;
use crate::output::words::{counted, grouped};
use crate::render;
use crate::session::Session;
use crate::stream::{Named, Stream};

const EXAMPLES: &str = "\
Examples:
  pipectl produce events --file access.log.gz
  tail -f access.log | pipectl produce events --progress
  pipectl produce events --file orders.ndjson --key-field user.id --dry-run
  pipectl produce events --generate cdc --records 100000 --seed 7 --ordering per-key
  pipectl produce events --generate devices --rate 5000/s --duration 5m
  pipectl produce events --generate clicks --ramp load.csv --rate 2000/s --duration 10m
  pipectl produce --stream other-stream --file 2026-11-20.gz 2026-11-21.gz

Exit codes:
  0  every record was delivered
  1  error: nothing was put, or the input ended early and what was put was delivered
  4  not every record was delivered; the account says how many and why";

/// Put records into a stream: lines of files, of stdin, or made-up ones
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    stream: Named,

    #[command(flatten)]
    input: input::Args,

    #[command(flatten)]
    pace: pace::Args,

    /// Send each record by itself, not many in one as KPL does: for consumers that cannot take them apart
    #[arg(long, help_heading = DELIVERY)]
    no_aggregation: bool,

    /// Whether the records of a partition key arrive in the order they were read
    #[arg(long, value_name = "ORDER", default_value = "unordered", help_heading = DELIVERY)]
    ordering: Order,

    /// Send as fast as records are read, not at what shards are due to take: for endpoints without limits
    #[arg(long, help_heading = DELIVERY)]
    no_shard_pace: bool,

    /// Give a record up when it could not be delivered for this long
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = duration, help_heading = DELIVERY)]
    ttl: Duration,

    #[command(flatten)]
    measured: Measured,

    /// Read everything and say what would be sent where; send nothing
    #[arg(long, help_heading = DELIVERY)]
    dry_run: bool,

    /// Say where it is now and then where no terminal shows it; --progress=1s for more often
    #[arg(long, value_name = "EVERY", num_args = 0..=1, require_equals = true, default_missing_value = "10s")]
    #[arg(value_parser = duration, help_heading = DELIVERY)]
    progress: Option<Duration>,
}

const DELIVERY: &str = "Delivery";

/// In which order the records of a key arrive.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Order {
    /// In any: the fastest
    Unordered,
    /// As they were read, through retries and reshards
    PerKey,
}

impl From<Order> for Ordering {
    fn from(order: Order) -> Self {
        match order {
            Order::Unordered => Ordering::Unordered,
            Order::PerKey => Ordering::PerKey,
        }
    }
}

/// Finds the stream, feeds it, accounts for every record. Only "all delivered" is a success.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    let tempo = args.pace.tempo()?;
    let input = input::Wanted::of(&args.input, &args.pace, tempo.as_ref(), session)?;
    if args.dry_run && input.is_endless() {
        return Err(CommandError::new(Kind::Usage, "a dry run reads everything, and this has no end")
            .hint("say how many with --records, or give --duration with --rate"));
    }
    let stream = Stream::find(session, &args.stream).await?;
    let input = input.open(stream.max_record_bytes().await);
    let entries = problems::watched(input.entries, Arc::clone(&session.output));
    let how = Feeding {
        is_aggregated: !args.no_aggregation,
        is_paced: !args.no_shard_pace,
        ordering: args.ordering.into(),
        ttl: args.ttl,
        tempo,
        duration: args.pace.duration,
        total: input.total,
        plain_every: args.progress,
        metrics: args.measured.settings(&stream),
    };
    if args.dry_run {
        return dry_run::run(session, &stream, entries, how).await;
    }
    let measuring = args.measured.begin(&stream).await?;
    if let Some(url) = measuring.url() {
        session.output.note(format!("Prometheus reads the metrics at {url}"));
    }
    let cancel = interrupt::listen(&session.output, "finishing what is under way");
    let fed = feeding::run(&session.output, stream.sink(), entries, how, &cancel).await;
    if !measuring.end().await {
        session.output.note("the last metrics did not reach CloudWatch");
    }
    session.output.data(render::account::text(&stream.name, &fed.stats, &fed.reasons));
    session.output.event(&Line::Account(render::account::line(&stream.name, &fed.stats, &fed.reasons)));
    finish(fed)
}

fn finish(fed: Fed) -> Result<Exit, CommandError> {
    let account = fed.stats.account;
    let lost = account.put - account.delivered;
    match fed.stopped {
        None if lost == 0 => Ok(Exit::Success),
        None => Err(CommandError::new(
            Kind::Undelivered,
            format!("{} of {} not delivered", grouped(lost), counted(account.put, "record")),
        )),
        Some(stopped) if lost == 0 => Err(stopped.hint(format!(
            "what was read until then, {}, was delivered",
            counted(account.delivered, "record")
        ))),
        Some(stopped) => Err(stopped.of_kind(Kind::Undelivered).hint(format!(
            "{} of {} were delivered; the account above says what became of the rest",
            grouped(account.delivered),
            counted(account.put, "record")
        ))),
    }
}
