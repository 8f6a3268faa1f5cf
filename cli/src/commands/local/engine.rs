//! What stands in for AWS: started, watched and ended alike.

use std::net::SocketAddr;
use std::sync::Arc;

use pipectl_localstack::host::{Host, HostOptions, Progress};
use pipectl_localstack::persist::DataDirError;
use pipectl_localstack::{Endpoint, FaultPlan, Options, StartError};

use super::{Args, Plan, requests};
use crate::error::{CommandError, Kind};
use crate::output::style::{FAINT, paint};
use crate::session::Session;

/// What stands in for AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// In this process, ready at once, with the limits, the buffers and the metrics of AWS
    Embedded,
    /// LocalStack on this host, without Docker
    Localstack,
    /// LocalStack in a container
    Docker,
}

impl Engine {
    pub(super) fn name(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Localstack => "localstack",
            Engine::Docker => "docker",
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Localstack => "LocalStack on this host",
            Engine::Docker => "LocalStack in Docker",
        }
    }
}

/// A started stand-in for AWS.
pub(super) enum Running {
    Embedded(Endpoint),
    Localstack(Box<Host>),
    #[cfg(feature = "docker")]
    Docker(Box<pipectl_localstack::docker::Docker>),
}

impl Running {
    pub(super) async fn start(args: &Args, plan: Plan, session: &Session) -> Result<Running, CommandError> {
        if args.engine != Engine::Embedded {
            only_embedded(args)?;
        }
        match args.engine {
            Engine::Embedded => embedded(args, plan, session).await.map(Running::Embedded),
            Engine::Localstack => {
                localstack(args, session).await.map(|host| Running::Localstack(Box::new(host)))
            }
            Engine::Docker => docker().await,
        }
    }

    pub(super) fn url(&self) -> String {
        match self {
            Running::Embedded(endpoint) => endpoint.url(),
            Running::Localstack(host) => host.url(),
            #[cfg(feature = "docker")]
            Running::Docker(docker) => docker.url(),
        }
    }

    /// Waits until it ends by itself, which only another process can, and says how.
    pub(super) async fn ended(&mut self) -> String {
        match self {
            Running::Localstack(host) => {
                let how = host.ended().await.map_or_else(String::new, |status| format!(" ({status})"));
                let lines = host.last_lines();
                let lines = if lines.is_empty() { lines } else { format!("; its last lines:\n{lines}") };
                format!("LocalStack ended by itself{how}{lines}")
            }
            Running::Embedded(_) => std::future::pending().await,
            #[cfg(feature = "docker")]
            Running::Docker(_) => std::future::pending().await,
        }
    }

    pub(super) async fn shutdown(self) {
        match self {
            Running::Embedded(endpoint) => endpoint.shutdown().await,
            Running::Localstack(host) => host.shutdown().await,
            #[cfg(feature = "docker")]
            Running::Docker(docker) => drop(docker.shutdown().await),
        }
    }
}

async fn embedded(args: &Args, plan: Plan, session: &Session) -> Result<Endpoint, CommandError> {
    let wanted = &args.embedded;
    let mut options = Options {
        bind: SocketAddr::new(args.address.host, args.address.port),
        latency: wanted.latency,
        data_dir: wanted.data_dir.clone(),
        limits: wanted.limits(),
        verify_signatures: wanted.verify_signatures,
        ..Options::default()
    };
    if let Some((profile, seed)) = plan {
        options.faults = Some(Arc::new(FaultPlan::new(seed, profile)));
    }
    if let Some(region) = &session.globals.region {
        options.region.clone_from(region);
    }
    let endpoint = Endpoint::start(options).await.map_err(|error| {
        let hint = match &error {
            StartError::PortTaken { .. } => Some("`pipectl local --port 0` takes a free port"),
            StartError::DataDir(DataDirError::InUse { .. }) => None,
            StartError::DataDir(_) => Some(
                "--data-dir takes a folder of yours, new or used so before; without it all stays in memory",
            ),
            _ => None,
        };
        let error = CommandError::new(Kind::Local, error);
        hint.into_iter().fold(error, CommandError::hint)
    })?;
    if session.globals.verbose > 0 {
        endpoint.watch(requests::shown_on(&session.output));
    }
    Ok(endpoint)
}

async fn localstack(args: &Args, session: &Session) -> Result<Host, CommandError> {
    let output = Arc::clone(&session.output);
    let on_progress = Arc::new(move |progress| match progress {
        Progress::Setup(line) => output.note(paint(FAINT, line)),
        Progress::Starting(url) => output.note(format!("starting LocalStack on {url}")),
    });
    let options = HostOptions { port: args.address.port, on_progress, ..HostOptions::default() };
    Host::start(options).await.map_err(|error| CommandError::new(Kind::Local, error))
}

#[cfg(feature = "docker")]
async fn docker() -> Result<Running, CommandError> {
    let docker = pipectl_localstack::docker::Docker::start().await;
    docker
        .map(|docker| Running::Docker(Box::new(docker)))
        .map_err(|error| CommandError::new(Kind::Local, error))
}

#[cfg(not(feature = "docker"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn docker() -> Result<Running, CommandError> {
    Err(CommandError::new(Kind::Local, "this pipectl was built without the engine `docker`")
        .hint("build it with `cargo build --release --features docker`")
        .hint("`--engine localstack` runs the same LocalStack without Docker"))
}

/// LocalStack listens where it likes, and has nothing of the rest.
fn only_embedded(args: &Args) -> Result<(), CommandError> {
    let wanted = &args.embedded;
    let given = [
        ("--data-dir", wanted.data_dir.is_some()),
        ("--limits", wanted.limits.is_some()),
        ("--faults", wanted.faults.is_some()),
        ("--verify-signatures", wanted.verify_signatures),
        ("--latency", wanted.latency.is_some()),
        ("--host", !args.address.host.is_loopback()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(CommandError::new(
            Kind::Usage,
            format!("{option} works with the embedded engine, not with {}", args.engine.name()),
        )),
        None => Ok(()),
    }
}
