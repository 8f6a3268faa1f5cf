//! Where Prometheus reads the metrics: a page or two over HTTP/1, for few readers at a time.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ALLOW, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use pipectl_producer::metrics::Registry;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

/// Readers at a time; more of them wait.
const READERS: usize = 16;
/// How long one connection may take, all in all.
const LONGEST: Duration = Duration::from_secs(30);

/// What is read at a path.
pub(crate) struct Page {
    is_well: bool,
    kind: &'static str,
    text: String,
}

impl Page {
    /// The metrics of a registry.
    pub(crate) fn metrics(registry: &Registry) -> Self {
        Self { is_well: true, kind: Registry::CONTENT_TYPE, text: registry.render() }
    }

    /// A few words, with 503 where something is wrong.
    pub(crate) fn text(is_well: bool, text: String) -> Self {
        Self { is_well, kind: "text/plain", text }
    }
}

/// The page of a path, if there is one.
pub(crate) type Pages = Arc<dyn Fn(&str) -> Option<Page> + Send + Sync>;

/// Serves pages until it is dropped.
pub(crate) struct Scrape {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Scrape {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Scrape {
    /// Serves these pages; what is asked of another is told where they are.
    pub(crate) async fn start(
        address: SocketAddr,
        elsewhere: &'static str,
        pages: Pages,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, task: tokio::spawn(serve(listener, elsewhere, pages)) })
    }

    /// Where the pages are.
    pub(crate) fn base(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(listener: TcpListener, elsewhere: &'static str, pages: Pages) {
    let places = Arc::new(Semaphore::new(READERS));
    // It fails only when it is closed, which nobody does.
    while let Ok(place) = Arc::clone(&places).acquire_owned().await {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of file descriptors, for one: it may pass.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let pages = Arc::clone(&pages);
        tokio::spawn(async move {
            let answer = service_fn(|request| {
                let answer = answer(&request, elsewhere, &pages);
                async { Ok::<_, Infallible>(answer) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answer);
            // A reader that goes away or takes too long gets nothing; it comes again.
            let _ = tokio::time::timeout(LONGEST, connection).await;
            drop(place);
        });
    }
}

fn answer(request: &Request<Incoming>, elsewhere: &str, pages: &Pages) -> Response<Full<Bytes>> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let (status, kind, text) = match pages(request.uri().path()) {
        Some(page) if is_read && page.is_well => (StatusCode::OK, page.kind, page.text),
        Some(page) if is_read => (StatusCode::SERVICE_UNAVAILABLE, page.kind, page.text),
        Some(_) => (StatusCode::METHOD_NOT_ALLOWED, "text/plain", "metrics are read, with GET\n".to_owned()),
        None => (StatusCode::NOT_FOUND, "text/plain", elsewhere.to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(kind));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, hyper::header::HeaderValue::from_static("GET, HEAD"));
    }
    response
}
