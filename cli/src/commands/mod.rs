//! The commands: one file each, which reads its options, calls a library and renders the answer.

mod apply;
pub(crate) mod autoscale;
mod completions;
mod demo;
mod destroy;
mod drift;
mod estimate;
mod explain;
mod fmt;
mod force_unlock;
mod graph;
mod help;
mod history;
mod import;
mod init;
mod local;
mod man;
mod plan;
mod produce;
mod refresh;
mod rollback;
mod schema;
mod status;
mod tail;
mod validate;

use clap::Subcommand;

use crate::error::{CommandError, Exit};
use crate::session::{Session, block_on};

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(init::Args),
    Validate(validate::Args),
    Fmt(fmt::Args),
    Explain(explain::Args),
    Graph(graph::Args),
    Plan(plan::Args),
    Apply(apply::Args),
    Status(status::Args),
    Estimate(Box<estimate::Args>),
    Drift(drift::Args),
    History(history::Args),
    Rollback(rollback::Args),
    Destroy(destroy::Args),
    Import(import::Args),
    ForceUnlock(force_unlock::Args),
    Produce(produce::Args),
    Tail(tail::Args),
    Autoscale(autoscale::Args),
    Local(local::Args),
    Demo(demo::Args),
    Schema(schema::Args),
    Completions(completions::Args),
    Man(man::Args),
    Help(help::Args),
}

impl Command {
    /// Runs it. Only commands that talk to something start a runtime.
    pub(crate) fn run(self, session: &Session) -> Result<Exit, CommandError> {
        match self {
            Command::Init(args) => init::run(&args, session),
            Command::Validate(args) => validate::run(&args, session),
            Command::Fmt(args) => fmt::run(&args, session),
            Command::Explain(args) => explain::run(&args, session),
            Command::Graph(args) => graph::run(&args, session),
            Command::Plan(args) => block_on(plan::run(&args, session)),
            Command::Apply(args) => block_on(apply::run(&args, session)),
            Command::Status(args) => block_on(status::run(&args, session)),
            Command::Estimate(args) => block_on(estimate::run(&args, session)),
            Command::Drift(args) => block_on(drift::run(&args, session)),
            Command::History(args) => block_on(history::run(&args, session)),
            Command::Rollback(args) => block_on(rollback::run(&args, session)),
            Command::ForceUnlock(args) => block_on(force_unlock::run(&args, session)),
            Command::Destroy(args) => block_on(destroy::run(&args, session)),
            Command::Import(args) => block_on(import::run(&args, session)),
            Command::Produce(args) => block_on(produce::run(args, session)),
            Command::Tail(args) => block_on(tail::run(args, session)),
            Command::Autoscale(args) => autoscale::run(args, session),
            Command::Local(args) => local::run(args, session),
            Command::Demo(args) => block_on(demo::run(&args, session)),
            Command::Schema(args) => schema::run(&args, session),
            Command::Completions(args) => completions::run(&args, session),
            Command::Man(args) => man::run(&args, session),
            Command::Help(args) => help::run(&args, session),
        }
    }
}
