//! `pipectl init`: a pipeline file to start from.

use std::path::{Path, PathBuf};

use pipectl_pipeline::spec::{self, schema};
use pipectl_pipeline::templates::{self, Template};

use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::output::style::{GOOD, NAME, paint};
use crate::output::table::{self, Field};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl init                            the click-stream template, here
  pipectl init clickstream --dir pipelines/clicks
  pipectl init --name shop                the same, for a pipeline of that name
  pipectl init --list                     which templates there are";

/// Write a pipeline file to start from
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The template; see --list
    #[arg(default_value = "clickstream")]
    template: String,

    /// The pipeline's name, which begins the name of everything on AWS; the template's own when left out
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,

    /// Write into this folder, which is made where it is missing
    #[arg(long, value_name = "DIR", default_value = ".")]
    dir: PathBuf,

    /// Leave out the schema, by which an editor completes and checks the file
    #[arg(long)]
    no_schema: bool,

    /// Write over files that are there
    #[arg(long)]
    force: bool,

    /// List the templates
    #[arg(long)]
    list: bool,
}

/// Writes the template's files, none of them over one that is there.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    if args.list {
        list(session);
        return Ok(Exit::Success);
    }
    let template = templates::find(&args.template).ok_or_else(|| {
        let known: Vec<&str> = templates::ALL.iter().map(|template| template.name).collect();
        CommandError::new(Kind::Usage, format!("there is no template `{}`", args.template))
            .hint(format!("there are: {}", known.join(", ")))
            .hint(format!("--name {} is the way to name the pipeline", args.template))
    })?;
    let files = files(template, args);
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists())
        && !args.force
    {
        return Err(CommandError::new(Kind::File, format!("`{}` is there already", there.display()))
            .hint("--force writes over it, --dir writes elsewhere"));
    }
    for (path, text) in &files {
        write(path, text)?;
    }
    let paths: Vec<PathBuf> = files.into_iter().map(|(path, _)| path).collect();
    tell(session, args, &paths);
    Ok(Exit::Success)
}

/// The schema beside a pipeline file.
const SCHEMA: &str = "pipeline.schema.json";

/// What is written where. Each pipeline file says where its schema is, in the words of yaml-language-server.
fn files(template: &Template, args: &Args) -> Vec<(PathBuf, String)> {
    let head =
        if args.no_schema { String::new() } else { format!("# yaml-language-server: $schema={SCHEMA}\n\n") };
    let pipelines = template.files.iter().map(|(file, text)| {
        let text = args.name.as_deref().map_or_else(|| (*text).to_owned(), |name| named(text, name));
        (place(&args.dir, file), format!("{head}{text}"))
    });
    let schema = (!args.no_schema).then(|| (place(&args.dir, SCHEMA), schema::json()));
    pipelines.chain(schema).collect()
}

/// The template with another name in the place of its own.
fn named(text: &str, name: &str) -> String {
    let line = |line: &str| match line.strip_prefix("name: ") {
        Some(rest) => {
            let remark = rest.find("  #").map_or("", |at| &rest[at..]);
            format!("name: {name}{remark}")
        }
        None => line.to_owned(),
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

fn name(text: &str) -> Result<String, String> {
    match spec::name_problem(text) {
        Some(problem) => Err(problem.to_owned()),
        None => Ok(text.to_owned()),
    }
}

/// `./pipeline.yaml` is no way to call a file.
fn place(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |cause| CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(path, text).map_err(failed)
}

fn list(session: &Session) {
    let rows = templates::ALL.iter().map(|template| {
        vec![Field::Plain(template.name.to_owned()), Field::Faint(template.description.to_owned())]
    });
    session.output.data(table::render(&["TEMPLATE", ""], rows));
    for template in templates::ALL {
        session.output.event(&Line::Template { name: template.name, description: template.description });
    }
}

fn tell(session: &Session, args: &Args, paths: &[PathBuf]) {
    for path in paths {
        session.output.note(format!("{} wrote {}", paint(GOOD, "✓"), path.display()));
        session.output.event(&Line::Wrote { file: path });
    }
    let file = match args.dir == Path::new(".") {
        true => String::new(),
        false => format!(" -f {}", paths[0].display()),
    };
    let next = [("validate", "check it"), ("plan", "see what it would create"), ("apply", "create it")];
    for (command, why) in next {
        let command = format!("{:width$}", format!("pipectl {command}{file}"), width = 18 + file.len());
        session.output.note(format!("  {}{why}", paint(NAME, command)));
    }
}
