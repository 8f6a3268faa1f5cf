//! `pipectl demo`: the whole path on this machine, with an account of every record at the end.

use std::path::PathBuf;
use std::time::Duration;

use crate::args::duration;
use crate::error::{CommandError, Exit};
use crate::session::Session;

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

    /// Feed the lines of this web server log instead, gzip or not
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,

    /// Leave the endpoint and the pipeline running afterwards
    #[arg(long)]
    keep: bool,

    /// Give up when records are still under way after this long
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    timeout: Duration,
}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
