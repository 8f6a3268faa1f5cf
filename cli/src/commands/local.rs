//! `pipectl local`: an AWS endpoint on this machine, until Ctrl-C.

use std::net::IpAddr;
use std::time::Duration;

use crate::args::duration;
use crate::aws::{LOCAL_KEY, LOCAL_REGION};
use crate::error::{CommandError, Exit};
use crate::session::Session;

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
    /// In this process: faithful limits, ready at once
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
        None => Err(CommandError::new(crate::error::Kind::Local, "not built yet")),
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
