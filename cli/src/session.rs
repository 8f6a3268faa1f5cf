//! What every command gets: the global options, and where to speak.

use std::process::ExitCode;
use std::sync::Arc;

use crate::args::{CommandLine, Globals};
use crate::error::{CommandError, Kind};
use crate::logging;
use crate::output::{Manner, Output};

/// The surroundings of one command.
pub(crate) struct Session {
    /// The options before and after the command's name that all commands share.
    pub(crate) globals: Globals,
    /// Where everything it says goes.
    pub(crate) output: Arc<Output>,
}

/// Runs the parsed command line to its exit code.
pub(crate) fn run(line: CommandLine) -> ExitCode {
    anstream::ColorChoice::from(line.globals.color).write_global();
    logging::start(line.globals.verbose);
    // A runner of GitHub Actions says so, and `--json` is for whoever started us.
    let github = std::env::var("GITHUB_ACTIONS").is_ok_and(|value| value == "true") && !line.globals.json;
    let manner = Manner { json: line.globals.json, quiet: line.globals.quiet, github };
    let session = Session { output: Arc::new(Output::new(manner)), globals: line.globals };
    let result = line.command.run(&session);
    match result.and_then(|exit| all_written(&session.output).map(|()| exit)) {
        Ok(exit) => exit.into(),
        Err(error) => {
            session.output.failure(&error);
            ExitCode::from(error.kind().exit_code())
        }
    }
}

/// What was done is done; but who reads stdout has not got all of it, and a success would say so.
fn all_written(output: &Output) -> Result<(), CommandError> {
    let Some(error) = output.unwritten() else { return Ok(()) };
    let cause = std::io::Error::new(error.kind(), error.to_string());
    Err(CommandError::wrap(Kind::File, "cannot write to standard output", cause)
        .hint("the command itself did its work; what it printed is not whole"))
}

/// Runs a command's future. Work that is still blocked on stdin or a socket does not hold up the exit.
pub(crate) fn block_on<T>(future: impl Future<Output = Result<T, CommandError>>) -> Result<T, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|cause| CommandError::wrap(Kind::Local, "cannot start the async runtime", cause))?;
    let result = runtime.block_on(future);
    runtime.shutdown_background();
    result
}
