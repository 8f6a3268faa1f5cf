//! `pipectl apply`: plan, confirm, execute, record.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl apply                           shows the plan and asks
  pipectl apply --auto-approve            for scripts and CI
  pipectl --endpoint-url http://127.0.0.1:4566 apply";

/// Create and change what the pipeline file describes
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Do not ask; needed where there is no terminal
    #[arg(long, short = 'y')]
    auto_approve: bool,
}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
