//! `pipectl plan`: what apply would do, without doing it.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use pipectl_pipeline::PlanOptions;
use pipectl_pipeline::plan::{Plan, SavedPlan, SavedPlans};
use pipectl_pipeline::spec::Document;

use super::drift;
use crate::args::{DEFAULT_PIPELINE, Globals};
use crate::document;
use crate::error::{CommandError, Exit};
use crate::output::lines::Line;
use crate::piped;
use crate::planning::{self, Picking};
use crate::prices;
use crate::provision;
use crate::render;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl plan
  pipectl plan --detailed-exitcode        exit 2 where there are changes
  pipectl plan -o change.plan             then `pipectl apply change.plan` does exactly that
  pipectl plan --format markdown          for a comment on a pull request
  pipectl plan --target deliveries.lake
  pipectl plan -f staging.yaml --json
  pipectl plan --var stage=prod --overlay prod.yaml
  cat pipeline.yaml | pipectl plan -f -   the file from stdin; what it names lies in the current folder
  pipectl plan -f pipelines/              every pipeline of a folder, in order of what reads what";

/// Show what apply would change
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Exit with 0 for no changes, 2 for changes and 1 for an error
    #[arg(long)]
    detailed_exitcode: bool,

    /// Write the plan to a file, for `pipectl apply FILE`; apply refuses it once the pipeline file, the ledger
    /// or what exists has moved. The plans of several pipelines go into one file, and are applied together or not at
    /// all
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// How to show it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    format: Format,

    /// Show only what moved outside since the last apply, as `pipectl drift` does
    #[arg(long, conflicts_with_all = ["out", "format", "target", "replace", "adopt", "destroy"])]
    refresh_only: bool,

    /// Plan the removal of everything, as `pipectl destroy` does
    #[arg(long, conflicts_with_all = ["target", "replace", "adopt"])]
    destroy: bool,

    #[command(flatten)]
    picking: Picking,

    #[command(flatten)]
    pricing: prices::OfPlan,
}

/// How a plan is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people at a terminal
    Text,
    /// One JSON document
    Json,
    /// For a comment on a pull request: counts first, deletions loud, what stays folded
    Markdown,
    /// For people, with annotations of GitHub Actions wherever it runs: mistakes, and what goes
    Github,
}

/// Observes, plans and shows, one pipeline after the other.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.format == Format::Github {
        session.output.start_annotating();
    }
    let mut documents = document::load_all(session)?;
    args.picking.check(&documents)?;
    if args.destroy {
        documents.reverse();
    }
    let (mut changes, mut plans) = (false, Vec::new());
    for (at, document) in documents.iter_mut().enumerate() {
        if at > 0 && args.format != Format::Json {
            session.output.data("");
        }
        let (changed, saved) = one(args, session, document).await?;
        changes |= changed;
        plans.extend(saved);
    }
    if let Some(path) = &args.out {
        planning::save(path, &SavedPlans(plans))?;
        let command = saved_command(&session.globals, path);
        session.output.note(format!("\nSaved: `{command}` does exactly this."));
    }
    Ok(if args.detailed_exitcode && changes { Exit::Changes } else { Exit::Success })
}

/// Plans one pipeline; says whether there are changes, and gives the plan back where it is to be kept.
async fn one(
    args: &Args,
    session: &Session,
    document: &mut Document,
) -> Result<(bool, Option<SavedPlan>), CommandError> {
    let engine = if args.destroy {
        provision::connect(session, document).await?
    } else {
        provision::connect_and_resolve(session, document).await?
    };
    if args.refresh_only {
        return Ok((drift::show(session, &engine, document).await?, None));
    }
    // A plan that is kept is compared with one made just before it is carried out.
    let trust_tags = args.out.is_none();
    let options = PlanOptions { trust_tags, ..args.picking.options(document) };
    let plan = if args.destroy {
        engine.destroy_plan(&document.pipeline, &options).await
    } else {
        engine.plan(&document.pipeline, &options).await
    };
    let plan = provision::planned(plan, |refused| show(args, session, refused))?;
    show(args, session, &plan)?;
    if session.output.annotates() {
        render::remarks::plan(&plan, document).iter().for_each(|remark| session.output.annotate(remark));
    }
    let changes = plan.has_changes();
    let saved = args.out.is_some().then(|| {
        let now = jiff::Timestamp::now();
        SavedPlan::new(plan, options.bucket_data, options.delete_consumers, options.selection, now)
    });
    Ok((changes, saved))
}

/// The command that carries a saved plan out: it reads the same files.
fn saved_command(globals: &Globals, plan: &Path) -> String {
    let piped = piped::is_meant(&globals.file);
    let mut words = vec![if piped { "… | pipectl apply" } else { "pipectl apply" }.to_owned()];
    if globals.file != Path::new(DEFAULT_PIPELINE) {
        words.push(format!("-f {}", globals.file.display()));
    }
    words.extend(globals.pipeline.iter().map(|name| format!("--pipeline {name}")));
    words.extend(globals.overlay.iter().map(|file| format!("--overlay {}", file.display())));
    words.extend(globals.var_file.iter().map(|file| format!("--var-file {}", file.display())));
    // A value may be a secret, and who gave it has it.
    let names = globals.var.iter().map(|var| var.split('=').next().unwrap_or_default());
    words.extend(names.map(|name| format!("--var {name}=…")));
    words.push(plan.display().to_string());
    words.join(" ")
}

fn show(args: &Args, session: &Session, plan: &Plan) -> Result<(), CommandError> {
    let (price, notice) = args.pricing.of(plan)?;
    match args.format {
        _ if session.output.is_json() => {}
        Format::Text | Format::Github => {
            session.output.prose(render::plan::plan(plan));
            if let Some(text) = render::price::text(&price, plan, notice.as_deref()) {
                session.output.prose(text);
            }
        }
        Format::Json => {
            let mut document = render::plan::document(plan);
            document["price"] = serde_json::json!(price);
            session.output.data(serde_json::to_string_pretty(&document).unwrap_or_default());
        }
        Format::Markdown => {
            let price = render::price::markdown(&price, plan, notice.as_deref());
            session.output.data(render::markdown::plan(plan) + &price);
        }
    }
    render::plan::events(&session.output, plan);
    session.output.event(&Line::Price(&price));
    Ok(())
}
