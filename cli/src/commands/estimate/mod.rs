//! `pipectl estimate`: how many shards, what binds them, and what a month costs in each mode.

mod question;
mod sample;

use std::path::PathBuf;
use std::time::Duration;

use pipectl_autoscaler::estimate::estimate;
use pipectl_pricing::PriceList;

use crate::args::duration;
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::prices;
use crate::render;
use crate::session::Session;
use crate::stream::Named;
use crate::units;

const EXAMPLES: &str = "\
Examples:
  pipectl estimate --record-size 2KiB --rate 5000/s --burst 2x --retention 7d
  pipectl estimate --sample orders.ndjson --rate 5000/s --aggregation --producers 10
  pipectl estimate --record-size 400B --trace load.csv --consumers 3 --fan-out 1
  pipectl estimate --record-size 1KiB --rate 1000/s --firehose --parquet --transform 100ms
  pipectl estimate events --over 14d      from what the stream has seen
  pipectl estimate --print-prices         the price list, to write your own";

const TRAFFIC: &str = "Traffic";
const READERS: &str = "Who reads it";
const PRODUCERS: &str = "Producers";
const DOWNSTREAM: &str = "After the stream";

// A negative number is a value: the option that it was given to says what is wrong with it.
/// Say how many shards a stream needs, and what a month costs in each mode
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    named: Named,

    /// Look back this far at the stream's metrics
    #[arg(long, value_name = "TIME", default_value = "7d", value_parser = units::hours, allow_hyphen_values = true, help_heading = TRAFFIC)]
    over: f64,

    /// A record with its key, on average: 2KiB, 400B
    #[arg(long, value_name = "SIZE", value_parser = units::size, allow_hyphen_values = true, conflicts_with = "sample", help_heading = TRAFFIC)]
    record_size: Option<f64>,

    /// The largest record
    #[arg(long, value_name = "SIZE", value_parser = units::size, allow_hyphen_values = true, help_heading = TRAFFIC)]
    max_record_size: Option<f64>,

    /// Measure the records in this file, one on each line, gzip or not; `-` is standard input
    #[arg(long, value_name = "FILE", help_heading = TRAFFIC)]
    sample: Option<PathBuf>,

    /// The field of a sampled record that is its partition key; random ones otherwise
    #[arg(long, value_name = "FIELD", requires = "sample", help_heading = TRAFFIC)]
    key_field: Option<String>,

    /// Records on average: 5000/s, 300/m, 10/h, 1000000/d
    #[arg(long, value_name = "RATE", value_parser = units::rate, allow_hyphen_values = true, help_heading = TRAFFIC)]
    rate: Option<f64>,

    /// The peak over the mean: 2x
    #[arg(long, value_name = "TIMES", default_value = "1x", value_parser = units::burst, allow_hyphen_values = true, help_heading = TRAFFIC)]
    burst: f64,

    /// Take mean and peak from this CSV file (`t_s,load`, records a second); with --rate, that is the mean
    #[arg(long, value_name = "FILE", conflicts_with = "burst", help_heading = TRAFFIC)]
    trace: Option<PathBuf>,

    /// How long records stay readable [default: 24h]
    #[arg(long, value_name = "TIME", value_parser = units::hours, allow_hyphen_values = true, help_heading = TRAFFIC)]
    retention: Option<f64>,

    /// The share of a shard's limits that the peak may use
    #[arg(long, value_name = "PERCENT", default_value = "100%", value_parser = units::percent, allow_hyphen_values = true, help_heading = TRAFFIC)]
    target: f64,

    /// Applications that read with GetRecords, beside --firehose [default: 1, or 0 with --firehose]
    #[arg(long, value_name = "COUNT", help_heading = READERS)]
    consumers: Option<u32>,

    /// Applications that read with enhanced fan-out [default: 0]
    #[arg(long, value_name = "COUNT", help_heading = READERS)]
    fan_out: Option<u32>,

    /// Producers aggregate, as KPL does
    #[arg(long, help_heading = PRODUCERS)]
    aggregation: bool,

    /// How many of them there are
    #[arg(long, value_name = "COUNT", default_value_t = 1, requires = "aggregation", help_heading = PRODUCERS)]
    producers: u32,

    /// How long a record waits for others
    #[arg(long, value_name = "TIME", default_value = "100ms", value_parser = duration, requires = "aggregation")]
    #[arg(help_heading = PRODUCERS)]
    aggregation_wait: Duration,

    /// A Firehose delivery reads the stream
    #[arg(long, help_heading = DOWNSTREAM)]
    firehose: bool,

    /// It writes Parquet or ORC
    #[arg(long, requires = "firehose", help_heading = DOWNSTREAM)]
    parquet: bool,

    /// It partitions dynamically, into so many at any time
    #[arg(long, value_name = "COUNT", requires = "firehose", help_heading = DOWNSTREAM)]
    partitions: Option<u32>,

    /// It has a function transform the records, and an invocation takes this long
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "firehose", help_heading = DOWNSTREAM)]
    transform: Option<Duration>,

    /// The function's memory
    #[arg(long, value_name = "SIZE", default_value = "256MiB", value_parser = units::memory, allow_hyphen_values = true, requires = "transform")]
    #[arg(help_heading = DOWNSTREAM)]
    transform_memory: f64,

    /// The function runs on arm64
    #[arg(long, requires = "transform", help_heading = DOWNSTREAM)]
    transform_arm64: bool,

    #[command(flatten)]
    prices: prices::Args,

    /// Print the built-in price list, which --prices takes, and do nothing else
    #[arg(long)]
    print_prices: bool,
}

/// Works it out and shows it.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.print_prices {
        session.output.raw(PriceList::BUILTIN.as_bytes());
        return Ok(Exit::Success);
    }
    // A mistake in the prices is told before a stream is asked.
    args.prices.quote(None)?;
    let question = question::ask(args, session).await?;
    let quote = args.prices.quote(question.region.as_deref())?;
    let answer = estimate(&question.workload, &quote.prices);
    let mut answer = answer.map_err(|cause| CommandError::new(Kind::Usage, cause))?;
    answer.notes.splice(0..0, question.notes.into_iter().chain(quote.notice));
    session.output.data(render::estimate::text(&answer));
    session.output.event(&Line::Estimate(&answer));
    Ok(Exit::Success)
}
