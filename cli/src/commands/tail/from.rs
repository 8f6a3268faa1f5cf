//! Where `tail` starts: at a point of the stream, or where a checkpoint says.

use std::time::Duration;

use jiff::Timestamp;
use pipectl_producer::read::{CheckpointFile, Start};
use pipectl_shards::ShardId;

use super::keeper::problem;
use crate::error::{CommandError, Kind};
use crate::session::Session;

/// How far ahead of this machine's clock a start may lie: AWS's clock is another.
const CLOCKS_APART: Duration = Duration::from_secs(30);

/// Where to start reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    /// Records that arrive from now on.
    Latest,
    /// The oldest record there is.
    TrimHorizon,
    /// Records that arrived at or after this time.
    At(Timestamp),
    /// Records that arrived within the last so long.
    Ago(Duration),
    /// After what the checkpoint file says, which has to be there.
    Checkpoint,
}

/// Reads the value of `--from`.
pub(super) fn from(text: &str) -> Result<From, String> {
    match text {
        "latest" => Ok(From::Latest),
        "trim-horizon" => Ok(From::TrimHorizon),
        "checkpoint" => Ok(From::Checkpoint),
        _ => {
            let time = text.parse().map(From::At).ok();
            time.or_else(|| crate::args::duration(text).map(From::Ago).ok()).ok_or_else(|| {
                "write `latest`, `trim-horizon`, `checkpoint`, a time such as 2026-11-21T07:00:00Z, or how long ago, \
                 such as 10m"
                    .to_owned()
            })
        }
    }
}

/// Reads the value of `--shard`: an id, or its number.
pub(super) fn shard(text: &str) -> Result<ShardId, String> {
    if let Ok(number) = text.parse() {
        return Ok(ShardId::new(number));
    }
    text.parse().map_err(|_| "write an id such as shardId-000000000003, or its number".to_owned())
}

impl From {
    /// What can be told to be wrong before anything is called.
    pub(super) fn check(self, has_file: bool) -> Result<(), CommandError> {
        match self {
            From::Checkpoint if !has_file => {
                Err(CommandError::new(Kind::Usage, "--from checkpoint needs --checkpoint FILE"))
            }
            From::At(time) if time > Timestamp::now() + CLOCKS_APART => Err(CommandError::new(
                Kind::Usage,
                format!("--from {time} lies ahead: there is nothing to read yet"),
            )),
            _ => Ok(()),
        }
    }

    /// The start without a checkpoint.
    pub(super) fn start(self) -> Result<Start, CommandError> {
        match self {
            From::Latest | From::Checkpoint => Ok(Start::Latest),
            From::TrimHorizon => Ok(Start::TrimHorizon),
            From::At(time) => Ok(Start::At(time)),
            From::Ago(age) => Timestamp::now()
                .checked_sub(age)
                .map(Start::At)
                .map_err(|cause| CommandError::wrap(Kind::Usage, "--from lies before all time", cause)),
        }
    }

    /// The start with a checkpoint: after what the file says, or where there is none yet, at this point. The latest is
    /// then a time, the same one for this reading and all that go on from it.
    pub(super) fn resume(self, file: &CheckpointFile, session: &Session) -> Result<Start, CommandError> {
        let path = file.path().display();
        match (file.read().map_err(|cause| problem(&cause))?, self) {
            (Some(checkpoint), _) => {
                session.output.note(format!("going on from {path}"));
                Ok(Start::Checkpoint(checkpoint))
            }
            (None, From::Checkpoint) => {
                Err(CommandError::new(Kind::File, format!("there is no checkpoint {path}"))
                    .hint("without --from checkpoint, a reading begins it"))
            }
            (None, From::Latest) => Ok(Start::At(Timestamp::now())),
            (None, from) => from.start(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_is_a_word_a_time_or_an_age() {
        assert_eq!(from("latest"), Ok(From::Latest));
        assert_eq!(from("trim-horizon"), Ok(From::TrimHorizon));
        assert_eq!(from("checkpoint"), Ok(From::Checkpoint));
        assert_eq!(from("10m"), Ok(From::Ago(Duration::from_secs(600))));
        assert_eq!(
            from("1970-01-01T00:01:00Z"),
            Ok(From::At(Timestamp::from_second(60).expect("a minute is in range")))
        );
        assert!(from("yesterday").is_err());
    }

    #[test]
    fn a_shard_is_an_id_or_its_number() {
        assert_eq!(shard("3"), Ok(ShardId::new(3)));
        assert_eq!(shard("shardId-000000000003"), Ok(ShardId::new(3)));
        assert!(shard("three").is_err_and(|said| said.contains("shardId-")));
    }

    #[test]
    fn a_start_that_cannot_be_is_refused_by_name() {
        let said = |from: From| from.check(false).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said(From::Checkpoint).contains("--checkpoint FILE"));
        assert!(said(From::At(Timestamp::MAX)).contains("lies ahead"));
        assert_eq!(said(From::At(Timestamp::now())), "");
        assert!(From::Ago(Duration::MAX).start().is_err());
    }
}
