//! `pipectl destroy`: take down what the pipeline owns, and nothing else.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl destroy                         shows what goes, and asks
  pipectl destroy --auto-approve --keep-data
  pipectl destroy --auto-approve --delete-data";

/// Delete the pipeline's resources
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,

    /// Delete the objects in the pipeline's buckets, and the buckets
    #[arg(long, conflicts_with = "keep_data")]
    delete_data: bool,

    /// Keep buckets that hold objects (the default)
    #[arg(long)]
    keep_data: bool,

    /// Remove the pipeline's history from the ledger as well
    #[arg(long)]
    forget: bool,
}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
