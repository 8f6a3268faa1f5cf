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

use std::net::{IpAddr, SocketAddr};
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
    if is_foreign(parts) {
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

/// Whether a browser asks for a page that is not this endpoint's own. A browser says where the page is from; who owns
/// that name may have it resolve to this endpoint, so it has to be a name that nobody else can own.
fn is_foreign(parts: &Parts) -> bool {
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).or_else(|| parts.uri.authority().map(http::uri::Authority::as_str));
    header(ORIGIN).is_some_and(|origin| {
        let from = origin.split_once("://").map(|(_, host)| host);
        from.is_none() || from != host || !from.is_some_and(is_nobody_elses)
    })
}

/// Whether a host is an address, or a name that always means this machine.
fn is_nobody_elses(host: &str) -> bool {
    if host.parse::<SocketAddr>().is_ok() || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return true;
    }
    let name = host.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let own = ["localhost", "localhost.localstack.cloud"];
    own.iter().any(|own| name.strip_suffix(own).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

fn said(status: StatusCode, message: &str) -> Answer {
    answer(&json!({ "message": message })).with_status(status)
}

fn answer(value: &Value) -> Answer {
    Answer::new("application/json", value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_endpoints_own_page_may_reset_it_whatever_a_name_resolves_to() {
        let foreign = |host: &str, origin: Option<&str>| {
            let mut request = http::Request::post("/_pipectl/reset").header(HOST, host);
            if let Some(origin) = origin {
                request = request.header(ORIGIN, origin);
            }
            is_foreign(&request.body(()).unwrap().into_parts().0)
        };
        for host in ["127.0.0.1:4566", "[::1]:4566", "[::1]", "192.168.1.5", "localhost:4566", "LOCALHOST"] {
            assert!(!foreign(host, Some(&format!("http://{host}"))), "{host}");
            assert!(foreign(host, Some("http://evil.example")), "{host}");
        }
        assert!(!foreign(
            "s3.localhost.localstack.cloud:4566",
            Some("http://s3.localhost.localstack.cloud:4566")
        ));
        for host in
            ["evil.example:4566", "evillocalhost", "localhost.evil.example:4566", "127.0.0.1.evil.example"]
        {
            assert!(foreign(host, Some(&format!("http://{host}"))), "{host}");
        }
        assert!(foreign("127.0.0.1:4566", Some("null")));
        // No browser: a container asks for another by its name.
        assert!(!foreign("aws:4566", None));
    }
}
