//! `pipectl autoscale`: reshard the streams whose file says `autoscale`, say what that would do, and prove it on traffic
//! of the past.
//!
//! `fleet` finds the streams and connects the controller, `entries` keeps what it remembers in the pipeline's ledger,
//! `telling` says what a step came to, `listen` is where Prometheus and whoever watches over the process look.

mod entries;
mod explain;
mod fleet;
mod listen;
mod once;
mod run;
mod simulate;
mod telling;

use clap::Subcommand;

use crate::error::{CommandError, Exit};
use crate::session::{Session, block_on};

pub(crate) use entries::decisions;

const EXAMPLES: &str = "\
Examples:
  pipectl autoscale explain
  pipectl autoscale run --listen 127.0.0.1:9464
  pipectl autoscale simulate --trace load.csv";

/// Reshard streams as their traffic asks for it
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Autoscale,
}

/// What to do.
#[derive(Debug, Subcommand)]
enum Autoscale {
    Run(run::Args),
    Once(once::Args),
    Explain(explain::Args),
    Simulate(simulate::Args),
}

/// Runs it.
pub(crate) fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    match args.command {
        Autoscale::Run(args) => block_on(run::run(args, session)),
        Autoscale::Once(args) => block_on(once::run(args, session)),
        Autoscale::Explain(args) => block_on(explain::run(args, session)),
        Autoscale::Simulate(args) => simulate::run(&args, session),
    }
}
