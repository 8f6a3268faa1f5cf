//! What the page shows, as JSON. Names come as they were given: who shows them escapes them.

use http::StatusCode;
use serde_json::{Value, json};

use super::streams::streams;
use crate::layers::{Layers, Request};
use crate::world::World;

/// `GET /_pipectl/state`.
pub(super) fn state(world: &World, layers: &Layers) -> Value {
    let data_dir = world.data_dir.as_ref().map(|folder| folder.display().to_string());
    json!({
        "version": 1,
        "now": world.clock.epoch_millis(),
        "uptimeSeconds": world.clock.elapsed().as_secs(),
        "endpoint": {
            "version": env!("CARGO_PKG_VERSION"),
            "region": world.region,
            "account": world.account,
            "limits": world.kinesis.terms().limits.enforced(),
            "faults": layers.faults.is_some(),
            "dataDir": data_dir,
        },
        "shardLimits": {
            "bytesPerSecond": pipectl_shards::limits::WRITE_BYTES_PER_SECOND,
            "recordsPerSecond": pipectl_shards::limits::WRITE_RECORDS_PER_SECOND,
        },
        "streams": streams(world),
        "deliveries": world.firehose.overview(),
        "functions": world.lambda.overview(world),
        "buckets": world.s3.overview(),
        "requests": layers.recent.newest_first().iter().map(shown).collect::<Vec<_>>(),
    })
}

fn shown(request: &Request) -> Value {
    json!({
        "at": request.at,
        "service": request.service,
        "operation": request.operation,
        "resource": request.resource,
        "status": request.status,
        "error": request.error,
        "micros": request.micros,
        "mark": mark(request),
    })
}

/// What a reader should notice.
fn mark(request: &Request) -> Option<&'static str> {
    if request.is_injected {
        return Some("fault");
    }
    let is_failure = request.status >= StatusCode::INTERNAL_SERVER_ERROR.as_u16();
    match (request.is_throttled(), is_failure) {
        (true, _) => Some("throttled"),
        (_, true) => Some("failure"),
        _ => None,
    }
}
