//! `DeleteDeliveryStream`: the stream and what it has buffered are gone.

use std::sync::Arc;

use super::super::error::FirehoseError;
use super::super::stream::{Life, Status};
use super::wire::{NameOnly, Nothing};
use crate::http::Context;
use crate::world::World;

/// Deletes a delivery stream and its data: AWS gives no guarantee for what was not written yet.
pub(super) fn delete(
    world: &Arc<World>,
    context: &Context,
    input: NameOnly,
) -> Result<Nothing, FirehoseError> {
    let key = super::key(context, input.delivery_stream_name)?;
    let until = world.clock.elapsed() + world.firehose.transition;
    world.firehose.with(&key, |stream, status| match status {
        Status::Creating => Err(FirehoseError::InUse(format!(
            "Firehose {} under account {} cannot be deleted in CREATING state",
            key.name, context.account
        ))),
        Status::Active => {
            stream.life = Life::Deleting { until };
            if let Some(delivery) = stream.delivery.take() {
                delivery.forget();
            }
            Ok(Nothing {})
        }
        Status::Deleting | Status::Gone => Ok(Nothing {}),
    })
}
