//! The HTTP server: connections in, one handler per request, everything bounded.
//!
//! HTTP/1 and HTTP/2 without TLS on one port. At most [`MAX_CONNECTIONS`] connections are open; the next one waits in
//! the kernel's queue until one closes. A client that sends nothing for [`IDLE`] is let go, so it cannot hold a place.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::body::{Body, BodyError, Closed};

/// Connections served at a time.
const MAX_CONNECTIONS: usize = 4096;

/// How long a connection may wait for the head of its next request.
const IDLE: Duration = Duration::from_secs(60);

/// Pause after the system refused a connection (out of file descriptors, mostly), instead of asking again at once.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// Answers requests on `listener` until `stop` is cancelled, then finishes those under way and returns.
pub(crate) async fn serve<H, F>(listener: TcpListener, stop: CancellationToken, handler: H)
where
    H: Fn(http::Request<Body>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<http::Response<Body>, Closed>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let connections = TaskTracker::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { break };
        let stream = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(cause) => {
                    tracing::debug!(%cause, "a connection was not accepted");
                    tokio::time::sleep(REFUSED_PAUSE).await;
                    continue;
                }
            },
        };
        let (stop, handler) = (stop.clone(), handler.clone());
        connections.spawn(async move {
            connection(stream, stop, handler).await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection<H, F>(stream: TcpStream, stop: CancellationToken, handler: H)
where
    H: Fn(http::Request<Body>) -> F + Send + 'static,
    F: Future<Output = Result<http::Response<Body>, Closed>> + Send + 'static,
{
    if let Err(cause) = stream.set_nodelay(true) {
        tracing::trace!(%cause, "TCP_NODELAY was not set");
    }
    let service = service_fn(move |request: http::Request<Incoming>| {
        // An error is no answer at all: it closes the connection.
        handler(request.map(|body| body.map_err(boxed).boxed_unsync()))
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(IDLE);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(250).max_header_list_size(64 * 1024);
    let serving = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(serving);
    let ended = tokio::select! {
        ended = &mut serving => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(cause) = ended {
        tracing::debug!(%cause, "a connection ended early");
    }
}

fn boxed(cause: hyper::Error) -> BodyError {
    Box::new(cause)
}
