//! `pipectl help`: what `--help` says of a command, and topics that are of no command alone.

use clap::CommandFactory;

use crate::args::CommandLine;
use crate::error::{CommandError, Exit, Kind};
use crate::exit_codes;
use crate::output::lines::Line;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl help autoscale run
  pipectl help exit-codes";

/// Help on a command, or on a topic: exit-codes
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The words of a command, or the topic
    #[arg(value_name = "COMMAND|TOPIC")]
    words: Vec<String>,
}

/// Prints it to stdout.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.words == ["exit-codes"] {
        session.output.data(exit_codes::list());
        for (code, meaning) in exit_codes::ALL {
            session.output.event(&Line::ExitCode { code, meaning });
        }
        return Ok(Exit::Success);
    }
    let mut command = CommandLine::command();
    // Only then do the commands below know the options of all of them, and their whole names.
    command.build();
    let mut found = &mut command;
    for word in &args.words {
        found = found.find_subcommand_mut(word).ok_or_else(|| {
            CommandError::new(Kind::Usage, format!("there is no command or topic `{}`", args.words.join(" ")))
                .hint("`pipectl --help` lists the commands; the topic is exit-codes")
        })?;
    }
    session.output.data(found.render_long_help().ansi().to_string().trim_end());
    Ok(Exit::Success)
}
