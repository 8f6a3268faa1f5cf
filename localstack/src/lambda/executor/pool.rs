//! The sandboxes of all functions: how many run, which are warm, when idle ones end.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use jiff::tz::TimeZone;
use tokio::sync::{OnceCell, Semaphore};
use tokio::time::Instant;

use crate::lock::Lock;
use crate::logs::GroupId;
use crate::world::World;

use super::super::error::LambdaError;
use super::super::function::Version;
use super::super::in_process::InProcess;
use super::super::invoke::Event;
use super::super::name::FunctionId;
use super::failure::Failure;
use super::output::LogSink;
use super::place::{Account, Place};
use super::python::Interpreters;
use super::runtime_api::Reply;
use super::sandbox::{Finished, INIT, Sandbox, Site, StartFailure};
use super::watchdog::Watchdog;

/// Processes one function has at a time; invocations beyond wait for one to be free. On AWS each would get its own.
const MAX_SANDBOXES: usize = 8;
/// How long a sandbox stays warm without work.
const IDLE: Duration = Duration::from_secs(300);
/// How often idle sandboxes are looked for.
const REAP: Duration = Duration::from_secs(30);

/// What is kept for one function.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Lock<Vec<Sandbox>>,
    permits: Semaphore,
    /// All invocations of the function.
    pub(super) running: AtomicU32,
    /// Invocations of the function's own reserve.
    reserved: Arc<AtomicU32>,
    muted: Arc<AtomicBool>,
}

impl Default for Pool {
    fn default() -> Self {
        Self {
            idle: Lock::default(),
            permits: Semaphore::new(MAX_SANDBOXES),
            running: AtomicU32::new(0),
            reserved: Arc::default(),
            muted: Arc::default(),
        }
    }
}

impl Pool {
    /// A warm sandbox of this version; those of revisions before it end here.
    fn take_idle(&self, version: &Version) -> Option<Sandbox> {
        let mut retired = Vec::new();
        let mut idle = self.idle.lock();
        let found = loop {
            let fits = |s: &Sandbox| s.version.number == version.number;
            let Some(at) = idle.iter().rposition(fits) else { break None };
            let mut sandbox = idle.swap_remove(at);
            if sandbox.version.revision == version.revision && sandbox.is_alive() {
                break Some(sandbox);
            }
            retired.push(sandbox);
        };
        drop(idle);
        found
    }
}

/// Runs functions.
#[derive(Debug, Default)]
pub(in super::super) struct Executor {
    pools: Lock<HashMap<FunctionId, Arc<Pool>>>,
    /// What runs, by region.
    accounts: Lock<HashMap<String, Arc<Account>>>,
    in_process: Lock<HashMap<FunctionId, InProcess>>,
    watchdog: OnceCell<Arc<Watchdog>>,
    interpreters: Interpreters,
    reaper: OnceLock<()>,
}

impl Executor {
    /// Takes a place for one more invocation, if the function may have one: of its reserve, or of the `unreserved` ones
    /// that all functions of its region without a reserve share.
    pub(in super::super) fn place(
        &self,
        function: &FunctionId,
        reserved: Option<u32>,
        unreserved: u32,
    ) -> Result<Place, LambdaError> {
        let pool = Arc::clone(self.pools.lock().entry(function.clone()).or_default());
        let account = Arc::clone(self.accounts.lock().entry(function.region.clone()).or_default());
        let (counter, limit, reason) = match reserved {
            Some(reserved) => (&pool.reserved, reserved, "ReservedFunctionConcurrentInvocationLimitExceeded"),
            None => (&account.shared, unreserved, "ConcurrentInvocationLimitExceeded"),
        };
        let counter = Arc::clone(counter);
        let free = |running: u32| (running < limit).then(|| running + 1);
        match counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free) {
            Ok(_) => Ok(Place::new(pool, counter, account)),
            Err(_) => Err(LambdaError::TooManyRequests { reason }),
        }
    }

    /// Runs a function in this process from now on.
    pub(in super::super) fn install(&self, function: &FunctionId, code: InProcess) {
        self.forget(function);
        self.in_process.lock().insert(function.clone(), code);
    }

    /// Invocations of a function that run or wait now.
    pub(in super::super) fn running(&self, function: &FunctionId) -> u32 {
        self.pools.lock().get(function).map_or(0, |pool| pool.running.load(Ordering::Relaxed))
    }

    /// Idle sandboxes of a function.
    pub(in super::super) fn warm(&self, function: &FunctionId) -> usize {
        self.pools.lock().get(function).map_or(0, |pool| pool.idle.lock().len())
    }

    /// Ends the idle sandboxes of a deleted function and silences those that still work.
    pub(in super::super) fn forget(&self, function: &FunctionId) {
        self.in_process.lock().remove(function);
        let mut pools = self.pools.lock();
        let pool = pools.remove(function);
        // A signature may name any region: those that had functions once are not remembered for ever.
        if pools.keys().all(|id| id.region != function.region) {
            let mut accounts = self.accounts.lock();
            accounts.retain(|region, account| *region != function.region || Arc::strong_count(account) > 1);
        }
        drop(pools);
        if let Some(pool) = pool {
            pool.muted.store(true, Ordering::Relaxed);
            let idle = std::mem::take(&mut *pool.idle.lock());
            drop(idle);
        }
    }

    /// Runs one invocation in a warm sandbox or a new one.
    pub(in super::super) async fn run(
        &self,
        world: &Arc<World>,
        place: &Place,
        version: &Arc<Version>,
        (request_id, event): (&str, Event),
    ) -> Result<Finished, LambdaError> {
        let in_process = self.in_process.lock().get(&version.id).cloned();
        if let Some(code) = in_process {
            return Ok(in_this_process(&code, version, request_id, event).await);
        }
        let pool = &place.pool;
        let _permit = pool.permits.acquire().await.map_err(|_| LambdaError::Stopping)?;
        let patience = INIT + Duration::from_secs(version.configuration.timeout_s.into());
        let _held = world.hold.hold(patience);
        let mut sandbox = match pool.take_idle(version) {
            Some(sandbox) => sandbox,
            None => match self.start(world, pool, version).await {
                Ok(sandbox) => sandbox,
                Err((sink, failure)) => return not_started(&sink, version, request_id, failure),
            },
        };
        let configuration = &version.configuration;
        let timeout_ms = i64::from(configuration.timeout_s) * 1000;
        let deadline_ms = world.clock.epoch_millis().saturating_add(timeout_ms);
        let sink = Arc::clone(&sandbox.sink);
        sink.write(&format!("START RequestId: {request_id} Version: {}", version.number));
        let begun = Instant::now();
        let outcome = sandbox.invoke(request_id, event, deadline_ms).await;
        let report = Report {
            duration: begun.elapsed(),
            init: sandbox.init.take(),
            memory_mb: configuration.memory_mb,
            peak_mb: sandbox.peak_memory_mb(),
        };
        if outcome.is_ok() && !pool.muted.load(Ordering::Relaxed) {
            sandbox.idle_since = Instant::now();
            pool.idle.lock().push(sandbox);
        }
        Ok(finish(&sink, request_id, outcome, &report))
    }

    async fn start(
        &self,
        world: &Arc<World>,
        pool: &Pool,
        version: &Arc<Version>,
    ) -> Result<Sandbox, (Arc<LogSink>, StartFailure)> {
        let stream = log_stream(world, version);
        let logs = Arc::clone(&world.logs);
        let group = GroupId::new(&version.id.region, &version.log_group());
        let sink = Arc::new(LogSink::new(logs, group, stream, Arc::clone(&pool.muted)));
        let watchdog = match self.watchdog.get_or_try_init(|| watchdog(world)).await {
            Ok(watchdog) => watchdog,
            Err(error) => return Err((sink, StartFailure::Endpoint(error))),
        };
        self.reaper.get_or_init(|| drop(world.tasks.spawn(reap(Arc::clone(world)))));
        let site = Site {
            version,
            sink: Arc::clone(&sink),
            watchdog,
            interpreters: &self.interpreters,
            endpoint_url: world.endpoint_url.as_deref(),
        };
        Sandbox::start(site).await.map_err(|failure| (sink, failure))
    }

    fn end_idle_since_before(&self, limit: Option<Instant>) {
        let pools: Vec<Arc<Pool>> = self.pools.lock().values().cloned().collect();
        for pool in pools {
            let mut idle = pool.idle.lock();
            let (ended, kept) =
                idle.drain(..).partition(|sandbox| limit.is_none_or(|limit| sandbox.idle_since < limit));
            *idle = kept;
            drop(idle);
            drop::<Vec<Sandbox>>(ended);
        }
    }
}

async fn watchdog(world: &Arc<World>) -> Result<Arc<Watchdog>, LambdaError> {
    let folder = world.lambda.packages().await?.root();
    let started = Watchdog::start(folder);
    started
        .map(Arc::new)
        .map_err(|error| LambdaError::Executor(format!("the watchdog did not start: {error}")))
}

/// Ends idle sandboxes, and all of them when the endpoint stops.
async fn reap(world: Arc<World>) {
    loop {
        tokio::select! {
            () = world.stopping.cancelled() => break,
            () = tokio::time::sleep(REAP) => {}
        }
        world.lambda.executor.end_idle_since_before(Instant::now().checked_sub(IDLE));
    }
    world.lambda.executor.end_idle_since_before(None);
}

/// AWS names a sandbox's stream by day, version and a random part.
fn log_stream(world: &World, version: &Version) -> String {
    let random = world.dice.uuid("log stream", version.id.name.as_str());
    let day = world.clock.now().to_zoned(TimeZone::UTC).strftime("%Y/%m/%d").to_string();
    format!("{day}/[{}]{}", version.number, random.simple())
}

/// What the `REPORT` line says.
struct Report {
    duration: Duration,
    init: Option<Duration>,
    memory_mb: u32,
    peak_mb: Option<u64>,
}

impl Report {
    fn line(&self, request_id: &str) -> String {
        let ms = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let billed = (self.duration + self.init.unwrap_or_default()).as_micros().div_ceil(1000);
        let peak = self.peak_mb.unwrap_or(u64::from(self.memory_mb));
        let init = self.init.map(|init| format!("Init Duration: {:.2} ms\t", ms(init))).unwrap_or_default();
        format!(
            "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {billed} ms\tMemory Size: {} MB\t\
             Max Memory Used: {peak} MB\t{init}",
            ms(self.duration),
            self.memory_mb,
        )
    }
}

fn finish(sink: &LogSink, request_id: &str, outcome: Result<Reply, Failure>, report: &Report) -> Finished {
    let failure = match &outcome {
        Ok(Reply::TooLarge) => Some(Failure::ResponseTooLarge),
        Ok(_) => None,
        Err(failure) => Some(failure.clone()),
    };
    if let Some(failure) = &failure {
        sink.write(&failure.log_line(request_id));
    }
    sink.write(&format!("END RequestId: {request_id}"));
    sink.write(&report.line(request_id));
    let (payload, failed) = match (outcome, failure) {
        (_, Some(failure)) => (failure.payload(request_id), true),
        (Ok(Reply::Response(payload)), None) => (payload, false),
        (Ok(Reply::Error(payload)), None) => (payload, true),
        (Ok(Reply::TooLarge) | Err(_), None) => (Bytes::new(), true),
    };
    Finished { payload, failed, tail: sink.take_tail(), duration: report.duration }
}

/// Runs code of this process within the function's time-out. It has no log.
async fn in_this_process(code: &InProcess, version: &Version, request_id: &str, event: Event) -> Finished {
    let begun = Instant::now();
    let configuration = &version.configuration;
    let (payload, failed) =
        match tokio::time::timeout(configuration.timeout(), code.call(event.payload)).await {
            Ok(Ok(payload)) => (payload, false),
            Ok(Err(error)) => (error, true),
            Err(_) => (Failure::TimedOut(configuration.timeout_s).payload(request_id), true),
        };
    Finished { payload, failed, tail: Vec::new(), duration: begun.elapsed() }
}

/// The end of an invocation whose sandbox did not come up.
fn not_started(
    sink: &LogSink,
    version: &Version,
    request_id: &str,
    failure: StartFailure,
) -> Result<Finished, LambdaError> {
    let report = Report {
        duration: Duration::ZERO,
        init: None,
        memory_mb: version.configuration.memory_mb,
        peak_mb: None,
    };
    sink.write(&format!("START RequestId: {request_id} Version: {}", version.number));
    match failure {
        StartFailure::Known(failure) => Ok(finish(sink, request_id, Err(failure), &report)),
        StartFailure::Reported(payload) => Ok(finish(sink, request_id, Ok(Reply::Error(payload)), &report)),
        StartFailure::Endpoint(error) => Err(error),
    }
}
