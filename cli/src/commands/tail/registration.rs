//! The consumer of enhanced fan-out: registered for the time of a reading, unless it is there already.
//!
//! AWS charges for a consumer by the hour and shard, so one that was registered here is deregistered however the reading
//! ends, save by a kill; the next reading finds that one, and leaves it alone.

use std::sync::Arc;

use pipectl_producer::aws::{ConsumerError, KinesisConsumer};
use pipectl_producer::read::FanOut;
use tokio_util::sync::CancellationToken;

use crate::error::{CommandError, Kind};
use crate::session::Session;
use crate::stream::Stream;

/// A consumer that can be read with.
pub(super) struct Registration {
    consumer: KinesisConsumer,
    keep: bool,
}

impl Registration {
    /// Finds the consumer or registers it, and waits until it is ACTIVE.
    pub(super) async fn begin(
        session: &Session,
        (stream, arn): (&Stream, &str),
        name: &str,
        keep: bool,
        cancel: &CancellationToken,
    ) -> Result<Self, CommandError> {
        let consumer = stream.consumer(arn, name).await.map_err(explain)?;
        let how = if consumer.was_registered() { "registered" } else { "reading as" };
        session.output.note(format!("{how} the consumer {name}"));
        let registration = Registration { consumer, keep };
        let active = tokio::select! {
            active = registration.consumer.active() => active.map_err(explain),
            () = cancel.cancelled() => {
                Err(CommandError::new(Kind::Interrupted, "stopped before the first record"))
            }
        };
        match active {
            Ok(()) => Ok(registration),
            Err(error) => {
                // What went wrong first is what there is to say.
                let _ = registration.end(session).await;
                Err(error)
            }
        }
    }

    /// Opens its subscriptions.
    pub(super) fn fan_out(&self) -> Arc<dyn FanOut> {
        Arc::new(self.consumer.clone())
    }

    /// Deregisters it if it was registered here and is not to be kept.
    pub(super) async fn end(self, session: &Session) -> Result<(), CommandError> {
        if self.keep || !self.consumer.was_registered() {
            return Ok(());
        }
        self.consumer.deregister().await.map_err(|cause| {
            CommandError::new(Kind::Aws, cause).hint("it costs by the hour until it is deregistered")
        })?;
        session.output.note(format!("deregistered the consumer {}", self.consumer.name()));
        Ok(())
    }
}

fn explain(cause: ConsumerError) -> CommandError {
    let is_full =
        matches!(&cause, ConsumerError::Register { error, .. } if &*error.code == "LimitExceededException");
    let error = CommandError::new(Kind::Aws, cause);
    if is_full {
        error.hint("a stream has 20 consumers at most; --fan-out takes the name of one that is there, too")
    } else {
        error
    }
}
