//! `pipectl produce`: put records into a stream, and account for every one of them.

use std::path::PathBuf;

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl produce events --file access.log.gz
  tail -f access.log | pipectl produce events
  pipectl produce events --file orders.ndjson --key user_id
  pipectl produce events --generate clickstream --count 100000 --seed 7
  pipectl produce --stream other-stream --file lines.txt";

/// Put records into a stream: lines of a file, of stdin, or generated ones
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The stream's name in the pipeline file; may be left out where there is only one
    #[arg(conflicts_with = "raw")]
    stream: Option<String>,

    /// A stream by its physical name, without a pipeline file
    #[arg(long = "stream", id = "raw", value_name = "NAME")]
    raw: Option<String>,

    /// Read lines from this file, gzip or not; `-` or nothing is stdin
    #[arg(long, value_name = "PATH", conflicts_with = "generate", help_heading = "Input")]
    file: Option<PathBuf>,

    /// Make records up
    #[arg(long, value_name = "KIND", help_heading = "Input")]
    generate: Option<Generator>,

    /// How many records to make up
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "generate", help_heading = "Input")]
    count: u64,

    /// The same seed makes the same records
    #[arg(long, value_name = "N", requires = "generate", help_heading = "Input")]
    seed: Option<u64>,

    /// Take the partition key from this field of JSON records; otherwise it is random
    #[arg(long, value_name = "FIELD", help_heading = "Input")]
    key: Option<String>,
}

/// What can be made up.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Generator {
    /// Lines of a web server's combined log
    Clickstream,
}

/// Not built yet.
pub(crate) async fn run(args: Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
