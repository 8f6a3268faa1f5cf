//! LocalStack 4.14 as a process of this machine, without Docker: the reference that scenarios are
//! compared with, and `pipectl local --engine localstack`.
//!
//! The files of `localstack/host/` travel in the binary. [`Host::start`] writes them to a cache, runs their
//! `setup` (seconds when something is missing, nothing otherwise), starts LocalStack in a process group of
//! its own and waits until it answers. Nothing it started outlives it: [`Host::shutdown`] ends the group,
//! dropping a [`Host`] kills it, and LocalStack ends itself when this process was killed.

mod files;
mod group;
mod ready;

use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::timeout;

use group::Group;

/// How long a first installation may take: a few hundred megabytes from two registries.
const SETUP_WITHIN: Duration = Duration::from_mins(10);

/// How long LocalStack gets to end by itself before it is killed.
const END_WITHIN: Duration = Duration::from_secs(10);

/// Told what happens while a [`Host`] starts; called from a task, so it must not block for long.
pub type OnProgress = Arc<dyn Fn(Progress) + Send + Sync>;

/// What happens while a [`Host`] starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// A line of the installation, without its line end.
    Setup(String),
    /// LocalStack was started and is to answer at this address.
    Starting(String),
}

/// How to start LocalStack.
#[derive(Clone)]
pub struct HostOptions {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// The folder for all that LocalStack writes; `None` makes one that goes away with the [`Host`].
    pub folder: Option<PathBuf>,
    /// Where LocalStack is installed; `None` is `$PIPECTL_LOCALSTACK_HOME`, else the user's cache folder.
    pub install: Option<PathBuf>,
    /// How long LocalStack may take to answer once it is started.
    pub ready_within: Duration,
    /// Who is told what happens meanwhile.
    pub on_progress: OnProgress,
}

impl Default for HostOptions {
    fn default() -> Self {
        Self {
            port: 4566,
            folder: None,
            install: None,
            ready_within: Duration::from_mins(2),
            on_progress: Arc::new(|_| {}),
        }
    }
}

/// Why LocalStack did not start. Each text says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// There is no folder to install into.
    #[error("no cache folder: set HOME, XDG_CACHE_HOME or PIPECTL_LOCALSTACK_HOME")]
    NoCacheFolder,
    /// The files that start LocalStack could not be written.
    #[error("cannot write LocalStack's files to {}", .path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The port is in use.
    #[error("port {port} is taken: end what listens there, or choose another port")]
    PortTaken {
        /// The port asked for.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// A script could not be started.
    #[error("cannot run `bash`, which LocalStack's scripts need")]
    Run(#[source] std::io::Error),
    /// The installation failed; its last lines say why.
    #[error("LocalStack could not be installed:\n{output}")]
    Setup {
        /// The last lines of its output.
        output: String,
    },
    /// The installation did not come to an end.
    #[error("LocalStack was not installed within {} s; its last lines:\n{output}", SETUP_WITHIN.as_secs())]
    SetupTooSlow {
        /// The last lines of its output.
        output: String,
    },
    /// LocalStack ended before it answered.
    #[error("LocalStack ended at its start ({status}); its last lines:\n{output}")]
    Ended {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its output.
        output: String,
    },
    /// LocalStack did not answer in time.
    #[error("LocalStack did not answer at {url} within {} s; its last lines:\n{output}", .within.as_secs())]
    NotReady {
        /// Where it was to answer.
        url: String,
        /// How long it was waited for.
        within: Duration,
        /// The last lines of its output.
        output: String,
    },
}

/// A running LocalStack.
pub struct Host {
    url: String,
    group: Group,
    /// Removed after the processes that write to it are gone: fields drop in this order.
    _folder: Option<TempDir>,
}

impl Host {
    /// Installs what is missing, starts LocalStack and waits until it answers.
    ///
    /// # Errors
    ///
    /// [`HostError`] names what failed and the way out; whatever was started until then is ended.
    pub async fn start(options: HostOptions) -> Result<Self, HostError> {
        let install = match &options.install {
            Some(folder) => folder.clone(),
            None => files::cache_folder().ok_or(HostError::NoCacheFolder)?,
        };
        let port = ready::choose_port(options.port)?;
        let scripts = files::write_to(&install)?;
        set_up(&scripts, &install, &options.on_progress).await?;

        let (folder, temporary) = state_folder(options.folder.as_deref())?;
        let url = format!("http://127.0.0.1:{port}");
        (options.on_progress)(Progress::Starting(url.clone()));
        let mut command = script(&scripts, "start", &install);
        command.arg(port.to_string()).arg(&folder).env("PIPECTL_END_WITH", std::process::id().to_string());
        let mut host = Self { url, group: Group::spawn(command, |_| {})?, _folder: temporary };
        host.wait_until_ready(port, options.ready_within).await?;
        Ok(host)
    }

    async fn wait_until_ready(&mut self, port: u16, within: Duration) -> Result<(), HostError> {
        let ended = tokio::select! {
            () = ready::answers(port) => return Ok(()),
            ended = self.group.ended() => ended,
            () = tokio::time::sleep(within) => None,
        };
        let output = self.group.last_lines();
        Err(match ended {
            Some(status) => HostError::Ended { status, output },
            None => HostError::NotReady { url: self.url.clone(), within, output },
        })
    }

    /// Where it answers: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// The last lines LocalStack wrote.
    #[must_use]
    pub fn last_lines(&self) -> String {
        self.group.last_lines()
    }

    /// Waits until LocalStack ends by itself; `None` where the system does not say how.
    pub async fn ended(&mut self) -> Option<ExitStatus> {
        self.group.ended().await
    }

    /// Ends LocalStack and all that it started, functions included.
    pub async fn shutdown(mut self) {
        self.group.end(END_WITHIN).await;
    }
}

async fn set_up(scripts: &Path, install: &Path, on_progress: &OnProgress) -> Result<(), HostError> {
    let told = Arc::clone(on_progress);
    let command = script(scripts, "setup", install);
    let mut group = Group::spawn(command, move |line| told(Progress::Setup(line.to_owned())))?;
    match timeout(SETUP_WITHIN, group.ended()).await {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(_) => Err(HostError::Setup { output: group.settled_lines().await }),
        Err(_) => Err(HostError::SetupTooSlow { output: group.last_lines() }),
    }
}

fn script(scripts: &Path, name: &str, install: &Path) -> Command {
    let mut command = Command::new("bash");
    command.arg(scripts.join(name)).env("PIPECTL_LOCALSTACK_HOME", install);
    command
}

/// The folder LocalStack writes to, and its guard where it is ours to remove.
fn state_folder(wanted: Option<&Path>) -> Result<(PathBuf, Option<TempDir>), HostError> {
    if let Some(folder) = wanted {
        return Ok((folder.to_owned(), None));
    }
    let made = tempfile::Builder::new().prefix("pipectl-localstack-").tempdir();
    let made = made.map_err(|source| HostError::Write { path: std::env::temp_dir(), source })?;
    Ok((made.path().to_owned(), Some(made)))
}
