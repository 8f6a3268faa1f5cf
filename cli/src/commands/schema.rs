//! `pipectl schema`: the JSON Schema of the pipeline file, for editors.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl schema > pipeline.schema.json
  # then, first line of pipeline.yaml:  # yaml-language-server: $schema=pipeline.schema.json";

/// Print the JSON Schema of the pipeline file
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// Not built yet.
pub(crate) fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}
