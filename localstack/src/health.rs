//! The endpoint's own routes: its health, in the shape LocalStack answers, and the account of the deliveries.

use http::StatusCode;
use serde_json::json;

use crate::http::Answer;
use crate::route::Service;
use crate::world::World;

/// Answers `/_localstack/…` and `/_pipectl/…`.
pub(crate) fn serve(world: &World, path: &str) -> Answer {
    match path {
        "/_localstack/health" | "/_pipectl/health" => answer(&health()),
        "/_pipectl/deliveries" => answer(&crate::firehose::deliveries(world)),
        _ => answer(&json!({"message": format!("{path} does not exist; try /_localstack/health")}))
            .with_status(StatusCode::NOT_FOUND),
    }
}

fn health() -> serde_json::Value {
    let services: serde_json::Map<String, serde_json::Value> =
        Service::ALL.iter().map(|service| (service.health_name().to_owned(), json!("running"))).collect();
    json!({"services": services, "edition": "pipectl", "version": env!("CARGO_PKG_VERSION")})
}

fn answer(value: &serde_json::Value) -> Answer {
    Answer::new("application/json", value.to_string())
}
