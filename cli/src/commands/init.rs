//! `pipectl init`: a pipeline file to start from.

use std::path::PathBuf;

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl init                            the click-stream template, here
  pipectl init clickstream --dir pipelines/clicks
  pipectl init --list                     which templates there are";

/// Write a pipeline file to start from
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The template; see --list
    #[arg(default_value = "clickstream")]
    template: String,

    /// Write into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Write over files that are there
    #[arg(long)]
    force: bool,

    /// List the templates
    #[arg(long)]
    list: bool,
}

/// Not built yet.
pub(crate) fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
