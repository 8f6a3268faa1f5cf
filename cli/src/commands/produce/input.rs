//! What is put: which lines or made-up records, how many of them, and under which keys.

use std::path::PathBuf;
use std::time::Duration;

use pipectl_producer::feed::{Entry, Tempo};
use pipectl_producer::generate::{self, Kind as Made, Origin};
use pipectl_producer::input::{Files, InputError, KeySource, MissingKey, Options, Source};

use super::pace;
use crate::error::{CommandError, Kind};
use crate::piped;
use crate::session::Session;

const HEADING: &str = "Input";

/// How many records are made up where nobody says how many or how long.
const MADE_UP: u64 = 1000;

/// Which records.
#[derive(clap::Args, Debug)]
#[group(skip)]
pub(super) struct Args {
    /// Read lines from these files, gzip or not; `-` or nothing is stdin
    #[arg(long, value_name = "PATH", num_args = 1.., conflicts_with = "generate", help_heading = HEADING)]
    file: Vec<PathBuf>,

    /// Make records up
    #[arg(long, value_name = "KIND", help_heading = HEADING)]
    generate: Option<Generator>,

    /// End after this many records; 1000 where they are made up and nothing else ends them
    #[arg(long, value_name = "N", alias = "count", help_heading = HEADING)]
    records: Option<u64>,

    /// The same seed makes the same records, from the same --start; of lines, the same random keys
    #[arg(long, value_name = "N", help_heading = HEADING)]
    seed: Option<u64>,

    /// When the first made-up event happens (RFC 3339); now, if left out
    #[arg(long, value_name = "TIME", requires = "generate", help_heading = HEADING)]
    start: Option<jiff::Timestamp>,

    /// Take the partition key from this field of JSON lines (`user.id`, `/user/id`); otherwise it is random
    #[arg(long, value_name = "FIELD", alias = "key", conflicts_with = "generate", value_parser = field)]
    #[arg(help_heading = HEADING)]
    key_field: Option<String>,

    /// Take the explicit hash key, a number up to 2^128 - 1, from this field of JSON lines
    #[arg(long, value_name = "FIELD", conflicts_with = "generate", value_parser = field, help_heading = HEADING)]
    hash_key_field: Option<String>,
}

/// What can be made up.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Generator {
    /// A web shop's clicks, sessions in order
    #[value(alias = "clickstream")]
    Clicks,
    /// Changes of database rows in Debezium's envelope, a snapshot first
    Cdc,
    /// Readings of devices, some late and some lost
    Devices,
}

fn field(text: &str) -> Result<String, String> {
    match text.trim_matches(['.', '/']) {
        "" => Err("name a field, such as user_id, user.id or /user/id".to_owned()),
        _ => Ok(text.to_owned()),
    }
}

/// The records to put.
pub(super) struct Opened {
    /// One after the other.
    pub(super) entries: Box<dyn Iterator<Item = Result<Entry, InputError>> + Send>,
    /// How many there will be, where that is known.
    pub(super) total: Option<u64>,
}

/// What was asked for and can be had, before the stream is known that it goes to.
pub(super) enum Wanted {
    /// So many made-up records, or as many as there is time for.
    Made { kind: Made, origin: Origin, total: Option<u64> },
    /// The lines of these, or the first of them.
    Lines { sources: Vec<Source>, options: Options, most: Option<u64> },
}

impl Wanted {
    /// Looks for what was asked for. What is not there is an error now, and not half way.
    pub(super) fn of(
        args: &Args,
        pace: &pace::Args,
        tempo: Option<&Tempo>,
        session: &Session,
    ) -> Result<Self, CommandError> {
        let in_time = tempo.and_then(Tempo::records);
        match args.generate {
            Some(generator) => {
                let by_time = pace.duration.is_some() || in_time.is_some();
                let most = args.records.or((!by_time).then_some(MADE_UP));
                let total = most.into_iter().chain(in_time).min();
                Ok(Self::Made { kind: generator.kind(), origin: args.origin(pace, tempo), total })
            }
            None => {
                let (sources, options) = (args.sources(session)?, args.options());
                Ok(Self::Lines { sources, options, most: args.records })
            }
        }
    }

    /// Whether nothing but time ends it.
    pub(super) fn is_endless(&self) -> bool {
        matches!(self, Self::Made { total: None, .. })
    }

    /// The records, for a stream that takes so many bytes of each.
    pub(super) fn open(self, max_record_bytes: usize) -> Opened {
        match self {
            Self::Made { kind, origin, total } => {
                let entries = generate::records(kind, origin).map(|record| Ok(Entry::Record(record)));
                Opened { entries: limited(entries, total), total }
            }
            Self::Lines { sources, options, most } => {
                let options = Options { max_line: max_record_bytes, ..options };
                Opened { entries: limited(Files::new(sources, &options), most), total: most }
            }
        }
    }
}

fn limited(
    entries: impl Iterator<Item = Result<Entry, InputError>> + Send + 'static,
    most: Option<u64>,
) -> Box<dyn Iterator<Item = Result<Entry, InputError>> + Send> {
    match most {
        Some(most) => Box::new(entries.take(usize::try_from(most).unwrap_or(usize::MAX))),
        None => Box::new(entries),
    }
}

impl Args {
    fn sources(&self, session: &Session) -> Result<Vec<Source>, CommandError> {
        if self.file.is_empty() && session.output.can_ask() {
            session.output.note("reading lines from the terminal; Ctrl-D ends them");
        }
        let source = |path: &PathBuf| match path.as_os_str() == "-" {
            true => Source::Stdin,
            false => Source::File(path.clone()),
        };
        let sources: Vec<Source> = match self.file.as_slice() {
            [] => vec![Source::Stdin],
            files => files.iter().map(source).collect(),
        };
        if sources.iter().any(|source| matches!(source, Source::Stdin)) {
            let way_out = "name the lines with --file PATH, the pipeline file with -f FILE, or the stream with --stream NAME";
            piped::leave_alone(&session.globals, "the records cannot come from there as well", way_out)?;
        }
        for source in &sources {
            source.check().map_err(|cause| {
                CommandError::new(Kind::File, cause)
                    .hint("--file takes paths, all that follow it: the stream's name goes before it")
            })?;
        }
        Ok(sources)
    }

    fn options(&self) -> Options {
        let key = match &self.key_field {
            Some(path) => KeySource::Field { path: path.clone(), missing: MissingKey::Refuse },
            None => KeySource::Random,
        };
        Options { key, hash_key: self.hash_key_field.clone(), seed: self.seed, ..Options::default() }
    }

    /// Events are as far apart as the records that tell of them, where that is known.
    fn origin(&self, pace: &pace::Args, tempo: Option<&Tempo>) -> Origin {
        let steady = pace.rate.map(pace::Rate::interval);
        let over_all = tempo.and_then(Tempo::mean_interval);
        Origin {
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..)),
            start: self.start.unwrap_or_else(jiff::Timestamp::now),
            interval: over_all.or(steady).filter(|interval| *interval > Duration::ZERO),
        }
    }
}

impl Generator {
    fn kind(self) -> Made {
        match self {
            Generator::Clicks => Made::Clicks,
            Generator::Cdc => Made::Cdc,
            Generator::Devices => Made::Devices,
        }
    }
}
