//! The endpoint's own paths: a page for people, its state for programs, a reset, and what LocalStack's tools ask for.
//!
//! | path | what |
//! |---|---|
//! | `GET /` in a browser, `GET /_pipectl/` | the page |
//! | `GET /_pipectl/state` | what the page shows, as JSON |
//! | `GET /_pipectl/deliveries` | the account of each delivery |
//! | `POST /_pipectl/reset`, `POST /_localstack/state/reset` | empties everything |
//! | `GET /_localstack/health`, `/info`, `/init`, `/init/ready` | as LocalStack answers them |

mod localstack;
mod page;
mod state;
mod streams;

use std::sync::Arc;

use http::header::{HOST, ORIGIN};
use http::request::Parts;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::http::Answer;
use crate::layers::Layers;
use crate::world::World;

/// Answers one request.
pub(crate) async fn serve(world: &Arc<World>, layers: &Layers, parts: &Parts) -> Answer {
    let path = parts.uri.path();
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    match path {
        "/" | "/_pipectl" | "/_pipectl/" if is_read => page::page(),
        "/_localstack/health" | "/_pipectl/health" => answer(&localstack::health()),
        "/_localstack/info" if is_read => answer(&localstack::info(world)),
        "/_localstack/init" if is_read => answer(&localstack::init()),
        _ if is_read && path.starts_with("/_localstack/init/") => localstack::stage(path),
        "/_pipectl/deliveries" if is_read => answer(&crate::firehose::deliveries(world)),
        "/_pipectl/state" if is_read => answer(&state::state(world, layers)),
        "/_pipectl/reset" | "/_localstack/state/reset" if parts.method == Method::POST => {
            reset(world, layers, parts).await
        }
        "/_pipectl/reset" | "/_localstack/state/reset" => {
            said(StatusCode::METHOD_NOT_ALLOWED, "a reset is a POST")
        }
        _ => said(StatusCode::NOT_FOUND, &format!("{path} does not exist; try /_localstack/health")),
    }
}

/// Empties everything. A page of another site that a browser shows must not be able to.
async fn reset(world: &Arc<World>, layers: &Layers, parts: &Parts) -> Answer {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    let is_foreign = header(ORIGIN).is_some_and(|origin| {
        let from = origin.split_once("://").map(|(_, host)| host);
        from.is_none() || from != host
    });
    if is_foreign {
        return said(StatusCode::FORBIDDEN, "another site's page may not reset this endpoint");
    }
    if let Err(error) = world.reset().await {
        return said(
            StatusCode::INTERNAL_SERVER_ERROR,
            &format!("the data folder cannot be emptied: {error}"),
        );
    }
    layers.recent.clear();
    tracing::info!("everything was reset");
    answer(&json!({"reset": true}))
}

fn said(status: StatusCode, message: &str) -> Answer {
    answer(&json!({ "message": message })).with_status(status)
}

fn answer(value: &Value) -> Answer {
    Answer::new("application/json", value.to_string())
}
