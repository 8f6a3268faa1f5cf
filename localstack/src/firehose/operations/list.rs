//! `ListDeliveryStreams`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::error::FirehoseError;
use super::wire::page_size;
use crate::http::Context;
use crate::world::World;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Input {
    limit: Option<i64>,
    delivery_stream_type: Option<String>,
    exclusive_start_delivery_stream_name: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    delivery_stream_names: Vec<String>,
    has_more_delivery_streams: bool,
}

/// Lists the names of a region in order, ten at a time unless told otherwise.
pub(super) fn list(world: &Arc<World>, context: &Context, input: &Input) -> Result<Output, FirehoseError> {
    let limit = page_size(input.limit, 10, 10_000)?;
    let after = input.exclusive_start_delivery_stream_name.as_deref().unwrap_or_default();
    let kind = input.delivery_stream_type.as_deref();
    let mut names: Vec<String> = world.firehose.with_all(|streams| {
        streams
            .iter()
            .filter(|(key, _)| key.region == context.region && key.name.as_str() > after)
            .filter(|(_, stream)| kind.is_none_or(|kind| stream.origin.kind() == kind))
            .map(|(key, _)| key.name.clone())
            .take(limit + 1)
            .collect()
    });
    let has_more_delivery_streams = names.len() > limit;
    names.truncate(limit);
    Ok(Output { delivery_stream_names: names, has_more_delivery_streams })
}
