//! Starting and stopping the endpoint.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::dice::Dice;
use crate::dispatch;
use crate::hold::TimeHold;
use crate::http::signature::Keys;
use crate::http::{Body, Closed, server};
use crate::layers::{Faults, Layers, NoFaults, Observer, Watcher};
use crate::limits::Limits;
use crate::persist::{DataDirError, Persist};
use crate::timings::Timings;
use crate::world::{Setting, World};

/// The port LocalStack has, and so the one that tools expect.
pub const DEFAULT_PORT: u16 = 4566;

/// How long a shutdown waits for requests and background tasks.
pub(crate) const SHUTDOWN_LIMIT: Duration = Duration::from_secs(10);

/// How to start an endpoint. `Options { bind, ..Options::default() }`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where to listen; loopback only unless told otherwise. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Time added to every call.
    pub latency: Option<Duration>,
    /// Where state may be kept; in memory only without it.
    pub data_dir: Option<PathBuf>,
    /// The region of requests whose signature names none.
    pub region: String,
    /// The account everything belongs to.
    pub account: String,
    /// How long changes take to become effective.
    pub timings: Timings,
    /// Whether throughput, call rates and quotas are enforced.
    pub limits: Limits,
    /// Bytes of stream records held at most. Past it the oldest go before their retention ends, and the log says so.
    pub memory_limit: u64,
    /// Decides over calls before they reach a service, and over what goes wrong inside: a [`FaultPlan`], mostly.
    ///
    /// [`FaultPlan`]: crate::layers::FaultPlan
    pub faults: Option<Arc<dyn Faults>>,
    /// Makes everything random derive from this number: ids, tokens, sequence numbers, names of objects.
    pub seed: Option<u64>,
    /// When time begins; the wall clock's time unless told otherwise.
    pub starts_at: Option<Timestamp>,
    /// Whether requests have to be signed, and right, as AWS asks for. The key `test` has the secret `test`.
    pub verify_signatures: bool,
    /// Further access keys with their secrets, for `verify_signatures`.
    pub access_keys: Vec<(String, String)>,
}

impl Default for Options {
    fn default() -> Self {
        let setting = Setting::default();
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, DEFAULT_PORT)),
            latency: None,
            data_dir: None,
            region: setting.region,
            account: setting.account,
            timings: setting.timings,
            limits: setting.limits,
            memory_limit: setting.memory_limit,
            faults: None,
            seed: None,
            starts_at: None,
            verify_signatures: false,
            access_keys: Vec::new(),
        }
    }
}

/// What answers requests, however they come.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub(crate) world: Arc<World>,
    pub(crate) layers: Arc<Layers>,
}

impl Core {
    /// What a server at this URL answers from.
    fn listening(options: Options, url: String) -> Self {
        Self::new(options, Some(url), TimeHold::default())
    }

    /// What answers without a server, in virtual time where the runtime is paused.
    pub(crate) fn in_process(options: Options) -> Self {
        Self::new(options, None, TimeHold::of_virtual_time())
    }

    fn new(options: Options, endpoint_url: Option<String>, hold: TimeHold) -> Self {
        let faults = options.faults.clone();
        let world = World::new(Setting {
            clock: options.starts_at.map_or_else(Clock::system, Clock::starting_at),
            region: options.region,
            account: options.account,
            data_dir: options.data_dir,
            timings: options.timings,
            limits: options.limits,
            memory_limit: options.memory_limit,
            endpoint_url,
            dice: Dice::new(options.seed),
            hold,
            faults: options.faults.unwrap_or_else(|| Arc::new(NoFaults)),
        });
        let keys = options.verify_signatures.then(|| Keys::new(options.access_keys));
        let layers = Layers { latency: options.latency, faults, keys, ..Layers::default() };
        Self { world, layers: Arc::new(layers) }
    }

    /// Answers a request, or closes its connection.
    pub(crate) async fn handle(&self, request: http::Request<Body>) -> Result<http::Response<Body>, Closed> {
        dispatch::handle(Arc::clone(&self.world), Arc::clone(&self.layers), request).await
    }
}

/// Why an endpoint did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Someone listens there already.
    #[error(
        "port {port} is taken: another program listens on {address} (an endpoint that still runs?); end it, or take \
         another port (0 takes a free one)",
        port = .address.port()
    )]
    PortTaken {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The port needs more rights than this process has.
    #[error(
        "no permission to listen on {address}: ports below 1024 need root; take another port, such as {DEFAULT_PORT}"
    )]
    Forbidden {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The address is not one of this machine's, or the like.
    #[error("cannot listen on {address}; 127.0.0.1:{DEFAULT_PORT} is the usual address")]
    Listen {
        /// Where it was to listen.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The state cannot be brought back.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
}

/// A running endpoint. Dropping it stops it too, without waiting; [`shutdown`](Self::shutdown) waits.
#[derive(Debug)]
pub struct Endpoint {
    address: SocketAddr,
    core: Core,
    stop: CancellationToken,
    serving: Option<JoinHandle<()>>,
}

impl Endpoint {
    /// Starts listening. Requests are answered from when this returns.
    pub async fn start(mut options: Options) -> Result<Self, StartError> {
        let listener = TcpListener::bind(options.bind).await.map_err(|e| listen_error(options.bind, e))?;
        let address = listener.local_addr().map_err(|e| listen_error(options.bind, e))?;
        let persist = options.data_dir.as_deref().map(Persist::open).transpose()?;
        // Under the folder's one name: what is brought back is looked up by its path.
        options.data_dir = persist.as_ref().map(|persist| persist.path().to_owned());
        let core = Core::listening(options, url_of(address));
        if let Some(persist) = persist {
            persist.restore(&core.world).await?;
        }
        let stop = core.world.closing.clone();
        let serving = tokio::spawn({
            let (core, stop) = (core.clone(), stop.clone());
            server::serve(listener, stop, server::Patience::default(), move |request| {
                let core = core.clone();
                async move { core.handle(request).await }
            })
        });
        tracing::info!(%address, "the endpoint listens");
        Ok(Self { address, core, stop, serving: Some(serving) })
    }

    /// What `AWS_ENDPOINT_URL` is to be set to.
    pub fn url(&self) -> String {
        url_of(self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The state behind it, for tests in the same process.
    pub fn world(&self) -> &Arc<World> {
        &self.core.world
    }

    /// What each delivery has done with its records, by name: the answer of `GET /_pipectl/deliveries`.
    pub fn deliveries(&self) -> serde_json::Value {
        crate::firehose::deliveries(&self.core.world)
    }

    /// From now on `observer` sees every mutating request, before and after it has its effect.
    pub fn observe(&self, observer: Observer) {
        self.core.layers.observers.add(observer);
    }

    /// From now on `watcher` sees every request when it was answered.
    pub fn watch(&self, watcher: Watcher) {
        self.core.layers.recent.watch(watcher);
    }

    /// Stops: no new requests, those under way are finished, background tasks and function processes end.
    pub async fn shutdown(mut self) {
        self.stop.cancel();
        if let Some(serving) = self.serving.take()
            && let Err(panic) = serving.await
        {
            tracing::error!(%panic, "the server ended early");
        }
        self.core.world.shutdown(SHUTDOWN_LIMIT).await;
    }
}

impl Drop for Endpoint {
    fn drop(&mut self) {
        self.stop.cancel();
        self.core.world.stopping.cancel();
    }
}

/// How a process of this machine reaches `address`: by the loopback interface when it listens on all of them.
fn url_of(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

fn listen_error(address: SocketAddr, source: io::Error) -> StartError {
    match source.kind() {
        io::ErrorKind::AddrInUse => StartError::PortTaken { address },
        io::ErrorKind::PermissionDenied => StartError::Forbidden { address },
        _ => StartError::Listen { address, source },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn free_port() -> Options {
        Options { bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), ..Options::default() }
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_way_out() {
        let first = Endpoint::start(free_port()).await.unwrap();
        let bind = first.address();
        let error = Endpoint::start(Options { bind, ..Options::default() }).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains(&format!("port {} is taken", bind.port())), "{text}");
        assert!(text.contains("another port"), "{text}");
        first.shutdown().await;
    }

    #[tokio::test]
    async fn after_a_shutdown_the_port_is_free_again() {
        let first = Endpoint::start(free_port()).await.unwrap();
        let bind = first.address();
        first.shutdown().await;
        let second = Endpoint::start(Options { bind, ..Options::default() }).await.unwrap();
        second.shutdown().await;
    }

    #[tokio::test]
    async fn an_endpoint_listens_on_loopback_only_by_default() {
        assert!(Options::default().bind.ip().is_loopback());
    }
}
