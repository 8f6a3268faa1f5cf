//! `pipectl validate`: every mistake in the pipeline file, shown where it stands.

use clap::ValueEnum;

use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::style::{GOOD, paint};
use crate::output::words::counted;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl validate
  pipectl validate -f staging.yaml
  pipectl validate --json                 one event for each problem, with line and column";

/// Check the pipeline file, its VRL programs included; talks to nobody
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

/// Reads the file and says what it holds; mistakes are printed while it is read.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.format == Format::Github {
        session.output.start_annotating();
    }
    let document = document::load(session)?;
    let pipeline = &document.pipeline;
    let parts = [
        (pipeline.streams.len(), "stream"),
        (pipeline.transforms.len(), "transform"),
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
    session.output.event(
        "valid",
        &serde_json::json!({
            "file": document.path,
            "pipeline": pipeline.name,
            "warnings": document.warnings.len(),
        }),
    );
    Ok(Exit::Success)
}
