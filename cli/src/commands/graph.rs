//! `pipectl graph`: the pipelines as a picture, from the files alone or with what a plan would change.

use std::path::PathBuf;

use clap::ValueEnum;
use pipectl_pipeline::PlanOptions;
use pipectl_pipeline::diagram::Diagram;
use pipectl_pipeline::spec::Document;

use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::planning;
use crate::provision;
use crate::session::{Session, block_on};

const EXAMPLES: &str = "\
Examples:
  pipectl graph                           Mermaid, for a ```mermaid block in Markdown
  pipectl graph --format svg -o pipeline.svg
  pipectl graph --plan --format svg > change.svg    coloured by what apply would do
  pipectl graph --format dot | dot -Tpng > pipeline.png
  pipectl graph -f pipelines/ --format svg -o all.svg    several pipelines in one picture";

/// Draw the pipeline, or several in one picture: what flows where
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Mermaid)]
    format: Format,

    /// Write to a file instead of stdout
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Colour it by what apply would do, which asks AWS what is there; what goes is in it, too
    #[arg(long)]
    plan: bool,
}

/// What a diagram is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A flow chart that GitHub, GitLab and many wikis draw
    Mermaid,
    /// A picture that stands on its own, on a light ground as on a dark one
    Svg,
    /// Graphviz's language
    Dot,
    /// Nodes and edges
    Json,
}

/// Reads the file, plans if asked to, and draws.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let documents = document::load_all(session)?;
    let diagram = Diagram::joined(if args.plan {
        block_on(planned(session, documents))?
    } else {
        documents.iter().map(|document| Diagram::of(&document.pipeline)).collect()
    });
    let text = match args.format {
        Format::Mermaid => diagram.mermaid(),
        Format::Svg => diagram.svg(),
        Format::Dot => diagram.dot(),
        Format::Json => serde_json::to_string_pretty(&diagram).unwrap_or_default() + "\n",
    };
    session.output.event(&Line::Graph(&diagram));
    match &args.out {
        Some(path) => {
            std::fs::write(path, text).map_err(|cause| {
                CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause)
            })?;
            session.output.note(format!("wrote {}", path.display()));
            session.output.event(&Line::Wrote { file: path });
        }
        None if session.output.is_json() => {}
        None => session.output.raw(text.as_bytes()),
    }
    Ok(Exit::Success)
}

/// Each pipeline with what apply would do to it.
async fn planned(session: &Session, documents: Vec<Document>) -> Result<Vec<Diagram>, CommandError> {
    let mut diagrams = Vec::new();
    for mut document in documents {
        let engine = provision::connect_and_resolve(session, &mut document).await?;
        let options = PlanOptions { trust_tags: true, ..planning::of_file(&document) };
        let plan = engine.plan(&document.pipeline, &options).await.map_err(provision::failed)?;
        let mut diagram = Diagram::of(&document.pipeline);
        diagram.mark(&plan);
        diagrams.push(diagram);
    }
    Ok(diagrams)
}
