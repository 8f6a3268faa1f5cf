//! `pipectl status`: what exists, in which state, and who applied it last.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl status
  pipectl status --json | jq .resources";

/// Show the pipeline's resources and their states
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
