//! `pipectl demo`: the whole path on this machine, with an account of every record at the end.
//!
//! It uses nothing that a user does not have: the template of `pipectl init`, the engine of `apply`, the
//! producer of `produce`, the endpoint of `local`. What it says was delivered it has read back from S3.

mod stage;
mod summary;
mod watch;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pipectl_pipeline::PlanOptions;
use pipectl_pipeline::lake::Lake;
use pipectl_pipeline::plan::BucketData;
use pipectl_pipeline::spec::model::Destination;
use pipectl_producer::generate::ClickStream;
use pipectl_producer::input::{Input, Options, open_file};
use tokio_util::sync::CancellationToken;

use crate::args::duration;
use crate::error::{CommandError, Exit, Kind};
use crate::feeding::{self, Fed, Feeding};
use crate::interrupt;
use crate::output::lines::Line;
use crate::output::style::{NAME, paint};
use crate::provision;
use crate::session::Session;
use stage::Stage;
use summary::Summary;

const EXAMPLES: &str = "\
Examples:
  pipectl demo
  pipectl demo --records 100000
  pipectl demo --file access.log.gz --json
  pipectl demo --keep                     and look around in it afterwards";

/// See a pipeline run: local endpoint, apply, feed, count every record in S3
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How many click-stream records to make up
    #[arg(long, value_name = "N", default_value_t = 10_000, conflicts_with = "file")]
    records: u64,

    /// The same seed makes the same records
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "file")]
    seed: u64,

    /// Feed the lines of this web server log instead, gzip or not
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,

    /// Leave the endpoint and the pipeline running afterwards, until Ctrl-C
    #[arg(long)]
    keep: bool,

    /// Give up when no record has moved for this long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    timeout: Duration,
}

/// Sets the stage, plays, clears it away; the summary comes last.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if session.globals.file != std::path::Path::new(crate::args::DEFAULT_PIPELINE) {
        return Err(CommandError::new(Kind::Usage, "demo runs its own pipeline and takes no -f").hint(
            "to try a file of your own: `pipectl local`, then `apply` and `produce` with --endpoint-url",
        ));
    }
    // Opened before anything is started: a wrong path should cost nothing.
    let input = Lines::open(args)?;
    let cancel = interrupt::listen(&session.output, "clearing away");
    let stage = Stage::set(session).await?;
    let played = play(args, input, &stage, &cancel).await;
    let summary = match played {
        Ok(summary) => summary,
        Err(error) => {
            stage.clear().await;
            return Err(error);
        }
    };
    if args.keep {
        summary.show(&session.output, &stage.ways_in());
        session.output.note("\nIt all runs until Ctrl-C here.");
        cancel.cancelled().await;
        stage.clear().await;
    } else {
        let cleared = take_down(&stage, &cancel).await;
        stage.clear().await;
        cleared?;
        summary.show(&session.output, &stage::ways_on());
    }
    match summary.lost() {
        0 => Ok(Exit::Success),
        lost => Err(CommandError::new(Kind::Undelivered, format!("{lost} records were lost"))
            .hint("this is a defect of pipectl: please report it with the output of `pipectl demo -vv`")),
    }
}

async fn play(
    args: &Args,
    input: Lines,
    stage: &Stage,
    cancel: &CancellationToken,
) -> Result<Summary, CommandError> {
    let began = Instant::now();
    let output = &stage.session.output;
    let document = &stage.document;
    output.note(format!(
        "AWS runs in this process, on {}, without its limits of throughput",
        paint(NAME, stage.url())
    ));
    let options = PlanOptions { source: document.recorded(), ..PlanOptions::default() };
    let plan = stage.engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
    provision::apply(&stage.session, &stage.engine, &plan, cancel.clone(), false).await?;

    let stream = stage.stream();
    let fed = input.feed(stage, &stream, cancel).await;
    let Fed { stats, reasons, stopped } = fed;
    if let Some(stopped) = stopped {
        return Err(stopped);
    }
    output.event(&Line::Account(crate::render::account::line(&stream.name, &stats, &reasons)));
    output.note(crate::render::account::text(&stream.name, &stats, &reasons));
    let account = stats.account;

    let accounted = watch::until_accounted(stage, account.delivered, args.timeout, cancel).await?;
    let Destination::S3(destination) = &stage.delivery().to else {
        return Err(CommandError::new(Kind::Local, "the template of the demo does not deliver to S3"));
    };
    let mut lake = Lake::new(destination);
    let lake_account = lake
        .count(stage.engine.objects())
        .await
        .map_err(|cause| CommandError::wrap(Kind::Aws, "what was delivered cannot be read back", cause))?;
    Ok(Summary::new(&stream.name, lake.bucket(), account, lake_account, accounted.dropped, began.elapsed()))
}

/// Destroys the pipeline as a user would.
async fn take_down(stage: &Stage, cancel: &CancellationToken) -> Result<(), CommandError> {
    let pipeline = &stage.document.pipeline;
    let source = stage.document.recorded();
    let options = PlanOptions { source, bucket_data: BucketData::Delete, ..PlanOptions::default() };
    let plan = stage.engine.destroy_plan(pipeline, &options).await.map_err(provision::failed)?;
    provision::apply(&stage.session, &stage.engine, &plan, cancel.clone(), true).await
}

/// What is fed: a file that is open, or the seed of a generator.
enum Lines {
    File(Input<Box<dyn std::io::BufRead + Send>>),
    Generated { records: u64, seed: u64 },
}

impl Lines {
    fn open(args: &Args) -> Result<Lines, CommandError> {
        let Some(path) = &args.file else {
            return Ok(Lines::Generated { records: args.records, seed: args.seed });
        };
        let reader = open_file(path).map_err(|cause| CommandError::new(Kind::File, cause))?;
        Ok(Lines::File(Input::new(path.display().to_string(), reader, &Options::default())))
    }

    async fn feed(self, stage: &Stage, stream: &crate::stream::Stream, cancel: &CancellationToken) -> Fed {
        let output = &stage.session.output;
        match self {
            Lines::File(input) => {
                feeding::run(output, stream.sink(), input, Feeding::default(), cancel).await
            }
            Lines::Generated { records, seed } => {
                let count = usize::try_from(records).unwrap_or(usize::MAX);
                let input = ClickStream::new(seed, jiff::Timestamp::now()).entries().take(count);
                let how = Feeding { total: Some(records), ..Feeding::default() };
                feeding::run(output, stream.sink(), input, how, cancel).await
            }
        }
    }
}
