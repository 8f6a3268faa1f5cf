//! `pipectl history`: the revisions of a pipeline, one of them, or what differs between two.

use clap::Subcommand;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::{AnyRevision, Line, OfPipeline};
use crate::output::style::{STRONG, paint};
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl history
  pipectl history show 7
  pipectl history show 7 --file > as-it-was.yaml
  pipectl history diff 6 7";

/// Show what was applied, when, by whom and from which commit
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: Option<What>,

    /// Show no more than this many, the newest first
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show one revision and what it left
    Show {
        /// Its number
        revision: u64,
        /// Print its pipeline file, and nothing else
        #[arg(long)]
        file: bool,
    },
    /// Show what differs between two revisions
    Diff {
        /// The older
        from: u64,
        /// The newer
        to: u64,
    },
}

/// Reads the ledger and shows.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let Some(what) = &args.what else { return list(args, session).await };
    let document = document::load_without_secrets(session)?;
    let engine = provision::connect(session, &document).await?;
    let (output, pipeline) = (&session.output, document.pipeline.name.as_str());
    match *what {
        What::Show { revision, file } => {
            let revision = engine.revision(pipeline, revision).await.map_err(provision::failed)?;
            if file {
                output.raw(revision.source.as_bytes());
                return Ok(Exit::Success);
            }
            output.data(render::history::revision(&revision));
            output.event(&Line::Revision(AnyRevision::Whole(&revision)));
        }
        What::Diff { from, to } => {
            let comparison = engine.compare(pipeline, from, to).await.map_err(provision::failed)?;
            output.data(render::history::comparison(&comparison));
            output.event(&Line::Comparison(&comparison));
        }
    }
    Ok(Exit::Success)
}

/// The revisions of each pipeline, one after the other.
async fn list(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let documents = document::load_all_without_secrets(session)?;
    for (at, document) in documents.iter().enumerate() {
        let pipeline = document.pipeline.name.as_str();
        if documents.len() > 1 {
            let gap = if at > 0 { "\n" } else { "" };
            session.output.data(format!("{gap}{}", paint(STRONG, pipeline)));
        }
        let engine = provision::connect(session, document).await?;
        let mut revisions = engine.history(pipeline).await.map_err(provision::failed)?;
        revisions.truncate(args.limit);
        session.output.data(render::history::list(pipeline, &revisions));
        for revision in &revisions {
            session.output.event(&Line::Revision(AnyRevision::Short(OfPipeline { pipeline, revision })));
        }
    }
    Ok(Exit::Success)
}
