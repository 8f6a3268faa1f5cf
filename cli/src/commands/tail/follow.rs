//! The loop between the reader and the output.
//!
//! **Invariant:** a checkpoint is kept only after all that it covers has been written out, so that a reading killed at
//! any moment repeats records and loses none. Reading is driven by the output: nothing is read while a write waits,
//! save the few pages that the reader holds.

use std::time::Duration;

use pipectl_producer::read::{Event, ReadError, Reader, SourceErrorKind};
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use super::keeper::Keeper;
use super::printer::Printer;
use crate::error::{CommandError, Exit, Kind};
use crate::output::words::counted;

/// After how long a reading that seemed idle, and is not at the tip, is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// One reading.
pub(super) struct Follow {
    /// The stream's name.
    pub(super) stream: String,
    pub(super) reader: Reader,
    pub(super) printer: Printer,
    pub(super) keeper: Keeper,
    pub(super) cancel: CancellationToken,
    pub(super) until_idle: Option<Duration>,
}

impl Follow {
    /// Reads to the end, whichever it is, and keeps the checkpoint there.
    pub(super) async fn run(mut self) -> Result<Exit, CommandError> {
        // Killed before the first record, the next reading begins where this one did.
        self.keeper.keep(self.reader.checkpoint())?;
        let (all_written, ended) = match self.read().await {
            Ok(all_written) => (all_written, Ok(())),
            Err(Failure::Reading(error)) => (true, Err(self.explain(error))),
            Err(Failure::Keeping(error)) => (false, Err(error)),
            Err(Failure::Writing(error)) => {
                (false, Err(CommandError::wrap(Kind::File, "cannot write to standard output", error)))
            }
        };
        let kept = if all_written { self.keeper.keep(self.reader.checkpoint()) } else { Ok(()) };
        ended.and(kept)?;
        match self.printer.damaged() {
            0 => Ok(Exit::Success),
            count => Err(CommandError::new(
                Kind::Invalid,
                format!("{} not shown: each is reported above", counted(count, "damaged aggregate")),
            )
            .hint("without --strict they are shown or dropped by KCL's rules")),
        }
    }

    /// Whether all that was read has been written out.
    async fn read(&mut self) -> Result<bool, Failure> {
        let mut quiet_since = Instant::now();
        while !self.printer.is_done() {
            let event = tokio::select! {
                biased;
                () = self.cancel.cancelled() => break,
                event = next(&mut self.reader, self.until_idle.map(|idle| quiet_since + idle)) => event?,
                () = self.keeper.due() => {
                    self.keeper.keep(self.reader.checkpoint()).map_err(Failure::Keeping)?;
                    continue;
                }
            };
            let Some(event) = event else { break };
            self.printer.take(&event);
            while self.printer.has_room()
                && let Some(event) = self.reader.try_next_event()
            {
                self.printer.take(&event);
            }
            self.printer.flush().map_err(Failure::Writing)?;
            if self.printer.is_closed() {
                return Ok(false);
            }
            self.keeper.keep_when_due(self.reader.checkpoint()).map_err(Failure::Keeping)?;
            quiet_since = Instant::now();
        }
        Ok(true)
    }

    fn explain(&self, error: ReadError) -> CommandError {
        let hint = match &error {
            ReadError::NoSuchShard { there, .. } => {
                let there: Vec<String> = there.iter().take(8).map(ToString::to_string).collect();
                Some(format!("it has {}", there.join(", ")))
            }
            ReadError::ReadShard { error, .. } if error.kind == SourceErrorKind::TakenOver => {
                Some("another reader uses the same consumer; --fan-out takes another name".to_owned())
            }
            _ => None,
        };
        let error = CommandError::wrap(Kind::Aws, format!("cannot read {}", self.stream), error);
        hint.into_iter().fold(error, CommandError::hint)
    }
}

/// What ended the loop before its time.
enum Failure {
    Reading(ReadError),
    Writing(std::io::Error),
    Keeping(CommandError),
}

/// The next event; nothing at the end, or when none has come until the stream counts as idle and the reading has
/// nothing left to catch up with.
async fn next(reader: &mut Reader, idle: Option<Instant>) -> Result<Option<Event>, Failure> {
    let Some(mut idle) = idle else {
        return reader.next_event().await.map_err(Failure::Reading);
    };
    loop {
        match timeout_at(idle, reader.next_event()).await {
            Ok(event) => return event.map_err(Failure::Reading),
            Err(_) if reader.behind().is_zero() => return Ok(None),
            Err(_) => idle = Instant::now() + LOOK_AGAIN,
        }
    }
}
