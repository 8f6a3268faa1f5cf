//! `pipectl tail`: print what arrives in a stream.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use pipectl_producer::read::{ReadRecord, Reader, Settings, Start as Position};

use crate::error::{CommandError, Exit, Kind};
use crate::interrupt;
use crate::output::Output;
use crate::session::Session;
use crate::stream::{Named, Stream};

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
    #[command(flatten)]
    stream: Named,

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

/// Finds the stream and prints its records until the limit, the end or Ctrl-C.
pub(crate) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let stream = Stream::find(session, &args.stream).await?;
    let settings = Settings { start: args.from.position()?, follow: !args.no_follow, ..Settings::default() };
    let cancel = interrupt::listen(&session.output, "ending");
    let mut reader = Reader::start(stream.source(), settings);
    let mut left = args.limit.unwrap_or(u64::MAX);
    while left > 0 && !session.output.is_closed() {
        let next = tokio::select! {
            next = reader.next() => next,
            () = cancel.cancelled() => break,
        };
        let next = next
            .map_err(|cause| CommandError::wrap(Kind::Aws, format!("cannot read {}", stream.name), cause))?;
        let Some(read) = next else { break };
        print(&session.output, &read);
        left -= 1;
    }
    Ok(Exit::Success)
}

/// The record as it is and a line end, or an event with all that is known of it.
fn print(output: &Output, read: &ReadRecord) {
    let record = &read.record;
    if !output.is_json() {
        let mut line = record.data.to_vec();
        if line.last() != Some(&b'\n') {
            line.push(b'\n');
        }
        return output.raw(&line);
    }
    let (text, bytes) = match std::str::from_utf8(&record.data) {
        Ok(text) => (Some(text), None),
        Err(_) => (None, Some(BASE64.encode(&record.data))),
    };
    output.event(
        "record",
        &serde_json::json!({
            "shard": read.shard.to_string(),
            "sequence": record.sequence,
            "time": record.time,
            "partition_key": record.partition_key,
            "data": text,
            "data_base64": bytes,
        }),
    );
}

impl Start {
    fn position(self) -> Result<Position, CommandError> {
        match self {
            Start::Latest => Ok(Position::Latest),
            Start::TrimHorizon => Ok(Position::TrimHorizon),
            Start::At(time) => Ok(Position::At(time)),
            Start::Ago(age) => jiff::Timestamp::now()
                .checked_sub(age)
                .map(Position::At)
                .map_err(|cause| CommandError::wrap(Kind::Usage, "--from lies before all time", cause)),
        }
    }
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
