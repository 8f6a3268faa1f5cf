//! `pipectl import`: a pipeline file of what runs.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use pipectl_pipeline::import::{Imported, Wanted};

use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::{self, Line};
use crate::output::style::{CHANGE, GOOD, NAME, paint};
use crate::provision;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl import --delivery acme-lake                  prints the file
  pipectl import --stream acme-events --delivery acme-lake --out acme.yaml
  pipectl import --prefix acme- --out acme.yaml
  pipectl import --stream OrdersProd --delivery lake2 --name orders --out orders.yaml
  pipectl import --tag team=growth --name growth --out growth.yaml
  pipectl plan -f acme.yaml --adopt streams --adopt deliveries --adopt buckets";

/// Write a pipeline file of what runs
///
/// What a delivery or a function refers to comes along: streams, functions, buckets. Nothing on AWS is changed. Names may
/// be any: `name` says those that the file would not make. What a file cannot say is a comment in it and a warning; values that look like secrets are not written. `plan --adopt`
/// then shows what taking it over changes.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A Kinesis stream by its name on AWS; may be given several times
    #[arg(long, value_name = "NAME", help_heading = WHAT)]
    stream: Vec<String>,

    /// A Firehose delivery stream, with the stream, the function and the buckets that it uses
    #[arg(long, value_name = "NAME", help_heading = WHAT)]
    delivery: Vec<String>,

    /// A Lambda function, with the stream that it reads
    #[arg(long, value_name = "NAME", help_heading = WHAT)]
    function: Vec<String>,

    /// An S3 bucket, with the functions that it tells
    #[arg(long, value_name = "NAME", help_heading = WHAT)]
    bucket: Vec<String>,

    /// Every stream, delivery and function whose name begins so
    #[arg(long, value_name = "TEXT", help_heading = WHAT)]
    prefix: Option<String>,

    /// Every stream, delivery and function with this tag; given several times, with all of them
    #[arg(long, value_name = "KEY=VALUE", value_parser = tag, help_heading = WHAT)]
    tag: Vec<(String, String)>,

    /// The pipeline's name; without it, what tags say, names have in common, or the first one reads like
    #[arg(long, value_name = "NAME")]
    name: Option<String>,

    /// Write to this file, and packages of functions beside it, instead of printing
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Write over files that are there
    #[arg(long)]
    force: bool,
}

const WHAT: &str = "What to import";

fn tag(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').ok_or("write a tag as key=value")?;
    Ok((pair.0.to_owned(), pair.1.to_owned()))
}

/// Looks, writes, and says what is left to do.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let wanted = Wanted {
        name: args.name.clone(),
        streams: args.stream.clone(),
        functions: args.function.clone(),
        deliveries: args.delivery.clone(),
        buckets: args.bucket.clone(),
        prefix: args.prefix.clone(),
        tags: args.tag.clone(),
    };
    let engine = provision::connect_without_file(session).await?;
    let imported = engine.import(&wanted).await.map_err(provision::failed)?;
    let folder = args.out.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
    let packages: Vec<(PathBuf, &[u8])> = imported
        .packages
        .iter()
        .map(|(path, zip)| (folder.join(path.trim_start_matches("./")), &**zip))
        .collect();
    if !args.force {
        let paths = packages.iter().map(|(path, _)| path.as_path()).chain(args.out.as_deref());
        refuse_to_overwrite(paths)?;
    }
    match &args.out {
        Some(path) => write(session, path, imported.text.as_bytes())?,
        None => session.output.data(imported.text.trim_end()),
    }
    for (path, zip) in packages {
        write(session, &path, zip)?;
    }
    tell(session, args, &imported);
    Ok(Exit::Success)
}

fn refuse_to_overwrite<'a>(mut paths: impl Iterator<Item = &'a Path>) -> Result<(), CommandError> {
    match paths.find(|path| path.exists()) {
        None => Ok(()),
        Some(path) => Err(CommandError::new(Kind::File, format!("`{}` is there already", path.display()))
            .hint("--force writes over it, --out names another file")),
    }
}

fn write(session: &Session, path: &Path, bytes: &[u8]) -> Result<(), CommandError> {
    let failed = |cause| CommandError::wrap(Kind::File, format!("cannot write `{}`", path.display()), cause);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = std::fs::File::create(path).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    session.output.note(format!("{} wrote {}", paint(GOOD, "✓"), path.display()));
    session.output.event(&Line::Wrote { file: path });
    Ok(())
}

/// What the file does not say, and how to go on.
fn tell(session: &Session, args: &Args, imported: &Imported) {
    for warning in &imported.warnings {
        session.output.note(format!("{} {warning}", paint(CHANGE, "warning:")));
    }
    session.output.event(&Line::Imported(lines::Imported {
        pipeline: &imported.name,
        text: &imported.text,
        warnings: &imported.warnings,
        adopt: &imported.adopt,
    }));
    let Some(path) = &args.out else { return };
    let adopt: String = imported.adopt.iter().map(|address| format!(" --adopt {address}")).collect();
    let command = format!("pipectl plan -f {}{adopt}", path.display());
    session.output.note(format!("  {}  see what taking it over would change", paint(NAME, command)));
}
