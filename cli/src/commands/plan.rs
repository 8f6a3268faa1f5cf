//! `pipectl plan`: what apply would do, without doing it.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl plan
  pipectl plan --detailed-exitcode        exit 2 where there are changes
  pipectl plan -f staging.yaml --json";

/// Show what apply would change
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Exit with 0 for no changes, 2 for changes and 1 for an error
    #[arg(long)]
    detailed_exitcode: bool,
}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
