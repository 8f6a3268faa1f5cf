//! `pipectl fmt`: pipeline files in the one layout, every comment kept.

mod files;

use std::path::{Path, PathBuf};

use pipectl_pipeline::spec::{self, FormatError};

use crate::document;
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::output::words::counted;
use crate::piped;
use crate::render;
use crate::replace;
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl fmt                             pipeline.yaml, in place
  pipectl fmt staging.yaml pipelines/     several files, and every pipeline file of a folder
  pipectl fmt --check                     change nothing, show what would change, exit 2 if anything
  pipectl fmt - < pipeline.yaml           from stdin to stdout, for editors";

/// Lay pipeline files out in the one layout, comments kept
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Files, folders, or - for stdin; the pipeline file where none is named
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Change nothing: show as a diff what would change, and exit with 2 if there is anything
    #[arg(long)]
    check: bool,
}

/// What came of one file.
enum Outcome {
    /// It is laid out already.
    Tidy,
    /// It has another text now, or would have.
    Changed,
    /// It could not be laid out, and is as it was.
    Failed,
}

/// Lays all of them out; a file that is no YAML does not hold up the others.
pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let named = match args.files.is_empty() {
        true => vec![session.globals.file.clone()],
        false => args.files.clone(),
    };
    if named.iter().any(|name| piped::is_meant(name)) {
        return from_stdin(&named, args.check, session);
    }
    let files = files::find(&named)?;
    let (mut changed, mut failed) = (0, 0);
    for file in &files {
        match one(file, args.check, session)? {
            Outcome::Tidy => {}
            Outcome::Changed => changed += 1,
            Outcome::Failed => failed += 1,
        }
    }
    if failed > 0 {
        return Err(CommandError::new(Kind::Invalid, format!("{} left as it was", counted(failed, "file"))));
    }
    let would = if args.check { "would change" } else { "changed" };
    session.output.note(format!("{} of {} {would}", changed, counted(files.len() as u64, "file")));
    Ok(if args.check && changed > 0 { Exit::Changes } else { Exit::Success })
}

fn one(file: &Path, check: bool, session: &Session) -> Result<Outcome, CommandError> {
    let bytes = files::read(file)?;
    let Some(text) = laid_out(file, &bytes, session) else { return Ok(Outcome::Failed) };
    let changes = text.as_bytes() != bytes;
    session.output.event(&Line::Layout { file, changes });
    if !changes {
        return Ok(Outcome::Tidy);
    }
    if check {
        let before = String::from_utf8_lossy(&bytes);
        session.output.data(diff(&file.display().to_string(), &before, &text));
    } else {
        replace::file(file, &text)?;
        session.output.data(file.display().to_string());
    }
    Ok(Outcome::Changed)
}

/// What changes, without the secrets that stand in the file.
fn diff(name: &str, before: &str, after: &str) -> String {
    render::diff::unified(name, &spec::veiled(before), &spec::veiled(after))
}

/// The text in its layout; what keeps it from that is printed.
fn laid_out(file: &Path, bytes: &[u8], session: &Session) -> Option<String> {
    match spec::format(file, bytes) {
        Ok(text) => Some(text),
        Err(FormatError::Refused(found)) => {
            document::show(session, &found);
            None
        }
        Err(flaw @ FormatError::NotTheSame(_)) => {
            session.output.diagnostics(flaw.to_string());
            None
        }
    }
}

fn from_stdin(named: &[PathBuf], check: bool, session: &Session) -> Result<Exit, CommandError> {
    if named.len() > 1 {
        return Err(CommandError::new(Kind::Usage, "`-` stands for stdin, and goes with no other file"));
    }
    let bytes = piped::text(&session.output)?;
    let name = Path::new(piped::NAME);
    let Some(text) = laid_out(name, &bytes, session) else {
        return Err(CommandError::new(Kind::Invalid, "stdin is no pipeline file"));
    };
    let changes = text.as_bytes() != bytes;
    match check {
        true if changes => {
            let before = String::from_utf8_lossy(&bytes);
            session.output.data(diff(piped::NAME, &before, &text));
        }
        true => {}
        false => session.output.raw(text.as_bytes()),
    }
    Ok(if check && changes { Exit::Changes } else { Exit::Success })
}
