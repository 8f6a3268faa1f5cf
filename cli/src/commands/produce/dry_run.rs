//! `produce --dry-run`: everything but the sending.

use std::sync::Arc;

use pipectl_producer::feed::Entry;
use pipectl_producer::input::InputError;
use pipectl_producer::rehearsal::Rehearsal;

use crate::error::{CommandError, Exit, Kind};
use crate::feeding::{self, Feeding};
use crate::interrupt;
use crate::output::lines::Line;
use crate::output::words::{counted, grouped};
use crate::render;
use crate::session::Session;
use crate::stream::Stream;

/// Reads everything at once, whatever its pace, and shows what would go where.
pub(super) async fn run(
    session: &Session,
    stream: &Stream,
    entries: impl Iterator<Item = Result<Entry, InputError>> + Send + 'static,
    how: Feeding,
) -> Result<Exit, CommandError> {
    let rehearsal = Rehearsal::of(stream.sink()).await;
    let rehearsal = Arc::new(rehearsal.map_err(|cause| {
        CommandError::wrap(Kind::Aws, format!("cannot list the shards of {}", stream.name), cause)
    })?);
    let cancel = interrupt::listen(&session.output, "stopping");
    let how = Feeding { tempo: None, duration: None, is_paced: false, ..how };
    let fed = feeding::run(&session.output, rehearsal.clone(), entries, how, &cancel).await;
    if let Some(stopped) = fed.stopped {
        return Err(stopped.hint("nothing was sent: this is a dry run"));
    }
    let (account, sums) = (fed.stats.account, rehearsal.sums());
    session.output.data(render::rehearsal::text(&stream.name, &account, &sums));
    session.output.event(&Line::DryRun(render::rehearsal::line(&stream.name, &account, &sums)));
    match account.put - account.delivered {
        0 => Ok(Exit::Success),
        refused => Err(CommandError::new(
            Kind::Undelivered,
            format!("{} of {} cannot be sent", grouped(refused), counted(account.put, "record")),
        )),
    }
}
