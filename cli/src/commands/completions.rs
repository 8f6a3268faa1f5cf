//! `pipectl completions`: what a shell needs to complete commands and options.

use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::CommandLine;
use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl completions bash > ~/.local/share/bash-completion/completions/pipectl
  pipectl completions zsh > ~/.zfunc/_pipectl
  pipectl completions fish > ~/.config/fish/completions/pipectl.fish";

/// Print the completion script of a shell
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The shell to complete in
    shell: Shell,
}

/// Prints the script to stdout.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "pipectl", &mut script);
    session.output.raw(&script);
    Ok(Exit::Success)
}
