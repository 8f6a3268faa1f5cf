//! One YAML file becomes a running streaming pipeline on AWS.
//!
//! The binary is two things. Started by Lambda it serves the built-in function, before it looks at a
//! single argument; started by a person or a script it is the command line. `args` has the shape of the
//! command line, `commands/` one file per subcommand (parse, call a library, render), `output/` is the
//! only place that prints, and `error` the only error type.

mod args;
mod aws;
mod commands;
mod commit;
mod document;
mod error;
mod exit_codes;
mod feeding;
mod interrupt;
mod logging;
mod measuring;
mod output;
mod piped;
mod planning;
mod prices;
mod provision;
mod render;
mod replace;
mod session;
mod stream;
mod units;

use std::process::ExitCode;

use crate::error::{CommandError, Kind};
use crate::output::lines::Line;
use crate::output::{Manner, Output};

fn main() -> ExitCode {
    if pipectl_lambdas::is_lambda() {
        // What went wrong is in the function's log and with the Runtime API already.
        return if pipectl_lambdas::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    match args::CommandLine::read(std::env::args_os().collect::<Vec<_>>()) {
        Ok(line) => session::run(line),
        Err(error) => usage(&error),
    }
}

/// Help and version go to stdout and are a success. A wrong command line exits with 1: 2 is taken, it
/// means "there are changes".
fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let output = Output::new(Manner { json: true, ..Manner::default() });
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        let failure = CommandError::new(Kind::Usage, first.strip_prefix("error: ").unwrap_or(first));
        output.event(&Line::Error((&failure).into()));
    }
    let printed = error.print();
    let unwritten = printed.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
    if error.use_stderr() || unwritten {
        ExitCode::from(error::Kind::Usage.exit_code())
    } else {
        ExitCode::SUCCESS
    }
}
