//! `pipectl schema`: the JSON Schema of the pipeline file, for editors; and of the events, for scripts.

use pipectl_pipeline::spec::schema;

use crate::error::{CommandError, Exit};
use crate::output::lines;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl schema > pipeline.schema.json
  pipectl schema --events > events.schema.json
  # then, first line of pipeline.yaml:  # yaml-language-server: $schema=pipeline.schema.json";

/// Print the JSON Schema of the pipeline file
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The schema of a line under --json instead, of every command
    #[arg(long)]
    events: bool,
}

/// Prints it to stdout.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let text = if args.events { lines::schema() } else { schema::json() };
    session.output.raw(text.as_bytes());
    Ok(Exit::Success)
}
