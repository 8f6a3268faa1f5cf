//! `pipectl local`: an AWS endpoint on this machine, until Ctrl-C.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pipectl_localstack::host::{Host, HostOptions, Progress};
use pipectl_localstack::{Endpoint, Options, StartError};

use crate::args::duration;
use crate::aws::{LOCAL_KEY, LOCAL_REGION};
use crate::error::{CommandError, Exit, Kind};
use crate::interrupt;
use crate::output::style::{FAINT, GOOD, NAME, paint};
use crate::output::words;
use crate::session::{Session, block_on};

const EXAMPLES: &str = "\
Examples:
  pipectl local                           the embedded endpoint on 127.0.0.1:4566
  pipectl local --port 0 --latency 50ms   any free port, and as far away as a region
  pipectl local --engine localstack       LocalStack itself, on this host
  eval \"$(pipectl local env)\"             then the AWS CLI and SDKs talk to it";

/// Run an AWS endpoint on this machine
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Option<Local>,

    #[command(flatten)]
    address: Address,

    /// What stands in for AWS
    #[arg(long, value_name = "ENGINE", default_value = "embedded")]
    engine: Engine,

    /// Add this to the answer of every call
    #[arg(long, value_name = "TIME", value_parser = duration)]
    latency: Option<Duration>,
}

#[derive(clap::Subcommand, Debug)]
enum Local {
    /// Print the environment that points AWS tools at the endpoint
    #[command(after_help = "Examples:\n  eval \"$(pipectl local env)\"\n  pipectl local env --port 4567")]
    Env(Address),
}

/// Where the endpoint listens.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Address {
    /// The port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    port: u16,

    /// The address to listen on; others than loopback open it to the network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    host: IpAddr,
}

/// What stands in for AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Engine {
    /// In this process, ready at once; with the limits of AWS
    Embedded,
    /// LocalStack on this host, without Docker
    Localstack,
    /// LocalStack in a container
    Docker,
}

/// Serves until Ctrl-C, or prints the environment.
pub(crate) fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    match args.command {
        Some(Local::Env(address)) => {
            session.output.raw(environment(&address, session.globals.region.as_deref()).as_bytes());
            Ok(Exit::Success)
        }
        None => block_on(serve(&args, session)),
    }
}

async fn serve(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let began = Instant::now();
    let stop = interrupt::listen(&session.output, "ending");
    let running = tokio::select! {
        running = Running::start(args, session) => running?,
        () = stop.cancelled() => return Ok(Exit::Success),
    };
    ready(&running, args.engine, began, session);
    stop.cancelled().await;
    running.shutdown().await;
    Ok(Exit::Success)
}

fn ready(running: &Running, engine: Engine, began: Instant, session: &Session) {
    let url = running.url();
    let took = words::duration(began.elapsed());
    let address = match url.rsplit_once(':').map(|(_, port)| port) {
        Some("4566") | None => String::new(),
        Some(port) => format!(" --port {port}"),
    };
    session.output.data(format!(
        "{} AWS on {} {}\n\n  \
         {}   points the AWS CLI and SDKs at it\n  \
         pipectl --endpoint-url {url} apply\n\n\
         Ctrl-C ends it, and what is in it is gone then.",
        paint(GOOD, "✓"),
        paint(NAME, &url),
        paint(FAINT, format!("({}, ready in {took})", engine.words())),
        format_args!("eval \"$(pipectl local env{address})\""),
    ));
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    session
        .output
        .event("ready", &serde_json::json!({ "url": url, "engine": engine.name(), "millis": millis }));
}

/// A started stand-in for AWS.
enum Running {
    Embedded(Endpoint),
    Localstack(Box<Host>),
    #[cfg(feature = "docker")]
    Docker(Box<pipectl_localstack::docker::Docker>),
}

impl Running {
    async fn start(args: &Args, session: &Session) -> Result<Running, CommandError> {
        match args.engine {
            Engine::Embedded => embedded(args, session).await.map(Running::Embedded),
            Engine::Localstack => {
                localstack(args, session).await.map(|host| Running::Localstack(Box::new(host)))
            }
            Engine::Docker => docker(args).await,
        }
    }

    fn url(&self) -> String {
        match self {
            Running::Embedded(endpoint) => endpoint.url(),
            Running::Localstack(host) => host.url(),
            #[cfg(feature = "docker")]
            Running::Docker(docker) => docker.url(),
        }
    }

    async fn shutdown(self) {
        match self {
            Running::Embedded(endpoint) => endpoint.shutdown().await,
            Running::Localstack(host) => host.shutdown().await,
            #[cfg(feature = "docker")]
            Running::Docker(docker) => drop(docker.shutdown().await),
        }
    }
}

async fn embedded(args: &Args, session: &Session) -> Result<Endpoint, CommandError> {
    let mut options = Options {
        bind: SocketAddr::new(args.address.host, args.address.port),
        latency: args.latency,
        ..Options::default()
    };
    if let Some(region) = &session.globals.region {
        options.region.clone_from(region);
    }
    Endpoint::start(options).await.map_err(|error| {
        let taken = matches!(error, StartError::PortTaken { .. });
        let error = CommandError::new(Kind::Local, error);
        if taken { error.hint("`pipectl local --port 0` takes a free port") } else { error }
    })
}

async fn localstack(args: &Args, session: &Session) -> Result<Host, CommandError> {
    only_embedded(args, "localstack")?;
    let output = Arc::clone(&session.output);
    let on_progress = Arc::new(move |progress| match progress {
        Progress::Setup(line) => output.note(paint(FAINT, line)),
        Progress::Starting(url) => output.note(format!("starting LocalStack on {url}")),
    });
    let options = HostOptions { port: args.address.port, on_progress, ..HostOptions::default() };
    Host::start(options).await.map_err(|error| CommandError::new(Kind::Local, error))
}

#[cfg(feature = "docker")]
async fn docker(args: &Args) -> Result<Running, CommandError> {
    only_embedded(args, "docker")?;
    let docker = pipectl_localstack::docker::Docker::start().await;
    docker
        .map(|docker| Running::Docker(Box::new(docker)))
        .map_err(|error| CommandError::new(Kind::Local, error))
}

#[cfg(not(feature = "docker"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn docker(_args: &Args) -> Result<Running, CommandError> {
    Err(CommandError::new(Kind::Local, "this pipectl was built without the engine `docker`")
        .hint("build it with `cargo build --release --features docker`")
        .hint("`--engine localstack` runs the same LocalStack without Docker"))
}

/// LocalStack takes no latency, and listens where it likes.
fn only_embedded(args: &Args, engine: &str) -> Result<(), CommandError> {
    let refused = |option: &str| {
        Err(CommandError::new(
            Kind::Usage,
            format!("{option} works with the embedded engine, not with {engine}"),
        ))
    };
    if args.latency.is_some() {
        return refused("--latency");
    }
    if !args.address.host.is_loopback() {
        return refused("--host");
    }
    Ok(())
}

impl Engine {
    fn name(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Localstack => "localstack",
            Engine::Docker => "docker",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Engine::Embedded => "embedded",
            Engine::Localstack => "LocalStack on this host",
            Engine::Docker => "LocalStack in Docker",
        }
    }
}

/// Exports that any POSIX shell evaluates.
fn environment(address: &Address, region: Option<&str>) -> String {
    let host = if address.host.is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { address.host };
    let url = format!("http://{}", std::net::SocketAddr::new(host, address.port));
    let region = region.unwrap_or(LOCAL_REGION);
    format!(
        "export AWS_ENDPOINT_URL={url}\n\
         export AWS_ACCESS_KEY_ID={LOCAL_KEY}\n\
         export AWS_SECRET_ACCESS_KEY={LOCAL_KEY}\n\
         export AWS_REGION={region}\n\
         export AWS_DEFAULT_REGION={region}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environment_points_at_an_address_one_can_connect_to() {
        let text = environment(&Address { port: 4567, host: IpAddr::from([0, 0, 0, 0]) }, Some("eu-west-1"));
        insta::assert_snapshot!(text, @r"
        export AWS_ENDPOINT_URL=http://127.0.0.1:4567
        export AWS_ACCESS_KEY_ID=test
        export AWS_SECRET_ACCESS_KEY=test
        export AWS_REGION=eu-west-1
        export AWS_DEFAULT_REGION=eu-west-1
        ");
    }
}
