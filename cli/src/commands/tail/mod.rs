//! `pipectl tail`: print what arrives in a stream, from any point on, and go on next time where it stopped.
//!
//! `from` says where to start, `filter` which records to show, `printer` how they look, `keeper` keeps the checkpoint,
//! `registration` the consumer of enhanced fan-out, and `follow` is the loop between the reader and the output.

mod filter;
mod follow;
mod from;
mod keeper;
mod printer;
mod registration;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pipectl_producer::aws::KinesisSource;
use pipectl_producer::read::{CheckpointFile, Reader, Settings, StreamIdentity};
use pipectl_shards::ShardId;

use crate::args::duration;
use crate::error::{CommandError, Exit, Kind};
use crate::interrupt;
use crate::session::Session;
use crate::stream::{Named, Stream};
use filter::{Filter, Test};
use follow::Follow;
use from::From;
use keeper::Keeper;
use printer::Printer;
use registration::Registration;

const EXAMPLES: &str = "\
Examples:
  pipectl tail events                     what arrives from now on
  pipectl tail events --from trim-horizon --no-follow
  pipectl tail events --from 10m --limit 100
  pipectl tail events --from 2026-11-21T07:00:00Z --json
  pipectl tail events --filter .status=500 --filter 're:^POST'
  pipectl tail events --from trim-horizon --checkpoint events.checkpoint --until-idle 5s
  pipectl tail events --fan-out dashboard";

const START: &str = "Where to start";
const SHOW: &str = "What to show";
const END: &str = "When to end";

/// Print the records of a stream, as they arrive or from an earlier point
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    stream: Named,

    /// latest, trim-horizon, a time (RFC 3339), how long ago (10m), or checkpoint
    #[arg(long, value_name = "WHEN", default_value = "latest", value_parser = from::from, help_heading = START)]
    from: From,

    /// Keep in this file how far it got, and go on from there where the file is there already
    #[arg(long, value_name = "FILE", help_heading = START)]
    checkpoint: Option<PathBuf>,

    /// Read with a throughput of its own, as the consumer NAME, registered meanwhile if it is not there
    #[arg(long, value_name = "NAME", help_heading = START)]
    fan_out: Option<String>,

    /// Leave a consumer registered that was registered here; AWS charges for it by the hour
    #[arg(long, requires = "fan_out", help_heading = START)]
    keep_consumer: bool,

    /// Only records with this TEXT, that match re:PATTERN, or with .field=value in their JSON; all that are given
    #[arg(long, value_name = "EXPR", value_parser = filter::test, help_heading = SHOW)]
    filter: Vec<Test>,

    /// Only records with this partition key, or one of these
    #[arg(long, value_name = "KEY", help_heading = SHOW)]
    key: Vec<String>,

    /// Only this shard, or these, by id or number; not the shards that follow them
    #[arg(long, value_name = "SHARD", value_parser = from::shard, help_heading = SHOW)]
    shard: Vec<ShardId>,

    /// Report aggregates that are damaged or another shard's, which are otherwise shown raw or dropped, as KCL does
    #[arg(long, help_heading = SHOW)]
    strict: bool,

    /// End after this many records
    #[arg(long, value_name = "N", visible_alias = "count", help_heading = END)]
    limit: Option<u64>,

    /// End when the newest record is read
    #[arg(long, help_heading = END)]
    no_follow: bool,

    /// End when nothing has arrived for this long
    #[arg(long, value_name = "TIME", value_parser = duration, help_heading = END)]
    until_idle: Option<Duration>,
}

/// Finds the stream and prints its records until the limit, the end or Ctrl-C.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    args.from.check(args.checkpoint.is_some())?;
    let stream = Stream::find(session, &args.stream).await?;
    let cancel = interrupt::listen(&session.output, "ending");
    let source = stream.source();
    let (keeper, start) = match &args.checkpoint {
        Some(path) => {
            let file = CheckpointFile::open(path, identity(&source, &stream).await?);
            let file = file.map_err(|cause| keeper::problem(&cause))?;
            let start = args.from.resume(&file, session)?;
            (Keeper::new(Some(file)), start)
        }
        None => (Keeper::new(None), args.from.start()?),
    };
    let only = (!args.shard.is_empty()).then(|| args.shard.iter().copied().collect());
    let settings =
        Settings { start, follow: !args.no_follow, strict: args.strict, only, ..Settings::default() };
    let registration = match &args.fan_out {
        Some(name) => {
            let stream_arn = identity(&source, &stream).await?.arn;
            let keep = args.keep_consumer;
            Some(Registration::begin(session, (&stream, &stream_arn), name, keep, &cancel).await?)
        }
        None => None,
    };
    let reader = match &registration {
        Some(registration) => Reader::subscribe(source, registration.fan_out(), settings),
        None => Reader::start(source, settings),
    };
    let filter = Filter { tests: args.filter, keys: args.key };
    let printer = Printer::new(Arc::clone(&session.output), filter, args.limit);
    let follow = Follow { stream: stream.name, reader, printer, keeper, cancel, until_idle: args.until_idle };
    let followed = follow.run().await;
    let ended = match registration {
        Some(registration) => registration.end(session).await,
        None => Ok(()),
    };
    followed.and_then(|exit| ended.map(|()| exit))
}

async fn identity(source: &KinesisSource, stream: &Stream) -> Result<StreamIdentity, CommandError> {
    let identity = source.identity().await;
    identity.map_err(|cause| CommandError::wrap(Kind::Aws, format!("cannot describe {}", stream.name), cause))
}
