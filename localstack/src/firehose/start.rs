//! Sets a delivery to work: a new one, or one that is read back from the data folder with what it had not delivered.

use std::sync::Arc;

use super::adapters;
use super::delivery::{Configured, Delivery, MOST_BEHIND, Start};
use super::error::FirehoseError;
use super::ports::Source;
use super::source;
use super::state::Key;
use super::stream::Origin;
use super::transform::event;
use crate::persist::firehose::{Backlog, Ledger, folder_of};
use crate::world::World;

/// Starts the work of a delivery stream. A Kinesis source is read from this moment on, or from where a delivery of an
/// earlier process had delivered everything.
pub(super) fn start(
    world: &Arc<World>,
    key: &Key,
    arn: &str,
    origin: &Origin,
    configured: Configured,
) -> Result<Delivery, FirehoseError> {
    let folder = world.data_dir.as_deref().map(|data_dir| folder_of(data_dir, arn));
    let (known, backlog) = match folder.as_ref().and_then(|folder| world.firehose.take_ledger(folder)) {
        Some((ledger, backlog)) => (Some(ledger), backlog),
        None => (None, Backlog::default()),
    };
    let (reader, kinesis_stream_arn): (Option<Box<dyn Source>>, _) = match origin {
        Origin::DirectPut { .. } => (None, None),
        Origin::Kinesis { stream_arn, .. } => {
            (Some(source::open(world, stream_arn, backlog.place.as_deref())?), Some(stream_arn.clone()))
        }
    };
    let ledger = match (known, folder) {
        (Some(ledger), _) => Some(ledger),
        (None, Some(folder)) => {
            let place = reader.as_ref().and_then(|reader| reader.place());
            let created = Ledger::create(folder, place);
            Some(created.map_err(|error| {
                tracing::error!(delivery = key.name, %error, "the data folder cannot be written");
                FirehoseError::ServiceUnavailable("The data folder cannot be written".to_owned())
            })?)
        }
        (None, None) => None,
    };
    let told =
        event::Source { delivery_stream_arn: arn.to_owned(), kinesis_stream_arn, region: key.region.clone() };
    let start = Start {
        name: key.name.clone(),
        source: told,
        ports: adapters::ports(world, key),
        clock: world.clock,
        dice: world.dice.clone(),
        hold: world.hold.clone(),
        configured,
        reader,
        ledger: ledger.map(Arc::new),
        most_behind: MOST_BEHIND,
        backlog: backlog.chunks,
    };
    Ok(Delivery::start(start, &world.tasks))
}
