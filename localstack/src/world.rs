//! Everything that exists behind the endpoint: the state of each service, the clock and the tasks that serve them.
//!
//! Services reach one another here, in process and in domain words (Firehose reads `world.kinesis`, invokes
//! `world.lambda`, writes `world.s3`), never through their wire formats.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::cloudwatch::CloudWatch;
use crate::dice::Dice;
use crate::firehose::Firehose;
use crate::hold::TimeHold;
use crate::iam::Iam;
use crate::kinesis::Kinesis;
use crate::lambda::Lambda;
use crate::layers::{Faults, Lag, NoFaults};
use crate::limits::{Limits, MEMORY_LIMIT};
use crate::logs::Logs;
use crate::persist::Persist;
use crate::s3::S3;
use crate::sts::Sts;
use crate::timings::Timings;

/// How the world is set up; [`crate::Options`] fills it.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The time.
    pub clock: Clock,
    /// The region of requests whose signature names none.
    pub region: String,
    /// The account everything belongs to.
    pub account: String,
    /// Where state may be kept; in memory only without it.
    pub data_dir: Option<PathBuf>,
    /// How long changes take to become effective.
    pub timings: Timings,
    /// Whether throughput, call rates and quotas are enforced.
    pub limits: Limits,
    /// Bytes of stream records held at most. Past it the oldest go before their retention ends, and the log says so.
    pub memory_limit: u64,
    /// Where this world is reached over HTTP, for the code of functions; `None` when it is not.
    pub endpoint_url: Option<String>,
    /// Where everything random comes from.
    pub dice: Dice,
    /// Holds virtual time while something real happens.
    pub hold: TimeHold,
    /// What goes wrong inside the services.
    pub faults: Arc<dyn Faults>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            data_dir: None,
            timings: Timings::default(),
            limits: Limits::default(),
            memory_limit: MEMORY_LIMIT,
            endpoint_url: None,
            dice: Dice::default(),
            hold: TimeHold::default(),
            faults: Arc::new(NoFaults),
        }
    }
}

/// The state behind one endpoint.
#[derive(Debug)]
pub struct World {
    /// The time, for every service.
    pub clock: Clock,
    /// The region of requests whose signature names none.
    pub region: String,
    /// The account everything belongs to.
    pub account: String,
    /// Where state may be kept; in memory only without it.
    pub data_dir: Option<PathBuf>,
    /// Where this world is reached over HTTP, for the code of functions; `None` when it is not.
    pub endpoint_url: Option<String>,
    /// Where everything random comes from.
    pub dice: Dice,
    /// Holds virtual time while something real happens.
    pub hold: TimeHold,
    /// What goes wrong inside the services.
    pub faults: Arc<dyn Faults>,
    /// Kinesis Data Streams.
    pub kinesis: Arc<Kinesis>,
    /// Firehose.
    pub firehose: Arc<Firehose>,
    /// Lambda.
    pub lambda: Arc<Lambda>,
    /// S3.
    pub s3: Arc<S3>,
    /// IAM.
    pub iam: Arc<Iam>,
    /// STS.
    pub sts: Arc<Sts>,
    /// CloudWatch.
    pub cloudwatch: Arc<CloudWatch>,
    /// CloudWatch Logs.
    pub logs: Arc<Logs>,
    /// Cancelled when the endpoint takes no more requests: answers that would go on for minutes end.
    pub closing: CancellationToken,
    /// Cancelled when the endpoint shuts down; every background task watches it.
    pub stopping: CancellationToken,
    /// Where the state is kept on disk, once it was brought back from there.
    pub(crate) persist: OnceLock<Arc<Persist>>,
    /// The background tasks: spawn them here and the shutdown waits for them.
    pub tasks: TaskTracker,
}

impl World {
    /// An empty world.
    pub fn new(setting: Setting) -> Arc<Self> {
        let world = Arc::new(Self {
            clock: setting.clock,
            kinesis: Arc::new(Kinesis::new(&setting)),
            firehose: Arc::new(Firehose::new(&setting)),
            lambda: Arc::new(Lambda::new(&setting)),
            s3: Arc::new(S3::new(&setting)),
            iam: Arc::new(Iam::new(&setting)),
            sts: Arc::new(Sts::new(&setting)),
            cloudwatch: Arc::new(CloudWatch::new(&setting)),
            logs: Arc::new(Logs::new(&setting)),
            closing: CancellationToken::new(),
            stopping: CancellationToken::new(),
            persist: OnceLock::new(),
            tasks: TaskTracker::new(),
            region: setting.region,
            account: setting.account,
            data_dir: setting.data_dir,
            endpoint_url: setting.endpoint_url,
            dice: setting.dice,
            hold: setting.hold,
            faults: setting.faults,
        });
        world.s3.attach(&world);
        world
    }

    /// Whether a role is too young for services to assume it: IAM is eventually consistent where a fault plan says so.
    pub(crate) fn is_too_new(&self, role_arn: &str) -> bool {
        self.iam.role(role_arn).is_some_and(|role| {
            let lag = self.faults.lag(Lag::NewRole, &role.name);
            self.clock.now().duration_since(role.created).unsigned_abs() < lag
        })
    }

    /// Empties every service: streams, deliveries with what they have buffered, functions with their processes, objects,
    /// roles and their sessions, metrics and logs.
    pub async fn reset(&self) -> std::io::Result<()> {
        self.firehose.reset();
        self.lambda.reset();
        self.kinesis.reset(self.clock.now());
        self.iam.reset();
        self.sts.reset();
        self.cloudwatch.reset();
        self.logs.reset();
        self.s3.reset()?;
        if let Some(persist) = self.persist.get() {
            persist.sweep(self).await;
        }
        Ok(())
    }

    /// Tells every background task to stop and waits until they have, `limit` at most.
    pub async fn shutdown(&self, limit: Duration) {
        self.closing.cancel();
        // Deliveries still need the functions and the buckets to write out what they accepted.
        self.firehose.drain(limit).await;
        self.stopping.cancel();
        self.tasks.close();
        if tokio::time::timeout(limit, self.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.tasks.len(), "background tasks still run after the shutdown's limit");
        }
        if let Some(persist) = self.persist.get() {
            persist.sweep(self).await;
        }
    }
}
