//! S3's protocol: requests are freed of signatures and framing (`unsign`), parsed by `s3s`, and answered by one file per
//! group of operations.

mod buckets;
mod checksums;
mod chunked;
mod copies;
mod expiry;
mod host;
mod listings;
mod logging;
mod messages;
mod multipart;
mod notifications;
mod objects;
mod policies;
mod reads;
mod service;
mod settings;
mod translate;
mod unsign;
mod versions;

use std::sync::Arc;

use ::http::{Request, Response, StatusCode};
use futures::future::BoxFuture;
use http_body_util::BodyExt;
use s3s::service::{S3Service, S3ServiceBuilder};

use crate::http::{Body, BodyRoom, Context, RequestId, full};
use crate::world::World;

use super::notification::event::Caller;
use super::state::S3;
pub(in crate::s3) use settings::of_new_bucket;

/// What answers one request: the store, and where the request came in.
#[derive(Debug, Clone)]
struct Wire {
    store: Arc<S3>,
    /// The region the request was signed for.
    region: String,
    account: String,
    /// Who asks.
    caller: Caller,
}

/// Answers one S3 request, path style or with the bucket in the host name; the body has not been read.
pub(crate) async fn serve(
    world: &Arc<World>,
    bodies: &BodyRoom,
    request_id: RequestId,
    request: Request<Body>,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let context = Context::of(&parts, world, request_id);
    let request = match unsign::unsign(parts, body, bodies, world.clock.now()).await {
        Ok(request) => request,
        Err(error) => return answer(error.to_http_response().map_err(|error| error.to_string())),
    };
    let caller = Caller { request_id: Some(context.request_id.to_string()), access_key: context.access_key };
    let (region, account) = (context.region, context.account);
    let wire = Wire { store: Arc::clone(&world.s3), region, account, caller };
    let mut builder = S3ServiceBuilder::new(wire);
    builder.set_host(host::BucketInHost);
    answer(call(builder.build(), request).await)
}

/// Boxed here: the compiler cannot prove the future to be `Send` from where it is awaited.
fn call(
    service: S3Service,
    request: s3s::HttpRequest,
) -> BoxFuture<'static, Result<s3s::HttpResponse, String>> {
    Box::pin(
        async move { service.call(request).await.map_err(|error| s3s::StdError::from(error).to_string()) },
    )
}

fn answer(answered: Result<s3s::HttpResponse, String>) -> Response<Body> {
    match answered {
        Ok(response) if response.status().is_client_error() || response.status().is_server_error() => {
            let (mut parts, body) = response.into_parts();
            let completed = body.bytes().and_then(|document| messages::completed(&document));
            match completed {
                Some(document) => {
                    parts.headers.remove(::http::header::CONTENT_LENGTH);
                    Response::from_parts(parts, full(document))
                }
                None => Response::from_parts(parts, body.boxed_unsync()),
            }
        }
        Ok(response) => response.map(BodyExt::boxed_unsync),
        Err(error) => {
            tracing::error!(error, "an S3 answer could not be written");
            let mut response = Response::new(full(error));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
