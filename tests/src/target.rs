//! The endpoint a scenario runs on, and what that endpoint is known not to do.
//!
//! `PIPECTL_TEST_ENDPOINT` chooses: `embedded` (the default), `localstack-host`, `docker`, `aws`, or the URL of an
//! endpoint that runs already.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use pipectl_localstack::host::{Host, HostOptions};
use pipectl_localstack::{Endpoint, Options};
use rustix::process::{Pid, test_kill_process};
use tokio::runtime::Runtime;

use crate::aws;

/// The region of all scenarios.
pub const REGION: &str = "eu-west-1";

/// Something AWS does that an endpoint does not. A scenario asks before it expects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Records that a transform drops are delivered all the same.
    KeepsDropped,
    /// Records whose transform failed are delivered as data; nothing is written under the error prefix.
    KeepsFailed,
    /// Objects are never compressed.
    NeverCompresses,
    /// `!{…}` in a prefix is taken literally.
    LiteralPrefixes,
    /// What a producer aggregated is delivered as it is, not taken apart.
    KeepsAggregates,
    /// `DescribeAlarms` fails once there are alarms on an expression: its answer cannot be serialised.
    CannotTellAlarms,
    /// Dashboards have no tags, by which their owner is told.
    NeverTagsDashboards,
    /// A put of 500 records can take longer than a producer waits, which then sends them again.
    SlowPuts,
}

/// What LocalStack 4.14 lacks.
const LOCALSTACK: &[Lack] = &[
    Lack::KeepsDropped,
    Lack::KeepsFailed,
    Lack::NeverCompresses,
    Lack::LiteralPrefixes,
    Lack::KeepsAggregates,
    Lack::CannotTellAlarms,
    Lack::NeverTagsDashboards,
    Lack::SlowPuts,
];

/// An endpoint to run a scenario on.
pub struct Target {
    url: Option<String>,
    lacks: &'static [Lack],
    embedded: Option<Endpoint>,
}

/// The runtime endpoints and SDK calls live on. One for the process, so that a test is a plain function.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: LazyLock<Runtime> =
        LazyLock::new(|| Runtime::new().expect("a runtime needs only threads and sockets"));
    &RUNTIME
}

impl Target {
    /// The endpoint `PIPECTL_TEST_ENDPOINT` names. The embedded one is each test's own; the others are shared.
    ///
    /// # Panics
    ///
    /// When it cannot be started or reached.
    pub fn from_environment() -> Self {
        match std::env::var("PIPECTL_TEST_ENDPOINT").as_deref() {
            Err(_) | Ok("" | "embedded") => Self::embedded(Options::default()),
            Ok("localstack-host") => Self::at(localstack_host(), LOCALSTACK),
            Ok("docker") => Self::at(docker(), LOCALSTACK),
            Ok("aws") => Self { url: None, lacks: &[], embedded: None },
            Ok(url) if url.starts_with("http://") || url.starts_with("https://") => {
                Self::at(url, lacks_of(url))
            }
            Ok(other) => panic!(
                "PIPECTL_TEST_ENDPOINT={other}: say embedded, localstack-host, docker, aws or an http:// address"
            ),
        }
    }

    /// An embedded endpoint on a free port, whatever the environment says.
    ///
    /// # Panics
    ///
    /// When it cannot listen.
    pub fn embedded(options: Options) -> Self {
        let options = Options { bind: ([127, 0, 0, 1], 0).into(), ..options };
        let endpoint =
            runtime().block_on(Endpoint::start(options)).expect("an endpoint starts on a free port");
        Self { url: Some(endpoint.url()), lacks: &[], embedded: Some(endpoint) }
    }

    fn at(url: &str, lacks: &'static [Lack]) -> Self {
        Self { url: Some(url.trim_end_matches('/').to_owned()), lacks, embedded: None }
    }

    /// Its address; `None` is AWS itself.
    pub fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }

    /// Whether it is known not to do this.
    pub fn lacks(&self, lack: Lack) -> bool {
        self.lacks.contains(&lack)
    }

    /// The endpoint in this process.
    ///
    /// # Panics
    ///
    /// When the target is another.
    pub fn endpoint(&self) -> &Endpoint {
        self.embedded.as_ref().expect("the target is embedded")
    }

    /// Clients that look at it from outside.
    pub fn clients(&self) -> aws::Clients {
        runtime().block_on(aws::Clients::connect(self.url(), REGION))
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(endpoint) = self.embedded.take() {
            runtime().block_on(endpoint.shutdown());
        }
    }
}

/// What an endpoint that says who it is lacks.
fn lacks_of(url: &str) -> &'static [Lack] {
    let address = url.trim_start_matches("http://").trim_end_matches('/');
    let health = runtime().block_on(aws::health(address)).unwrap_or_default();
    if health.contains("\"pipectl\"") || !health.contains("\"edition\"") { &[] } else { LOCALSTACK }
}

/// One LocalStack for all tests of a process. It ends with the process, and says where it is when it starts.
fn localstack_host() -> &'static str {
    static HOST: OnceLock<(String, Host)> = OnceLock::new();
    let (url, _) = HOST.get_or_init(|| {
        let options = HostOptions {
            port: 0,
            folder: Some(state_folder()),
            ready_within: Duration::from_mins(3),
            on_progress: Arc::new(|_| {}),
            ..HostOptions::default()
        };
        let host = runtime().block_on(Host::start(options));
        let host = host.unwrap_or_else(|error| panic!("{error}"));
        (host.url(), host)
    });
    url
}

/// Below the target folder: a test process cannot remove what its LocalStack still writes to, the next one can.
fn state_folder() -> PathBuf {
    let folders = crate::binary::profile_folder().join("localstack");
    for folder in fs::read_dir(&folders).into_iter().flatten().flatten() {
        let id = folder.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw);
        if id.is_some_and(|id| test_kill_process(id).is_err()) {
            // Someone else may be at it too: what matters is that it goes.
            let _ = fs::remove_dir_all(folder.path());
        }
    }
    folders.join(std::process::id().to_string())
}

#[cfg(feature = "docker")]
fn docker() -> &'static str {
    use pipectl_localstack::docker::Docker;

    static DOCKER: OnceLock<(String, Docker)> = OnceLock::new();
    let (url, _) = DOCKER.get_or_init(|| {
        let docker = runtime().block_on(Docker::start()).unwrap_or_else(|error| panic!("{error}"));
        (docker.url(), docker)
    });
    url
}

#[cfg(not(feature = "docker"))]
fn docker() -> &'static str {
    panic!("PIPECTL_TEST_ENDPOINT=docker needs `--features docker`")
}
