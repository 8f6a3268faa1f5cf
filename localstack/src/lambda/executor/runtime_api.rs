//! The Runtime API of one sandbox: what its process asks for work and answers to.
//!
//! `GET /2018-06-01/runtime/invocation/next` waits until there is an invocation; the answer goes to
//! `…/invocation/<id>/response` or `/error`, a failed start to `/runtime/init/error`. Connections are kept alive and
//! nothing polls.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::{io, mem};

use ::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::lock::Lock;

use super::super::invoke::Event;
use super::failure::MAX_RESPONSE;

const PREFIX: &str = "/2018-06-01/runtime/";
/// Connections a function may keep to its Runtime API.
const MAX_CONNECTIONS: usize = 16;

/// One invocation on its way to the process.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: String,
    pub(super) event: Event,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What the process answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// The function's result.
    Response(Bytes),
    /// The function's error, as the runtime shaped it.
    Error(Bytes),
    /// A result too large to pass on.
    TooLarge,
}

/// How far a process has come.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Start {
    /// It has not asked for work yet.
    Pending,
    /// It has.
    Ready,
    /// It reported that it cannot start, with this payload.
    Failed(Bytes),
}

/// What the connections of one sandbox share.
#[derive(Debug)]
struct Desk {
    inbox: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    current: Lock<Option<(String, oneshot::Sender<Reply>)>>,
    start: watch::Sender<Start>,
}

/// A running Runtime API. Dropping it closes the port and all connections.
#[derive(Debug)]
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) work: mpsc::Sender<Work>,
    pub(super) start: watch::Receiver<Start>,
    serving: JoinHandle<()>,
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl RuntimeApi {
    /// Listens on a free port of the loopback interface.
    pub(super) async fn listen() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (work, inbox) = mpsc::channel(1);
        let (start, started) = watch::channel(Start::Pending);
        let desk = Arc::new(Desk { inbox: tokio::sync::Mutex::new(inbox), current: Lock::default(), start });
        let serving = tokio::spawn(accept(listener, desk));
        Ok(Self { address, work, start: started, serving })
    }
}

async fn accept(listener: TcpListener, desk: Arc<Desk>) {
    // Aborted with this task, so that no connection outlives the sandbox.
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MAX_CONNECTIONS => {
                if let Ok((stream, _)) = accepted {
                    connections.spawn(serve(stream, Arc::clone(&desk)));
                }
            }
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, desk: Arc<Desk>) {
    // Without it each answer waits for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let desk = Arc::clone(&desk);
        async move { Ok::<_, Infallible>(desk.answer(request).await) }
    });
    if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
        tracing::debug!(%error, "a function's connection to its Runtime API broke");
    }
}

impl Desk {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let path = request.uri().path().to_owned();
        let Some(path) = path.strip_prefix(PREFIX) else { return unknown() };
        let segments: Vec<&str> = path.split('/').collect();
        match (request.method(), segments.as_slice()) {
            (&Method::GET, ["invocation", "next"]) => self.next().await,
            (&Method::POST, ["invocation", id, "response"]) => {
                self.finish(id, request, Reply::Response).await
            }
            (&Method::POST, ["invocation", id, "error"]) => self.finish(id, request, Reply::Error).await,
            (&Method::POST, ["init", "error"]) => {
                if let Received::Whole(payload) = receive(request).await {
                    self.start.send_replace(Start::Failed(payload));
                }
                accepted()
            }
            _ => unknown(),
        }
    }

    async fn next(&self) -> Response<Full<Bytes>> {
        self.start.send_if_modified(|start| mem::replace(start, Start::Ready) != Start::Ready);
        // A second `next` waits here until the first has its invocation: one at a time, as on AWS.
        let Some(work) = self.inbox.lock().await.recv().await else {
            return plain(StatusCode::INTERNAL_SERVER_ERROR, "Container.Error", "the sandbox is closing");
        };
        let headers = headers_of(&work);
        *self.current.lock() = Some((work.request_id, work.reply));
        let mut response = Response::new(Full::new(work.event.payload));
        *response.headers_mut() = headers;
        response
    }

    async fn finish(
        &self,
        id: &str,
        request: Request<Incoming>,
        reply: impl FnOnce(Bytes) -> Reply,
    ) -> Response<Full<Bytes>> {
        match receive(request).await {
            Received::Whole(bytes) => self.reply(id, reply(bytes)),
            Received::TooLarge => {
                self.reply(id, Reply::TooLarge);
                let message = format!("Exceeded maximum allowed payload size ({MAX_RESPONSE} bytes).");
                plain(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
            }
            // The process broke off; how it ends says more.
            Received::Broken => plain(StatusCode::BAD_REQUEST, "InvalidRequest", "the body ended early"),
        }
    }

    fn reply(&self, id: &str, reply: Reply) -> Response<Full<Bytes>> {
        let taken = {
            let mut current = self.current.lock();
            if current.as_ref().is_some_and(|(request_id, _)| request_id == id) {
                current.take()
            } else {
                None
            }
        };
        match taken {
            Some((_, waiting)) => {
                // The caller may be gone: its time-out ran out while the answer was on its way.
                let _ = waiting.send(reply);
                accepted()
            }
            None => plain(StatusCode::BAD_REQUEST, "InvalidRequestID", "Invalid request ID"),
        }
    }
}

/// A body from the process.
enum Received {
    Whole(Bytes),
    TooLarge,
    Broken,
}

async fn receive(request: Request<Incoming>) -> Received {
    let mut body = request.into_body();
    let mut whole = BytesMut::new();
    let mut size: usize = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Received::Broken };
        let Ok(data) = frame.into_data() else { continue };
        size = size.saturating_add(data.len());
        // What is too much is read to its end all the same: a client that is still writing would not see the answer.
        if size <= MAX_RESPONSE {
            whole.extend_from_slice(&data);
        }
    }
    if size > MAX_RESPONSE { Received::TooLarge } else { Received::Whole(whole.freeze()) }
}

fn headers_of(work: &Work) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut set = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set("content-type", "application/json");
    set("lambda-runtime-aws-request-id", &work.request_id);
    set("lambda-runtime-deadline-ms", &work.deadline_ms.to_string());
    set("lambda-runtime-invoked-function-arn", &work.function_arn);
    if let Some(context) = &work.event.client_context {
        set("lambda-runtime-client-context", context);
    }
    let hex: String = work.request_id.chars().filter(|c| *c != '-').collect();
    let (time, unique) = hex.split_at(hex.len().min(8));
    set("lambda-runtime-trace-id", &format!("Root=1-{time}-{unique};Sampled=0"));
    headers
}

fn accepted() -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(br#"{"status":"OK"}"#)));
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}

fn plain(status: StatusCode, kind: &str, message: &str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "errorMessage": message, "errorType": kind }).to_string();
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response
}

fn unknown() -> Response<Full<Bytes>> {
    plain(StatusCode::NOT_FOUND, "Runtime.UnknownPath", "404 page not found")
}
