//! `pipectl local`: an AWS endpoint on this machine, until Ctrl-C.

mod engine;
mod environment;
mod requests;
mod reset;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pipectl_localstack::{DEFAULT_PORT, Limits, Profile};

use crate::args::duration;
use crate::error::{CommandError, Exit, Kind};
use crate::interrupt;
use crate::output::lines::{Line, Ready};
use crate::output::style::{CHANGE, FAINT, GOOD, NAME, paint};
use crate::output::words;
use crate::session::{Session, block_on};
use engine::{Engine, Running};

/// Where an endpoint listens unless told otherwise.
const USUAL: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), DEFAULT_PORT);

const EXAMPLES: &str = "\
Examples:
  pipectl local                           on 127.0.0.1:4566; a browser shows it, too
  pipectl local --data-dir ./aws -v       keeps its state, shows each request
  pipectl local --faults light --seed 7   throttles, 500s, lost answers, repeatably
  pipectl local --limits off              takes all that comes
  pipectl local --port 0 --latency 50ms   any free port, as far away as a region
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

    #[command(flatten)]
    embedded: Embedded,
}

/// What only the embedded engine can.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Embedded engine")]
pub(crate) struct Embedded {
    /// Keep the state in this folder: it is there again after a restart, and after a crash
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,

    /// Whether shards have limits, calls have rates and accounts have quotas, as on AWS [default: on]
    #[arg(long, value_name = "on|off")]
    limits: Option<Switch>,

    /// Let calls fail now and then: throttled, refused, too late, or done with the answer lost
    #[arg(long, value_name = "light|heavy", value_parser = ["light", "heavy"])]
    faults: Option<String>,

    /// Let the same faults happen to the same program
    #[arg(long, value_name = "N", requires = "faults")]
    seed: Option<u64>,

    /// Refuse requests that are not signed right; the key is `test`, and so is its secret
    #[arg(long)]
    verify_signatures: bool,

    /// Add this to the answer of every call
    #[arg(long, value_name = "TIME", value_parser = duration)]
    latency: Option<Duration>,
}

#[derive(clap::Subcommand, Debug)]
enum Local {
    Env(environment::Args),
    Reset(reset::Args),
}

/// Where the endpoint listens.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Address {
    /// The port; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4566)]
    port: u16,

    /// The address to listen on; others than loopback open it to the network
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1", value_parser = host)]
    host: IpAddr,
}

impl Address {
    /// One to connect to: who listens everywhere is reached by loopback.
    fn to_connect(&self) -> SocketAddr {
        let host = if self.host.is_unspecified() { IpAddr::from([127, 0, 0, 1]) } else { self.host };
        SocketAddr::new(host, self.port)
    }
}

fn host(text: &str) -> Result<IpAddr, String> {
    match text {
        "localhost" => Ok(IpAddr::from([127, 0, 0, 1])),
        _ => text.parse().map_err(|_| {
            "write an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them".to_owned()
        }),
    }
}

/// Something that is on or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Serves until Ctrl-C, or does what its subcommand says.
pub(crate) fn run(args: Args, session: &Session) -> Result<Exit, CommandError> {
    match args.command {
        Some(Local::Env(args)) => Ok(environment::run(&args, session)),
        Some(Local::Reset(args)) => block_on(reset::run(&args, session)),
        None => block_on(serve(&args, session)),
    }
}

async fn serve(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let began = Instant::now();
    let stop = interrupt::listen(&session.output, "ending");
    let plan = args.embedded.fault_plan()?;
    let mut running = tokio::select! {
        running = Running::start(args, plan, session) => running?,
        () = stop.cancelled() => return Ok(Exit::Success),
    };
    ready(&running, args, (began, plan), session);
    tokio::select! {
        () = stop.cancelled() => {}
        how = running.ended() => {
            return Err(CommandError::new(Kind::Local, how).hint("start it again; what was in it is gone"));
        }
    }
    running.shutdown().await;
    Ok(Exit::Success)
}

/// Which faults, from which seed.
type Plan = Option<(Profile, u64)>;

impl Embedded {
    fn fault_plan(&self) -> Result<Plan, CommandError> {
        let Some(name) = &self.faults else { return Ok(None) };
        let profile: Profile = name.parse().map_err(|error| CommandError::new(Kind::Usage, error))?;
        Ok(Some((profile, self.seed.unwrap_or_else(any_seed))))
    }

    fn limits(&self) -> Limits {
        if self.limits == Some(Switch::Off) { Limits::Off } else { Limits::On }
    }
}

/// Short enough to be typed again.
fn any_seed() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _, RandomState};
    RandomState::new().build_hasher().finish() % 1_000_000
}

fn ready(running: &Running, args: &Args, (began, plan): (Instant, Plan), session: &Session) {
    let url = running.url();
    let took = words::duration(began.elapsed());
    let address = to_name(&url);
    let mut lines = vec![
        format!(
            "{} AWS on {} {}",
            paint(GOOD, "✓"),
            paint(NAME, &url),
            paint(FAINT, format!("({}, ready in {took})", args.engine.words()))
        ),
        String::new(),
        format!("  eval \"$(pipectl local env{address})\"   points the AWS CLI and SDKs at it"),
        format!("  pipectl --endpoint-url {url} apply"),
    ];
    if args.engine == Engine::Embedded {
        lines.push(format!("  {url}/   in a browser shows what is in it"));
        lines.extend(args.embedded.told(plan));
    }
    lines.push(String::new());
    lines.push(match &args.embedded.data_dir {
        Some(folder) => format!("Ctrl-C ends it; its state stays in {}.", folder.display()),
        None => "Ctrl-C ends it, and what is in it is gone then.".to_owned(),
    });
    session.output.data(lines.join("\n"));
    let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let seed = plan.map(|(_, seed)| seed);
    session.output.event(&Line::Ready(Ready { url: &url, engine: args.engine.name(), millis, seed }));
}

/// The options that name the endpoint at this URL, where it is not the usual one.
fn to_name(url: &str) -> String {
    let mut options = String::new();
    let address = url.trim_start_matches("http://");
    let host = address.parse().map_or(USUAL.ip(), |address: SocketAddr| address.ip());
    if host != USUAL.ip() {
        options += &format!(" --host {host}");
    }
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(USUAL.port());
    if port != USUAL.port() {
        options += &format!(" --port {port}");
    }
    options
}

impl Embedded {
    /// What is not as usual.
    fn told(&self, plan: Plan) -> Vec<String> {
        let mut told = Vec::new();
        if let (Some((_, seed)), Some(name)) = (plan, &self.faults) {
            told.push(format!("faults: {name}; `--faults {name} --seed {seed}` brings the same ones again"));
        }
        if self.limits == Some(Switch::Off) {
            told.push("limits: off; AWS would throttle what passes here".to_owned());
        }
        if self.verify_signatures {
            told.push("signatures: checked; the key is `test`, and so is its secret".to_owned());
        }
        let lines = told.into_iter().map(|line| format!("  {} {line}", paint(CHANGE, "!")));
        let mut lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            lines.insert(0, String::new());
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hint_names_the_endpoint_that_listens() {
        for (url, options) in [
            ("http://127.0.0.1:4566", ""),
            ("http://127.0.0.1:5000", " --port 5000"),
            ("http://192.168.1.5:4566", " --host 192.168.1.5"),
            ("http://[::1]:4567", " --host ::1 --port 4567"),
            ("http://localhost:4567", " --port 4567"),
        ] {
            assert_eq!(to_name(url), options, "{url}");
        }
    }
}
