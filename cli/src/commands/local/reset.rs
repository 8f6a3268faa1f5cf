//! `pipectl local reset`: empties a running endpoint, or the folder that one kept its state in.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pipectl_localstack::persist::{self, DataDirError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::Address;
use crate::error::{CommandError, Exit, Kind};
use crate::output::lines::Line;
use crate::output::style::{GOOD, paint};
use crate::session::Session;

/// How long an endpoint may take: it ends the processes of functions.
const PATIENCE: Duration = Duration::from_secs(30);

const EXAMPLES: &str = "\
Examples:
  pipectl local reset                     the endpoint that runs on port 4566
  pipectl local reset --data-dir ./aws    the folder of one that does not run";

/// Empty the endpoint: streams, deliveries, functions, objects, roles, metrics and logs
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    address: Address,

    /// Empty this data folder, whatever is in it that an endpoint wrote; none may be running on it
    #[arg(long, value_name = "DIR", conflicts_with_all = ["port", "host"])]
    data_dir: Option<PathBuf>,
}

/// Does it.
pub(super) async fn run(args: &Args, session: &Session) -> Result<Exit, CommandError> {
    let what = match &args.data_dir {
        Some(folder) => {
            reset_folder(folder)?;
            folder.display().to_string()
        }
        None => {
            let url = format!("http://{}", args.address.to_connect());
            reset_endpoint(&args.address).await?;
            url
        }
    };
    session.output.data(format!("{} {what} is empty", paint(GOOD, "✓")));
    session.output.event(&Line::Reset { what: &what });
    Ok(Exit::Success)
}

fn reset_folder(folder: &Path) -> Result<(), CommandError> {
    persist::reset(folder).map_err(|error| {
        let in_use = matches!(error, DataDirError::InUse { .. });
        let error = CommandError::new(Kind::Local, error);
        if in_use {
            error.hint("`pipectl local reset --port PORT` empties an endpoint that runs")
        } else {
            error
        }
    })
}

async fn reset_endpoint(address: &Address) -> Result<(), CommandError> {
    let to = address.to_connect();
    let failed = |cause: io::Error| {
        CommandError::wrap(Kind::Local, format!("no endpoint answers on http://{to}"), cause)
            .hint("`--port` names another one, and `--data-dir` a folder whose endpoint does not run")
    };
    let asked = tokio::time::timeout(PATIENCE, post(to)).await;
    let answer = asked.map_err(|_| failed(io::ErrorKind::TimedOut.into()))?.map_err(failed)?;
    let status = answer.split(' ').nth(1).unwrap_or_default();
    if status == "200" {
        return Ok(());
    }
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.trim()).unwrap_or_default();
    Err(CommandError::new(Kind::Local, format!("http://{to} was not reset: {status} {body}")))
}

/// One request, for which a client would be too much.
async fn post(to: std::net::SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect(to).await?;
    let request = format!(
        "POST /_localstack/state/reset HTTP/1.1\r\nhost: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
