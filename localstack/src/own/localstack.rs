//! What LocalStack's own tools and test frameworks ask an endpoint for, in the shapes LocalStack answers.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{answer, said};
use crate::http::Answer;
use crate::route::Service;
use crate::world::World;

/// `GET /_localstack/health`.
pub(super) fn health() -> Value {
    let services: Map<String, Value> =
        Service::ALL.iter().map(|service| (service.health_name().to_owned(), json!("running"))).collect();
    json!({"services": services, "edition": "pipectl", "version": env!("CARGO_PKG_VERSION")})
}

/// `GET /_localstack/info`.
pub(super) fn info(world: &World) -> Value {
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "edition": "pipectl",
        "is_license_activated": false,
        "session_id": "",
        "machine_id": "",
        "system": std::env::consts::OS,
        "is_docker": false,
        "server_time_utc": world.clock.now().strftime("%Y-%m-%dT%H:%M:%S").to_string(),
        "uptime": world.clock.elapsed().as_secs(),
    })
}

/// `GET /_localstack/init`: there are no scripts to run, so every stage is done once a request is answered.
pub(super) fn init() -> Value {
    let completed = json!({"BOOT": true, "START": true, "READY": true, "SHUTDOWN": false});
    json!({"completed": completed, "scripts": []})
}

/// `GET /_localstack/init/ready` and its like: one stage.
pub(super) fn stage(path: &str) -> Answer {
    match path.rsplit('/').next() {
        Some("boot" | "start" | "ready") => answer(&json!({"completed": true, "scripts": []})),
        Some("shutdown") => answer(&json!({"completed": false, "scripts": []})),
        _ => said(StatusCode::NOT_FOUND, "no such stage: boot, start, ready or shutdown"),
    }
}
