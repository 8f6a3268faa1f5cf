//! `pipectl explain`: the documentation of any field of the pipeline file, at the terminal.

use pipectl_pipeline::spec;

use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl explain                         the whole file, one line a field
  pipectl explain streams.events.autoscale
  pipectl explain deliveries.*.to.s3      where the file has names, any will do
  pipectl explain functions --recursive   everything below, with its text";

/// Tell what a field of the pipeline file means, and what may stand there
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The field, with the keys that lead to it: streams.events.retention
    #[arg(value_name = "FIELD", default_value = "")]
    field: String,

    /// All fields below it, not only the next ones
    #[arg(short, long)]
    recursive: bool,
}

/// Looks it up in the schema.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let topic = spec::explain(&args.field).map_err(unknown)?;
    session.output.data(render::explain::topic(&topic, args.recursive));
    session.output.event(&Line::Topic(&topic));
    Ok(Exit::Success)
}

fn unknown(wrong: spec::UnknownTopic) -> CommandError {
    let meant: Vec<String> = wrong.meant.iter().map(|path| format!("`pipectl explain {path}`")).collect();
    let known = wrong.known.join(", ");
    let error = CommandError::new(Kind::Usage, wrong);
    let error = if meant.is_empty() { error } else { error.hint(format!("try {}", meant.join(", or "))) };
    if known.is_empty() { error } else { error.hint(format!("there are: {known}")) }
}
