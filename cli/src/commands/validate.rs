//! `pipectl validate`: every mistake in the pipeline file, shown where it stands.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl validate
  pipectl validate -f staging.yaml
  pipectl validate --json                 one event for each problem, with line and column";

/// Check the pipeline file, its VRL programs included; talks to nobody
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Not built yet.
pub(crate) fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
