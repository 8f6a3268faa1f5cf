//! `pipectl man`: the manual pages, one for each command.

use std::path::PathBuf;

use clap::CommandFactory;

use crate::args::CommandLine;
use crate::error::{CommandError, Exit, Kind};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl man | man -l -
  pipectl man --dir ~/.local/share/man/man1";

/// Print the manual page, or write one for every command into a folder
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Write pipectl.1, pipectl-apply.1 … into this folder
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints the main page, or writes all of them.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(CommandLine::command())
            .render(&mut page)
            .map_err(|cause| CommandError::wrap(Kind::File, "cannot draw the manual page", cause))?;
        session.output.raw(&page);
        return Ok(Exit::Success);
    };
    let failed =
        |cause| CommandError::wrap(Kind::File, format!("cannot write to `{}`", dir.display()), cause);
    std::fs::create_dir_all(dir).map_err(failed)?;
    clap_mangen::generate_to(CommandLine::command(), dir).map_err(failed)?;
    session.output.note(format!("wrote the manual pages to {}", dir.display()));
    Ok(Exit::Success)
}
