//! The Lambda function alone, without the command line tool around it: what `--lambda-bootstrap` takes where
//! the running pipectl does not fit Lambda (another architecture, a newer glibc).

use std::process::ExitCode;

fn main() -> ExitCode {
    // Logged, and reported to the Runtime API, by then.
    if pipectl_lambdas::serve().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
