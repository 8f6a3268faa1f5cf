//! The HTTP server: connections in, one handler per request, everything bounded.
//!
//! HTTP/1 and HTTP/2 without TLS on one port. At most [`MAX_CONNECTIONS`] connections are open. A client that asks
//! nothing for [`IDLE`], does not get its request said in that time, or takes nothing of its answer, is let go. When
//! all places are taken, or the system has no file descriptors left, connections that have been idle for [`SPARE`] make
//! room for those that wait in the kernel's queue: idle clients, however many, keep nobody from being answered.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::activity::Activity;
use super::body::{Body, BodyError, Closed};
use super::outgoing::Outgoing;
use crate::endpoint::SHUTDOWN_LIMIT;

/// Connections served at a time.
pub(super) const MAX_CONNECTIONS: usize = 4096;

/// How long a connection may do nothing, or wait for the head of its next request.
const IDLE: Duration = Duration::from_secs(60);

/// How long a connection may do nothing while others wait for a place.
const SPARE: Duration = Duration::from_secs(1);

/// Pause after the system refused a connection (out of file descriptors, mostly), instead of asking again at once.
const REFUSED_PAUSE: Duration = Duration::from_millis(50);

/// How many connections there may be, and how patient the server is with them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    connections: usize,
    idle: Duration,
    spare: Duration,
    /// How long those under way have at the end.
    ending: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connections: MAX_CONNECTIONS, idle: IDLE, spare: SPARE, ending: SHUTDOWN_LIMIT }
    }
}

/// Answers requests on `listener` until `stop` is cancelled, then finishes those under way and returns. What is not done
/// in time by then is given up.
pub(crate) async fn serve<H, F>(
    listener: TcpListener,
    stop: CancellationToken,
    patience: Patience,
    handler: H,
) where
    H: Fn(http::Request<Body>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<http::Response<Body>, Closed>> + Send + 'static,
{
    let places = Arc::new(Semaphore::new(patience.connections));
    let crowded = Arc::new(Notify::new());
    let connections = TaskTracker::new();
    let over = CancellationToken::new();
    // Also where this is given up itself.
    let _over = over.clone().drop_guard();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accept(&listener, &places, &crowded) => accepted,
        };
        let (stream, place) = accepted;
        let guest = Guest { stop: stop.clone(), crowded: Arc::clone(&crowded), patience };
        let (handler, over) = (handler.clone(), over.clone());
        connections.spawn(async move {
            if let Err(cause) = stream.set_nodelay(true) {
                tracing::trace!(%cause, "TCP_NODELAY was not set");
            }
            tokio::select! {
                () = guest.serve(stream, handler) => {}
                () = over.cancelled() => {}
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(patience.ending, connections.wait()).await.is_err() {
        tracing::warn!("requests still run after the shutdown's limit");
        over.cancel();
        connections.wait().await;
    }
}

/// The next connection and its place. While there is none, those who do nothing are told.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    crowded: &Notify,
) -> (TcpStream, OwnedSemaphorePermit) {
    loop {
        let place = tokio::time::timeout(REFUSED_PAUSE, Arc::clone(places).acquire_owned()).await;
        let Ok(Ok(place)) = place else {
            crowded.notify_waiters();
            continue;
        };
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            Err(cause) => {
                tracing::debug!(%cause, "a connection was not accepted");
                crowded.notify_waiters();
                tokio::time::sleep(REFUSED_PAUSE).await;
            }
        }
    }
}

/// What one connection needs to know of the others.
struct Guest {
    stop: CancellationToken,
    crowded: Arc<Notify>,
    patience: Patience,
}

impl Guest {
    async fn serve<S, H, F>(&self, stream: S, handler: H)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        H: Fn(http::Request<Body>) -> F + Send + 'static,
        F: Future<Output = Result<http::Response<Body>, Closed>> + Send + 'static,
    {
        let activity = Activity::new();
        let service = service_fn({
            let activity = Arc::clone(&activity);
            move |request: http::Request<Incoming>| {
                let busy = activity.begin();
                let answer = handler(request.map(|body| body.map_err(boxed).boxed_unsync()));
                // An error is no answer at all: it closes the connection.
                async move { answer.await.map(|response| response.map(|body| busy.until_the_end_of(body))) }
            }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(self.patience.idle);
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(250).max_header_list_size(64 * 1024);
        let stream = TokioIo::new(Outgoing::new(stream, Arc::clone(&activity)));
        let serving = builder.serve_connection(stream, service);
        tokio::pin!(serving);
        let ended = tokio::select! {
            ended = &mut serving => ended,
            () = self.tired_of(&activity) => return,
            () = self.stop.cancelled() => {
                // Whoever has said half a request would have a minute for the rest of it.
                if activity.idle_for().is_some() {
                    return;
                }
                serving.as_mut().graceful_shutdown();
                serving.await
            }
        };
        if let Err(cause) = ended {
            tracing::debug!(%cause, "a connection ended early");
        }
    }

    /// Returns when the connection has done nothing, or its client has taken nothing, for too long.
    async fn tired_of(&self, activity: &Activity) {
        loop {
            let crowded = tokio::time::timeout(self.patience.idle, self.crowded.notified()).await.is_ok();
            let longest = if crowded { self.patience.spare } else { self.patience.idle };
            let is_idle = activity.idle_for().is_some_and(|idle| idle >= longest);
            let is_stuck = activity.stuck_for().is_some_and(|stuck| stuck >= self.patience.idle);
            if is_idle || is_stuck {
                return;
            }
        }
    }
}

fn boxed(cause: hyper::Error) -> BodyError {
    Box::new(cause)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::*;
    use crate::http::full;

    /// A server that answers `ok` to everything, with little patience.
    async fn start(connections: usize, idle: Duration) -> (SocketAddr, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let spare = Duration::from_millis(20);
        let patience = Patience { connections, idle, spare, ..Patience::default() };
        let answer = |_| async { Ok(http::Response::new(full("ok"))) };
        tokio::spawn(serve(listener, stop.clone(), patience, answer));
        (address, stop)
    }

    async fn ask(address: SocketAddr) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    async fn closes(mut stream: TcpStream) {
        let mut rest = Vec::new();
        // A reset closes as well as an end does.
        let _ = stream.read_to_end(&mut rest).await;
    }

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";

    /// A connection to a server that answers with four mebibytes; ends when the server lets it go.
    fn connect(crowded: &Arc<Notify>, stop: &CancellationToken) -> (DuplexStream, JoinHandle<()>) {
        let (client, stream) = tokio::io::duplex(32 * 1024);
        let patience = Patience::default();
        let guest = Guest { stop: stop.clone(), crowded: Arc::clone(crowded), patience };
        let answer = |_| async { Ok(http::Response::new(full(vec![7; 4 << 20]))) };
        (client, tokio::spawn(async move { guest.serve(stream, answer).await }))
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_an_answer_slowly_gets_all_of_it_in_a_crowd_too() {
        let crowded = Arc::new(Notify::new());
        let (mut client, _serving) = connect(&crowded, &CancellationToken::new());
        client.write_all(REQUEST).await.unwrap();
        let (mut received, mut part) = (0, vec![0; 32 * 1024]);
        while received < 4 << 20 {
            tokio::time::sleep(IDLE - SPARE).await;
            crowded.notify_waiters();
            let length = client.read(&mut part).await.unwrap();
            assert!(length > 0, "cut after {received}");
            received += length;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_of_an_answer_is_let_go() {
        let (mut client, serving) = connect(&Arc::default(), &CancellationToken::new());
        client.write_all(REQUEST).await.unwrap();
        let began = Instant::now();
        serving.await.unwrap();
        assert!((IDLE..2 * IDLE + SPARE).contains(&began.elapsed()), "{:?}", began.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_has_said_half_a_request_does_not_hold_up_the_end() {
        for said in ["", "P", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-half", "PRI * HTTP/2.0\r\n"] {
            let stop = CancellationToken::new();
            let (mut client, serving) = connect(&Arc::default(), &stop);
            client.write_all(said.as_bytes()).await.unwrap();
            // In virtual time the server has read it by then.
            tokio::time::sleep(Duration::from_millis(1)).await;
            let began = Instant::now();
            stop.cancel();
            serving.await.unwrap();
            assert_eq!(began.elapsed(), Duration::ZERO, "{said}");
        }
    }

    #[tokio::test]
    async fn a_request_that_does_not_end_in_time_is_given_up_before_the_server_is_gone() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
        let patience = Patience { ending: Duration::from_millis(50), ..Patience::default() };
        let (begun, mut has_begun) = tokio::sync::mpsc::unbounded_channel();
        let world = Arc::new(());
        let weak = Arc::downgrade(&world);
        let handler = move |_| {
            let (begun, world) = (begun.clone(), Arc::clone(&world));
            async move {
                begun.send(()).unwrap();
                let never: http::Response<Body> = std::future::pending().await;
                drop(world);
                Ok(never)
            }
        };
        let serving = tokio::spawn(serve(listener, stop.clone(), patience, handler));
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(REQUEST).await.unwrap();
        has_begun.recv().await.unwrap();
        stop.cancel();
        serving.await.unwrap();
        assert!(weak.upgrade().is_none(), "somebody still works");
    }

    #[tokio::test]
    async fn who_does_not_get_a_request_said_is_let_go() {
        let (address, stop) = start(8, Duration::from_millis(100)).await;
        for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HT", "GET / HTTP/1.1\r\nhost: a\r\nx-half"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said.as_bytes()).await.unwrap();
            closes(stream).await;
        }
        stop.cancel();
    }

    #[tokio::test]
    async fn idle_clients_beyond_the_places_keep_nobody_from_being_answered() {
        let (address, stop) = start(4, Duration::from_secs(3600)).await;
        let mut idlers = Vec::new();
        for _ in 0..20 {
            idlers.push(TcpStream::connect(address).await.unwrap());
        }
        assert!(ask(address).await.ends_with("ok"));
        stop.cancel();
    }
}
