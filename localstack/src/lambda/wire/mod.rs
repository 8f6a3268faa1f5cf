//! Lambda's REST protocol: which method and path is which operation. One file per group of operations.

mod aliases;
mod checks;
mod concurrency;
mod create;
mod defaults;
mod delete;
mod event_invoke;
mod invocation;
mod mappings;
mod policy;
mod provisioned;
mod read;
mod shapes;
mod tags;
mod update;
mod versions;

use std::sync::Arc;

use ::http::{Method, StatusCode};
use serde::Serialize;
use uuid::Uuid;

use crate::http::{Answer, AwsError, RestCall};
use crate::world::World;

use super::name::FunctionRef;
use super::state::Location;

/// A call with what every operation needs of it.
#[derive(Clone, Copy)]
struct Request<'a> {
    world: &'a Arc<World>,
    call: &'a RestCall,
}

impl<'a> Request<'a> {
    fn here(&self) -> Location<'a> {
        Location { region: &self.call.context.region, account: &self.call.context.account }
    }

    /// What the next revision of a function is called.
    fn revision(&self) -> Uuid {
        self.world.dice.uuid("revision", self.call.operation())
    }

    /// The function of the path, with the qualifier of the query.
    fn function(&self, name: &str) -> Result<FunctionRef, AwsError> {
        Ok(FunctionRef::parse(name)?.qualified(self.call.query("Qualifier")))
    }

    fn output<T: Serialize>(&self, output: &T) -> Result<Answer, AwsError> {
        self.call.output(output)
    }

    fn created<T: Serialize>(&self, output: &T) -> Result<Answer, AwsError> {
        Ok(self.output(output)?.with_status(StatusCode::CREATED))
    }
}

fn no_content() -> Answer {
    Answer { status: StatusCode::NO_CONTENT, ..Answer::default() }
}

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &RestCall) -> Result<Answer, AwsError> {
    let request = Request { world, call };
    let segments = call.segments();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    match segments.as_slice() {
        [_, "functions"] => match call.method {
            Method::POST => create::create(&request).await,
            _ => read::list(&request),
        },
        [_, "functions", name] => match call.method {
            Method::DELETE => delete::delete(&request, name),
            _ => read::function(&request, name),
        },
        [_, "functions", name, rest @ ..] => function(&request, name, rest).await,
        [_, "tags", arn] => match call.method {
            Method::POST => tags::tag(&request, arn),
            Method::DELETE => tags::untag(&request, arn),
            _ => tags::list(&request, arn),
        },
        [_, "account-settings"] => concurrency::account(&request),
        [_, "event-source-mappings", rest @ ..] => mappings::serve(&request, rest),
        _ => Err(unknown(call)),
    }
}

async fn function(request: &Request<'_>, name: &str, rest: &[&str]) -> Result<Answer, AwsError> {
    let method = &request.call.method;
    match (method, rest) {
        (&Method::POST, ["invocations"]) => invocation::invoke(request, name).await,
        (&Method::GET, ["configuration"]) => read::configuration(request, name),
        (&Method::PUT, ["configuration"]) => update::configuration(request, name),
        (&Method::PUT, ["code"]) => update::code(request, name).await,
        (&Method::GET, ["code", "archive"]) => read::archive(request, name).await,
        (&Method::POST, ["versions"]) => versions::publish(request, name),
        (&Method::GET, ["versions"]) => versions::list(request, name),
        (&Method::POST, ["policy"]) => policy::add(request, name),
        (&Method::GET, ["policy"]) => policy::read(request, name),
        (&Method::DELETE, ["policy", id]) => policy::remove(request, name, id),
        (&Method::PUT, ["concurrency"]) => concurrency::put(request, name),
        (&Method::GET, ["concurrency"]) => concurrency::read(request, name),
        (&Method::DELETE, ["concurrency"]) => concurrency::delete(request, name),
        (_, ["aliases", rest @ ..]) => aliases::serve(request, name, rest),
        (_, ["event-invoke-config", rest @ ..]) => event_invoke::serve(request, name, rest),
        (_, ["provisioned-concurrency"]) => provisioned::serve(request, name),
        _ => defaults::serve(request, name, rest),
    }
}

/// A page of a list: `Marker` is where the page before ended, `MaxItems` how long this one is.
fn page<T>(
    request: &Request<'_>,
    items: impl IntoIterator<Item = (String, T)>,
    most: usize,
) -> (Vec<T>, Option<String>) {
    let limit =
        request.call.query("MaxItems").and_then(|text| text.parse().ok()).unwrap_or(most).clamp(1, most);
    let marker = request.call.query("Marker").unwrap_or_default();
    let mut rest = items.into_iter().filter(|(key, _)| marker.is_empty() || *key > marker);
    let page: Vec<(String, T)> = rest.by_ref().take(limit).collect();
    let next = rest.next().and_then(|_| page.last().map(|(key, _)| key.clone()));
    (page.into_iter().map(|(_, item)| item).collect(), next)
}

fn unknown(call: &RestCall) -> AwsError {
    AwsError::unknown_operation(&format!("{} {}", call.method, call.operation()))
}
