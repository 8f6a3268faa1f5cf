//! A request's way: route, read, observe, serve, answer.
//!
//! Whatever happens here ends in an answer in AWS's shape: an unknown operation, a body that is no JSON, a panic in a
//! service.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use futures::FutureExt;
use http::header::{DATE, HeaderName};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

use crate::clock::http_date;
use crate::glimpse::{Outcome, Watched};
use crate::http::signature::{self, Dialect};
use crate::http::{
    Answer, AwsError, Body, Closed, Context, JsonCall, Parameters, Protocol, QueryCall, RequestId, RestCall,
    form, full,
};
use crate::layers::{Call, Layers, Moment, Verdict, delay, log};
use crate::route::{Route, Service, query_service};
use crate::world::World;
use crate::{body_limit, cloudwatch, firehose, glimpse, iam, kinesis, lambda, logs, own, resource, s3, sts};

/// A longer name is no operation's; what is asked is remembered, so names have a bound.
const LONGEST_OPERATION: usize = 128;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Base64 of 72 bytes or more, which only AWS can read; ours repeats the first id.
const SECOND_ID: HeaderName = HeaderName::from_static("x-amz-id-2");
const S3_REQUEST_ID: HeaderName = HeaderName::from_static("x-amz-request-id");

/// Answers one request, or closes its connection where a fault plan wants it.
pub(crate) async fn handle(
    world: Arc<World>,
    layers: Arc<Layers>,
    request: http::Request<Body>,
) -> Result<http::Response<Body>, Closed> {
    let trip = Trip { id: RequestId::next(&world.dice), injected: AtomicBool::new(false) };
    let id = trip.id;
    let (parts, body) = request.into_parts();
    let route = Route::of(&parts);
    let mut response = match route {
        Route::Own => own::serve(&world, &layers, &parts).await.into_response(),
        Route::S3 => object(&world, &layers, &trip, http::Request::from_parts(parts, body)).await?,
        route => {
            let limit = body_limit::of(&route, &parts);
            let check = |body: &[u8]| signature::whole(&world, layers.keys.as_ref(), &route, (&parts, body));
            match layers.bodies.read(&parts.headers, body, limit, check).await {
                Ok(body) => structured(&world, &layers, &trip, (route, parts, body)).await?.into_response(),
                Err(error) => protocol_of(&route).error(&error, id).into_response(),
            }
        }
    };
    // From which clients learn how far their clock is off, so it has to be the one that signatures are held against.
    if let Ok(date) = HeaderValue::from_str(&http_date(world.clock.now())) {
        response.headers_mut().insert(DATE, date);
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        if let Ok(second) = HeaderValue::from_str(&BASE64.encode(id.to_string().repeat(2))) {
            response.headers_mut().insert(SECOND_ID, second);
        }
        response.headers_mut().insert(S3_REQUEST_ID, value.clone());
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// One request on its way through.
struct Trip {
    id: RequestId,
    /// Whether a fault plan had its hand in the answer.
    injected: AtomicBool,
}

/// A call whose body was read as a whole.
async fn structured(
    world: &Arc<World>,
    layers: &Layers,
    trip: &Trip,
    (route, parts, body): (Route, Parts, bytes::Bytes),
) -> Result<Answer, Closed> {
    let resource = match route {
        Route::Lambda => glimpse::of_function(&parts.uri),
        _ => glimpse::resource(&body),
    };
    let watched = Watched::begin(world, resource);
    let mut prepared = Prepared::new(route, parts, body, world, trip.id);
    if layers.faults.is_some() {
        prepared.name_resource();
    }
    let called = (prepared.call.service, prepared.call.operation.clone());
    let answer = prepared.run(world, layers, trip).await;
    let outcome = match &answer {
        Ok(answer) => Outcome::Answered(answer.status, glimpse::error(answer, &called.1)),
        Err(Closed) => Outcome::Closed,
    };
    watched.end(world, layers, called, outcome, trip.injected.load(Ordering::Relaxed));
    answer
}

fn protocol_of(route: &Route) -> Protocol {
    match route {
        Route::Structured { protocol, .. } => *protocol,
        Route::Lambda => Protocol::RestJson,
        Route::Query | Route::Own | Route::S3 => Protocol::Query { namespace: Service::Iam.namespace() },
    }
}

/// A call that is ready to be served.
enum Work {
    Json(Service, JsonCall),
    Query(Service, QueryCall),
    Rest(RestCall),
    Refused(AwsError),
}

struct Prepared {
    call: Call,
    protocol: Protocol,
    work: Work,
}

impl Prepared {
    fn new(route: Route, parts: Parts, body: bytes::Bytes, world: &World, id: RequestId) -> Self {
        let context = Context::of(&parts, world, id);
        let protocol = protocol_of(&route);
        match route {
            Route::Structured { operation, .. } if operation.len() > LONGEST_OPERATION => {
                Self::refused(protocol, AwsError::unknown_operation(&beginning(&operation)))
            }
            Route::Structured { service: Some(service), operation, .. } => Self {
                call: Call::new(service, operation.clone(), String::new()),
                protocol,
                work: Work::Json(service, JsonCall::new(context, operation, protocol, body)),
            },
            // AWS has no word for who calls nothing at all.
            Route::Structured { service: None, operation, .. } if operation.is_empty() => {
                Self::refused(protocol, AwsError::bad_request("UnknownOperationException", ""))
            }
            Route::Structured { service: None, operation, .. } => {
                Self::refused(protocol, AwsError::unknown_operation(&operation))
            }
            Route::Lambda => {
                let rest = RestCall::new(context, parts, body);
                let call = Call::new(Service::Lambda, lambda_operation(&rest), resource::of_path(&rest));
                Self { call, protocol, work: Work::Rest(rest) }
            }
            Route::Query | Route::Own | Route::S3 => Self::query(&parts, &body, context),
        }
    }

    fn query(parts: &Parts, body: &[u8], context: Context) -> Self {
        let fallback = Protocol::Query { namespace: Service::Iam.namespace() };
        let parameters = match Parameters::parse(form(parts, body)) {
            Ok(parameters) => parameters,
            Err(error) => return Self::refused(fallback, error),
        };
        let Some(action) = parameters.get("Action").map(str::to_owned) else {
            return Self::refused(
                fallback,
                AwsError::bad_request("MissingAction", "The request has no Action."),
            );
        };
        let service = query_service(&parameters, parts).filter(|_| action.len() <= LONGEST_OPERATION);
        let Some(service) = service else {
            return Self::refused(fallback, invalid_action(&beginning(&action)));
        };
        let namespace = service.namespace();
        Self {
            call: Call::new(service, action.clone(), resource::of_form(&parameters)),
            protocol: Protocol::Query { namespace },
            work: Work::Query(service, QueryCall::new(context, action, parameters, namespace)),
        }
    }

    fn refused(protocol: Protocol, error: AwsError) -> Self {
        let call = Call {
            service: "none",
            operation: error.code.to_string(),
            resource: String::new(),
            mutating: false,
        };
        Self { call, protocol, work: Work::Refused(error) }
    }

    /// Says what a structured call is about, which takes reading its body once more.
    fn name_resource(&mut self) {
        if let Work::Json(_, call) = &self.work {
            self.call.set_resource(resource::of_body(call));
        }
    }

    async fn run(self, world: &Arc<World>, layers: &Layers, trip: &Trip) -> Result<Answer, Closed> {
        let Self { call, protocol, work } = self;
        let result = layered(world, layers, trip, &call, serve(world, work), |result| match result {
            Ok(answer) => answer.status,
            Err(error) => error.status,
        });
        match result.await? {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) | Err(error) => Ok(protocol.error(&in_protocol(protocol, error), trip.id)),
        }
    }
}

async fn serve(world: &Arc<World>, work: Work) -> Result<Answer, AwsError> {
    match work {
        Work::Json(Service::Kinesis, call) => kinesis::serve(world, &call).await,
        Work::Json(Service::Firehose, call) => firehose::serve(world, &call).await,
        Work::Json(Service::Logs, call) => logs::serve(world, &call).await,
        Work::Json(Service::CloudWatch, call) => cloudwatch::serve(world, &call).await,
        Work::Json(_, call) => Err(AwsError::unknown_operation(call.operation())),
        Work::Query(Service::Iam, call) => iam::serve(world, &call).await,
        Work::Query(Service::Sts, call) => sts::serve(world, &call).await,
        Work::Query(_, call) => cloudwatch::serve_query(world, &call).await,
        Work::Rest(call) => lambda::serve(world, &call).await,
        Work::Refused(error) => Err(error),
    }
}

/// S3 reads its body itself, as a stream, and writes its own errors.
async fn object(
    world: &Arc<World>,
    layers: &Layers,
    trip: &Trip,
    mut request: http::Request<Body>,
) -> Result<http::Response<Body>, Closed> {
    if let Err(refusal) = signature::object(world, layers.keys.as_ref(), &mut request) {
        return Ok(s3_error(&refusal.error(Dialect::S3), &refusal.details(), trip.id));
    }
    let watched = Watched::begin(world, glimpse::of_path(request.uri()));
    let bucket = request.uri().path().split('/').nth(1).unwrap_or_default().to_owned();
    let call = Call::new(Service::S3, s3_operation(&request), bucket);
    let serving = s3::serve(world, &layers.bodies, trip.id, request);
    let served = layered(world, layers, trip, &call, serving, http::Response::status).await;
    let outcome = match &served {
        Ok(Ok(response)) => Outcome::Answered(response.status(), None),
        Ok(Err(error)) => Outcome::Answered(error.status, Some(error.code.to_string())),
        Err(Closed) => Outcome::Closed,
    };
    let is_injected = trip.injected.load(Ordering::Relaxed);
    watched.end(world, layers, (call.service, call.operation), outcome, is_injected);
    Ok(served?.unwrap_or_else(|error| s3_error(&error, &[], trip.id)))
}

/// Takes a call through the layers to `serving` and back. The inner error is a layer's, or stands for a panic.
async fn layered<T>(
    world: &World,
    layers: &Layers,
    trip: &Trip,
    call: &Call,
    serving: impl Future<Output = T>,
    status: impl Fn(&T) -> StatusCode,
) -> Result<Result<T, AwsError>, Closed> {
    let started = world.clock.elapsed();
    let passed = AssertUnwindSafe(pass(world, layers, trip, call, serving, &status)).catch_unwind().await;
    let passed = passed.unwrap_or_else(|panic| Err(Stopped::Error(panicked(panic.as_ref()))));
    let answer = match passed {
        Ok(answer) => Ok(answer),
        Err(Stopped::Error(error)) => Err(error),
        Err(Stopped::Closed) => return Err(Closed),
    };
    let code = answer.as_ref().map_or_else(|error| error.status, &status);
    log(call, trip.id, code, world.clock.elapsed().saturating_sub(started));
    Ok(answer)
}

/// Why a call's answer is not its service's.
enum Stopped {
    Error(AwsError),
    Closed,
}

impl From<AwsError> for Stopped {
    fn from(error: AwsError) -> Self {
        Self::Error(error)
    }
}

async fn pass<T>(
    world: &World,
    layers: &Layers,
    trip: &Trip,
    call: &Call,
    serving: impl Future<Output = T>,
    status: impl Fn(&T) -> StatusCode,
) -> Result<T, Stopped> {
    delay(layers.latency).await;
    let verdict =
        layers.faults.as_ref().map_or(Verdict::Proceed, |faults| faults.verdict(call, world.clock.now()));
    trip.injected.store(verdict != Verdict::Proceed, Ordering::Relaxed);
    match verdict {
        Verdict::Refuse(error) => return Err(Stopped::Error(error)),
        Verdict::Close { effect: false, after } => {
            delay(Some(after)).await;
            return Err(Stopped::Closed);
        }
        _ => {}
    }
    layers.observers.tell(call, Moment::Before);
    let served = serving.await;
    if let Some(persist) = world.persist.get()
        && call.mutating
    {
        let kept = persist.after(world, call).await;
        kept.map_err(|error| AwsError::internal(&format!("the data folder cannot be written: {error}")))?;
    }
    layers.observers.tell(call, Moment::After(status(&served).as_u16()));
    match verdict {
        Verdict::LoseAnswer(error) => Err(Stopped::Error(error)),
        Verdict::Close { after, .. } => {
            delay(Some(after)).await;
            Err(Stopped::Closed)
        }
        Verdict::Slow(later) => {
            delay(Some(later)).await;
            Ok(served)
        }
        Verdict::Proceed | Verdict::Refuse(_) => Ok(served),
    }
}

fn panicked(panic: &(dyn std::any::Any + Send)) -> AwsError {
    AwsError::internal(&panic_text(panic))
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a handler panicked".to_owned())
}

/// Query services name some errors differently from JSON services.
fn in_protocol(protocol: Protocol, error: AwsError) -> AwsError {
    let is_query = matches!(protocol, Protocol::Query { .. });
    match &*error.code {
        "UnknownOperationException" if is_query => AwsError { code: "InvalidAction".into(), ..error },
        "ValidationException" if is_query => AwsError { code: "ValidationError".into(), ..error },
        _ => error,
    }
}

/// As much of what should be an operation's name as is told back.
fn beginning(operation: &str) -> String {
    operation.chars().take(LONGEST_OPERATION).collect()
}

fn invalid_action(action: &str) -> AwsError {
    AwsError::bad_request(
        "InvalidAction",
        format!("Could not find operation {action} in any service of this endpoint."),
    )
}

fn s3_error(error: &AwsError, details: &[(&str, String)], id: RequestId) -> http::Response<Body> {
    let code = if error.code == "InternalFailure" { "InternalError" } else { &error.code };
    let message = quick_xml::escape::escape(error.message.as_str());
    let details: String = details
        .iter()
        .map(|(name, value)| format!("<{name}>{}</{name}>", quick_xml::escape::escape(value.as_str())))
        .collect();
    let text = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{message}</Message>{details}<RequestId>{id}</RequestId></Error>"#
    );
    let mut response = http::Response::new(full(text));
    *response.status_mut() = error.status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    response
}

/// The operation's name, as far as method, depth and sub-resource tell: for the log and the observers.
fn s3_operation(request: &http::Request<Body>) -> String {
    let path = request.uri().path().trim_start_matches('/');
    let target = match path.split_once('/') {
        Some((_, key)) if !key.is_empty() => "Object",
        _ if path.is_empty() => "Buckets",
        _ => "Bucket",
    };
    let sub = request.uri().query().unwrap_or_default().split(['&', '=']).next().unwrap_or_default();
    let verb = match (request.method(), target, sub) {
        (&Method::GET, "Buckets", _) => return "ListBuckets".to_owned(),
        (&Method::GET, "Bucket", "list-type" | "prefix" | "") => return "ListObjects".to_owned(),
        (&Method::POST, "Bucket", "delete") => return "DeleteObjects".to_owned(),
        (&Method::PUT, "Bucket", "") => "Create",
        (&Method::PUT, ..) => "Put",
        (&Method::DELETE, ..) => "Delete",
        (&Method::HEAD, ..) => "Head",
        (&Method::POST, ..) => "Post",
        _ => "Get",
    };
    let known =
        ["tagging", "versioning", "policy", "lifecycle", "uploads", "notification", "publicAccessBlock"];
    let suffix = if known.contains(&sub) { sub } else { "" };
    let mut letters = suffix.chars();
    let suffix: String = letters.next().map(|c| c.to_ascii_uppercase()).into_iter().chain(letters).collect();
    format!("{verb}{target}{suffix}")
}

/// As for S3: `POST /2015-03-31/functions` is `CreateFunction`.
fn lambda_operation(call: &RestCall) -> String {
    let segments = call.segments();
    let resource = segments.get(1).map(String::as_str).unwrap_or_default();
    let noun = match resource {
        "functions" => "Function",
        "event-source-mappings" => "EventSourceMapping",
        "tags" => "Tags",
        _ => "Other",
    };
    let sub = segments.get(3).map(String::as_str).unwrap_or_default();
    match (&call.method, sub) {
        (&Method::POST, "invocations") => "Invoke".to_owned(),
        (&Method::GET, _) => format!("Get{noun}"),
        (&Method::POST, "") if resource == "tags" => "TagResource".to_owned(),
        (&Method::POST, "") => format!("Create{noun}"),
        (&Method::POST, "policy") => "AddPermission".to_owned(),
        (&Method::DELETE, _) if resource == "tags" => "UntagResource".to_owned(),
        (&Method::DELETE, "policy") => "RemovePermission".to_owned(),
        (&Method::DELETE, _) => format!("Delete{noun}"),
        (_, "code") => "UpdateFunctionCode".to_owned(),
        (_, "configuration") => "UpdateFunctionConfiguration".to_owned(),
        (&Method::PUT, "concurrency") => "PutFunctionConcurrency".to_owned(),
        _ => format!("Update{noun}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_requests_are_named_after_method_and_path() {
        for (method, uri, name) in [
            ("PUT", "/b", "CreateBucket"),
            ("PUT", "/b?tagging", "PutBucketTagging"),
            ("PUT", "/b/k?x-id=PutObject", "PutObject"),
            ("GET", "/b/k", "GetObject"),
            ("GET", "/b?list-type=2", "ListObjects"),
            ("GET", "/", "ListBuckets"),
            ("DELETE", "/b/", "DeleteBucket"),
            ("POST", "/b?delete", "DeleteObjects"),
        ] {
            let request = http::Request::builder().method(method).uri(uri).body(full("")).unwrap();
            assert_eq!(s3_operation(&request), name, "{method} {uri}");
        }
    }
}
