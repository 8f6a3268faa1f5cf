//! `pipectl validate`: every mistake in the pipeline file, shown where it stands.

use clap::ValueEnum;
use pipectl_pipeline::spec::Document;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::{Line, Valid};
use crate::output::style::{FAINT, GOOD, paint};
use crate::output::words::counted;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl validate
  pipectl validate -f staging.yaml
  pipectl validate -f pipelines/          every *.yaml and *.yml in a folder
  pipectl validate --var stage=prod --overlay prod.yaml
  pipectl validate --json                 one event for each problem, with line and column";

/// Check the pipeline file, its VRL programs and packages included; talks to nobody
///
/// A package that is not there is a warning, so that files can be checked before anything is built; one that is there
/// and is none for Lambda is an error.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// How to show what is wrong
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people at a terminal; in a job of GitHub Actions with annotations
    Text,
    /// With annotations of GitHub Actions, wherever it runs
    Github,
}

/// Reads the files and says what they hold; mistakes are printed while they are read.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.format == Format::Github {
        session.output.start_annotating();
    }
    for document in document::inspect_all(session)? {
        valid(session, &document);
    }
    Ok(Exit::Success)
}

fn valid(session: &Session, document: &Document) {
    let pipeline = &document.pipeline;
    let parts = [
        (pipeline.streams.len(), "stream"),
        (pipeline.transforms.len(), "transform"),
        (pipeline.functions.len(), "function"),
        (pipeline.deliveries.len(), "deliver"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| match (noun, count) {
            ("deliver", 1) => "1 delivery".to_owned(),
            ("deliver", count) => format!("{count} deliveries"),
            _ => counted(count as u64, noun),
        })
        .collect();
    session.output.data(format!(
        "{} {}: pipeline {} with {}",
        paint(GOOD, "✓"),
        document.path.display(),
        pipeline.name,
        parts.join(", ")
    ));
    let open: Vec<String> = pipeline
        .others()
        .filter(|other| other.found.is_none())
        .map(|other| format!("{}/{}", other.pipeline, other.stream))
        .collect();
    if !open.is_empty() {
        let text =
            format!("{} is of another pipeline, and looked up in the ledger by `plan`", open.join(", "));
        session.output.note(format!("  {} {text}", paint(FAINT, "note:")));
    }
    session.output.event(&Line::Valid(Valid {
        file: &document.path,
        pipeline: pipeline.name.as_str(),
        warnings: document.warnings.len(),
        unresolved: open,
    }));
}
