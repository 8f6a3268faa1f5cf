//! `pipectl produce`: put records into a stream, and account for every one of them.

use std::io::BufRead;
use std::path::{Path, PathBuf};

use pipectl_producer::generate::ClickStream;
use pipectl_producer::input::{Input, KeySource, MissingKey, Options, open_file, open_stdin};

use crate::error::{CommandError, Exit, Kind};
use crate::feeding::{self, Fed};
use crate::interrupt;
use crate::output::words::{counted, grouped};
use crate::render;
use crate::session::Session;
use crate::stream::{Named, Stream};

const EXAMPLES: &str = "\
Examples:
  pipectl produce events --file access.log.gz
  tail -f access.log | pipectl produce events
  pipectl produce events --file orders.ndjson --key user_id
  pipectl produce events --generate clickstream --count 100000 --seed 7
  pipectl produce --stream other-stream --file lines.txt";

/// Put records into a stream: lines of a file, of stdin, or generated ones
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    stream: Named,

    /// Read lines from this file, gzip or not; `-` or nothing is stdin
    #[arg(long, value_name = "PATH", conflicts_with = "generate", help_heading = "Input")]
    file: Option<PathBuf>,

    /// Make records up
    #[arg(long, value_name = "KIND", help_heading = "Input")]
    generate: Option<Generator>,

    /// How many records to make up
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "generate", help_heading = "Input")]
    count: u64,

    /// The same seed makes the same records
    #[arg(long, value_name = "N", requires = "generate", help_heading = "Input")]
    seed: Option<u64>,

    /// Take the partition key from this field of JSON records; otherwise it is random
    #[arg(long, value_name = "FIELD", conflicts_with = "generate", help_heading = "Input")]
    key: Option<String>,
}

/// What can be made up.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Generator {
    /// A web shop's clicks, one JSON object a line
    Clickstream,
}

/// Finds the stream, feeds it, accounts for every record. Only "all delivered" is a success.
pub(crate) async fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    if args.generate.is_none() && args.file.is_none() && session.output.can_ask() {
        session.output.note("reading lines from the terminal; Ctrl-D ends them");
    }
    let file = match &args.file {
        Some(path) if path.as_os_str() != "-" => Some(open(path)?),
        _ => None,
    };
    let stream = Stream::find(session, &args.stream).await?;
    let cancel = interrupt::listen(&session.output, "finishing what is under way");
    let sink = stream.sink();
    let fed = match args.generate {
        Some(Generator::Clickstream) => {
            let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
            let records = usize::try_from(args.count).unwrap_or(usize::MAX);
            let input = ClickStream::new(seed, jiff::Timestamp::now()).entries().take(records);
            feeding::run(&session.output, sink, input, Some(args.count), &cancel).await
        }
        None => {
            let (name, reader) = match file {
                Some(reader) => (args.file.unwrap_or_default().display().to_string(), reader),
                None => {
                    let reader = tokio::select! {
                        reader = stdin() => reader?,
                        () = cancel.cancelled() => {
                            return Err(CommandError::new(Kind::Interrupted, "stopped before the first record"));
                        }
                    };
                    ("standard input".to_owned(), reader)
                }
            };
            let input = Input::new(name, reader, &Options { key: key(args.key), ..Options::default() });
            feeding::run(&session.output, sink, input, None, &cancel).await
        }
    };
    finish(session, &stream.name, fed)
}

fn open(path: &Path) -> Result<Box<dyn BufRead + Send>, CommandError> {
    open_file(path).map_err(|cause| {
        CommandError::new(Kind::File, cause).hint("--file takes a path; `-` or nothing reads standard input")
    })
}

/// Waits for the first bytes off the runtime, so that Ctrl-C works meanwhile.
async fn stdin() -> Result<Box<dyn BufRead + Send>, CommandError> {
    let opened = tokio::task::spawn_blocking(open_stdin).await;
    opened
        .map_err(|cause| CommandError::wrap(Kind::File, "cannot read standard input", cause))?
        .map_err(|cause| CommandError::new(Kind::File, cause))
}

fn key(field: Option<String>) -> KeySource {
    match field {
        Some(path) => KeySource::Field { path, missing: MissingKey::Refuse },
        None => KeySource::Random,
    }
}

fn finish(session: &Session, stream: &str, fed: Fed) -> Result<Exit, CommandError> {
    let account = fed.account;
    session.output.data(render::account::text(stream, &account, &fed.reasons));
    session.output.event("account", &render::account::json(stream, &account, &fed.reasons));
    let lost = account.put - account.delivered;
    match fed.stopped {
        Some(stopped) => Err(stopped.hint(format!(
            "{} were delivered; the account above says what became of the rest",
            counted(account.delivered, "record")
        ))),
        None if lost > 0 => Err(CommandError::new(
            Kind::Undelivered,
            format!("{} of {} not delivered", grouped(lost), counted(account.put, "record")),
        )),
        None => Ok(Exit::Success),
    }
}
