//! `pipectl tail`: print what arrives in a stream.

use crate::error::{CommandError, Exit};
use crate::session::Session;

const EXAMPLES: &str = "\
Examples:
  pipectl tail events                     what arrives from now on
  pipectl tail events --from trim-horizon --no-follow
  pipectl tail events --from 10m --limit 100
  pipectl tail events --from 2026-11-21T07:00:00Z --json";

/// Print the records of a stream, as they arrive or from an earlier point
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The stream's name in the pipeline file; may be left out where there is only one
    #[arg(conflicts_with = "raw")]
    stream: Option<String>,

    /// A stream by its physical name, without a pipeline file
    #[arg(long = "stream", id = "raw", value_name = "NAME")]
    raw: Option<String>,

    /// latest, trim-horizon, a time (RFC 3339), or how long ago (10m)
    #[arg(long, value_name = "WHEN", default_value = "latest", value_parser = start)]
    from: Start,

    /// End after this many records
    #[arg(long, value_name = "N")]
    limit: Option<u64>,

    /// End when the newest record is read
    #[arg(long)]
    no_follow: bool,
}

/// Where to start reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Start {
    /// Records that arrive from now on.
    Latest,
    /// The oldest record there is.
    TrimHorizon,
    /// Records that arrived at or after this time.
    At(jiff::Timestamp),
    /// Records that arrived within the last so long.
    Ago(std::time::Duration),
}

fn start(text: &str) -> Result<Start, String> {
    match text {
        "latest" => Ok(Start::Latest),
        "trim-horizon" => Ok(Start::TrimHorizon),
        _ => {
            let time = text.parse().map(Start::At).ok();
            time.or_else(|| crate::args::duration(text).map(Start::Ago).ok()).ok_or_else(|| {
                "write `latest`, `trim-horizon`, a time such as 2026-11-21T07:00:00Z, or how long ago, such as 10m"
                    .to_owned()
            })
        }
    }
}

/// Not built yet.
pub(crate) async fn run(args: &Args, _session: &Session) -> Result<Exit, CommandError> {
    Err(CommandError::new(crate::error::Kind::Usage, format!("not built yet: {args:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_start_is_a_word_a_time_or_an_age() {
        assert_eq!(start("latest"), Ok(Start::Latest));
        assert_eq!(start("trim-horizon"), Ok(Start::TrimHorizon));
        assert_eq!(start("10m"), Ok(Start::Ago(Duration::from_secs(600))));
        assert_eq!(
            start("1970-01-01T00:01:00Z"),
            Ok(Start::At(jiff::Timestamp::from_second(60).expect("a minute is in range")))
        );
        assert!(start("yesterday").is_err());
    }
}
