//! `pipectl schema`: the JSON Schema of the pipeline file, for editors.

use pipectl_pipeline::spec::schema;

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

/// Prints it to stdout.
pub(crate) fn run(_args: &Args, session: &Session) -> Result<Exit, CommandError> {
    session.output.raw(schema::json().as_bytes());
    Ok(Exit::Success)
}
