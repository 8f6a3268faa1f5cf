//! One process of a function: started, given work, killed.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use super::super::error::LambdaError;
use super::super::function::{Runtime, Version};
use super::super::invoke::Event;
use super::environment::{self, Surroundings};
use super::failure::{Failure, words_of};
use super::output::{LogSink, OutputTap};
use super::python::{BOOTSTRAP, Interpreters};
use super::runtime_api::{Reply, RuntimeApi, Start, Work};
use super::watchdog::Watchdog;

/// What a start may take beside the function's own time-out: AWS's init phase.
pub(super) const INIT: Duration = Duration::from_secs(10);
/// Tries to start a program that another thread of this process still holds open for writing, through a child it is
/// just forking.
const BUSY_TRIES: u32 = 20;

/// How an invocation ended.
#[derive(Debug, Clone)]
pub(in super::super) struct Finished {
    /// What the caller gets.
    pub(in super::super) payload: Bytes,
    /// Whether that is an error.
    pub(in super::super) failed: bool,
    /// The last lines of the log.
    pub(in super::super) tail: Vec<u8>,
    /// What it took.
    pub(in super::super) duration: Duration,
}

/// What a sandbox is started with.
#[derive(Debug)]
pub(super) struct Site<'a> {
    pub(super) version: &'a Arc<Version>,
    pub(super) sink: Arc<LogSink>,
    pub(super) watchdog: &'a Arc<Watchdog>,
    pub(super) interpreters: &'a Interpreters,
    pub(super) endpoint_url: Option<&'a str>,
}

/// Why a sandbox did not come up.
#[derive(Debug)]
pub(super) enum StartFailure {
    /// As AWS would report it.
    Known(Failure),
    /// As the runtime reported it.
    Reported(Bytes),
    /// The endpoint's own trouble.
    Endpoint(LambdaError),
}

/// A process and its group; both end when this is dropped.
#[derive(Debug)]
struct Process {
    child: Child,
    group: Option<u32>,
    watchdog: Arc<Watchdog>,
}

impl Process {
    /// Waits for the process's end and takes along what it started.
    async fn ended(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait().await;
        self.kill_group();
        status
    }

    fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    fn kill_group(&mut self) {
        let Some(pid) = self.group.take() else { return };
        let group = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
        if let Some(group) = group {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        self.watchdog.ended(pid);
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
    }
}

/// A running sandbox. Dropping it ends its process and its Runtime API.
#[derive(Debug)]
pub(super) struct Sandbox {
    process: Process,
    api: RuntimeApi,
    output: OutputTap,
    pub(super) sink: Arc<LogSink>,
    /// Keeps the unpacked code in place.
    pub(super) version: Arc<Version>,
    /// What the start took; told with the first invocation.
    pub(super) init: Option<Duration>,
    pub(super) idle_since: Instant,
}

impl Sandbox {
    /// Starts a process and waits until it asks for work.
    pub(super) async fn start(site: Site<'_>) -> Result<Self, StartFailure> {
        let begun = Instant::now();
        let api =
            RuntimeApi::listen().await.map_err(|error| endpoint("its Runtime API did not start", &error))?;
        let mut child = launch(&site, &api).await?;
        let group = child.id();
        if let Some(pid) = group {
            site.watchdog.started(pid).map_err(|error| endpoint("the watchdog is gone", &error))?;
        }
        let output = OutputTap::start(Arc::clone(&site.sink), child.stdout.take(), child.stderr.take());
        let process = Process { child, group, watchdog: Arc::clone(site.watchdog) };
        let mut sandbox = Self {
            process,
            api,
            output,
            sink: site.sink,
            version: Arc::clone(site.version),
            init: None,
            idle_since: begun,
        };
        sandbox.until_ready().await?;
        sandbox.init = Some(begun.elapsed());
        Ok(sandbox)
    }

    async fn until_ready(&mut self) -> Result<(), StartFailure> {
        let limit = INIT + self.version.configuration.timeout();
        let mut start = self.api.start.clone();
        let came = tokio::select! {
            biased;
            came = decided(&mut start) => came,
            status = self.process.ended() => {
                self.output.settle().await;
                // A process that reports an error ends right after it.
                let reported = self.api.start.borrow().clone();
                return Err(match reported {
                    Start::Failed(payload) => StartFailure::Reported(payload),
                    _ => StartFailure::Known(Failure::Exited(status.ok().and_then(words_of))),
                });
            }
            () = tokio::time::sleep(limit) => Start::Pending,
        };
        match came {
            Start::Ready => Ok(()),
            Start::Failed(payload) => {
                self.output.settle().await;
                Err(StartFailure::Reported(payload))
            }
            Start::Pending => {
                Err(StartFailure::Known(Failure::TimedOut(self.version.configuration.timeout_s)))
            }
        }
    }

    /// Whether it can take another invocation.
    pub(super) fn is_alive(&mut self) -> bool {
        self.process.is_alive()
    }

    /// Hands an invocation to the process and waits for its answer, its end or the time-out. A sandbox whose
    /// invocation failed so is of no further use.
    pub(super) async fn invoke(
        &mut self,
        request_id: &str,
        event: Event,
        deadline_ms: i64,
    ) -> Result<Reply, Failure> {
        let (reply, mut answer) = oneshot::channel();
        let work = Work {
            request_id: request_id.to_owned(),
            deadline_ms,
            function_arn: self.version.qualified_arn(),
            event,
            reply,
        };
        if self.api.work.send(work).await.is_err() {
            return Err(Failure::Exited(None));
        }
        let timeout_s = self.version.configuration.timeout_s;
        let outcome = tokio::select! {
            biased;
            Ok(reply) = &mut answer => Ok(reply),
            status = self.process.ended() => match answer.try_recv() {
                Ok(reply) => Ok(reply),
                Err(_) => Err(Failure::Exited(status.ok().and_then(words_of))),
            },
            () = tokio::time::sleep(self.version.configuration.timeout()) => Err(Failure::TimedOut(timeout_s)),
        };
        self.output.settle().await;
        outcome
    }

    /// Most memory the process has used, in MiB, where the system tells.
    pub(super) fn peak_memory_mb(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.group?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok().map(|kb| kb.div_ceil(1024))
    }
}

/// Waits until a process has come up or reported that it cannot.
async fn decided(start: &mut watch::Receiver<Start>) -> Start {
    start.wait_for(|start| *start != Start::Pending).await.map_or(Start::Pending, |start| start.clone())
}

fn endpoint(what: &str, cause: &dyn std::fmt::Display) -> StartFailure {
    StartFailure::Endpoint(LambdaError::Executor(format!("{what}: {cause}")))
}

/// Starts the program of the version's runtime.
async fn launch(site: &Site<'_>, api: &RuntimeApi) -> Result<Child, StartFailure> {
    let folder = site.version.package.folder().await.map_err(|error| StartFailure::Endpoint(error.into()))?;
    let mut command = match &site.version.configuration.runtime {
        Runtime::Provided(_) => {
            let bootstrap = folder.join("bootstrap");
            if !bootstrap.is_file() {
                let reason = "Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]";
                return Err(StartFailure::Known(Failure::InvalidEntrypoint(reason.to_owned())));
            }
            Command::new(bootstrap)
        }
        Runtime::Python(runtime) => {
            let python = site.interpreters.find(runtime).await.ok_or_else(|| {
                let reason = format!("{runtime} needs a python3 on this machine's PATH, and there is none");
                StartFailure::Known(Failure::InvalidEntrypoint(reason))
            })?;
            let mut command = Command::new(python);
            command.arg("-c").arg(BOOTSTRAP);
            command
        }
    };
    let path = std::env::var("PATH").unwrap_or_else(|_| "/usr/local/bin:/usr/bin:/bin".to_owned());
    let around = Surroundings {
        root: folder,
        runtime_api: api.address,
        log_stream: site.sink.stream(),
        endpoint_url: site.endpoint_url,
        path: &path,
    };
    command
        .env_clear()
        .envs(environment::of(site.version, around))
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    spawn(command).await
}

async fn spawn(mut command: Command) -> Result<Child, StartFailure> {
    for _ in 0..BUSY_TRIES {
        match command.spawn() {
            Ok(child) => return Ok(child),
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(error) => {
                let reason = format!("fork/exec /var/task/bootstrap: {}", words_of_error(&error));
                return Err(StartFailure::Known(Failure::InvalidEntrypoint(reason)));
            }
        }
    }
    let reason = "fork/exec /var/task/bootstrap: text file busy".to_owned();
    Err(StartFailure::Known(Failure::InvalidEntrypoint(reason)))
}

fn words_of_error(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::NotFound => "no such file or directory".to_owned(),
        // ENOEXEC has no kind of its own.
        _ if error.raw_os_error() == Some(8) => "exec format error".to_owned(),
        _ => error.to_string(),
    }
}
