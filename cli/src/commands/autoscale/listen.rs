//! `/metrics` and `/healthz` of a loop in the foreground.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use metrics::{Unit, counter, describe_counter, describe_gauge, gauge};
use pipectl_autoscaler::controller::Problem;
use pipectl_autoscaler::execute::Act;
use pipectl_producer::metrics::Registry;

use super::fleet::Step;
use crate::error::{CommandError, Kind};
use crate::measuring::{Page, Scrape};

/// A round is made every minute; after so many seconds without one something is wrong.
const SICK_AFTER: i64 = 180;

const OPEN: &str = "pipectl_autoscaler_open_shards";
const WANTED: &str = "pipectl_autoscaler_wanted_shards";
const ACTS: &str = "pipectl_autoscaler_holds_lease";
const CALLS: &str = "pipectl_autoscaler_calls";
const PROBLEMS: &str = "pipectl_autoscaler_problems";
const ROUND: &str = "pipectl_autoscaler_last_round_timestamp_seconds";

/// What is served, where something is.
pub(super) struct Listening {
    scrape: Option<Scrape>,
    last_round: Arc<AtomicI64>,
}

impl Listening {
    /// Serves at this address, or only counts.
    pub(super) async fn start(address: Option<SocketAddr>) -> Result<Self, CommandError> {
        let last_round = Arc::new(AtomicI64::new(Timestamp::now().as_second()));
        let Some(address) = address else { return Ok(Self { scrape: None, last_round }) };
        let registry = Registry::default();
        // A process has one recorder, and this is where it is made.
        let _ = metrics::set_global_recorder(registry.clone());
        describe();
        let round = Arc::clone(&last_round);
        let pages = move |path: &str| match path {
            "/metrics" => Some(Page::metrics(&registry)),
            "/healthz" => Some(health(Timestamp::now().as_second() - round.load(Ordering::Relaxed))),
            _ => None,
        };
        let scrape = Scrape::start(address, "the pages are /metrics and /healthz\n", Arc::new(pages)).await;
        let cannot = |cause| {
            CommandError::wrap(Kind::Local, format!("cannot listen at {address}"), cause)
                .hint("port 0 takes a free one")
        };
        Ok(Self { scrape: Some(scrape.map_err(cannot)?), last_round })
    }

    /// Where it is served.
    pub(super) fn url(&self) -> Option<String> {
        self.scrape.as_ref().map(Scrape::base)
    }

    /// Counts what a round came to.
    pub(super) fn note(&self, steps: &[Step]) {
        let now = Timestamp::now().as_second();
        self.last_round.store(now, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
        gauge!(ROUND).set(now as f64);
        for Step { name, stepped: step } in steps {
            let stream = name.clone();
            if let Some(open) = step.shards {
                gauge!(OPEN, "stream" => stream.clone()).set(f64::from(open));
            }
            if let Some(wanted) = step.wanted {
                gauge!(WANTED, "stream" => stream.clone()).set(f64::from(wanted));
            }
            let stands_by = matches!(step.problem, Some(Problem::StandsBy { .. }));
            gauge!(ACTS, "stream" => stream.clone()).set(f64::from(u8::from(!stands_by)));
            if let Some(Act::Called { call, .. }) = &step.act {
                counter!(CALLS, "stream" => stream.clone(), "action" => call.action()).increment(1);
            }
            let trouble = step.problem.as_ref().is_some_and(Problem::is_trouble);
            counter!(PROBLEMS, "stream" => stream).increment(u64::from(trouble));
        }
    }
}

fn describe() {
    describe_gauge!(OPEN, Unit::Count, "Open shards");
    describe_gauge!(WANTED, Unit::Count, "Shards that the stream should come to have");
    describe_gauge!(ACTS, Unit::Count, "1 where this process acts on the stream, 0 where it stands by");
    describe_counter!(CALLS, Unit::Count, "Calls that reshard and were accepted, by action");
    describe_counter!(PROBLEMS, Unit::Count, "Rounds in which something was wrong");
    describe_gauge!(ROUND, Unit::Seconds, "When the last round ended, in seconds since 1970");
}

fn health(seconds: i64) -> Page {
    if seconds <= SICK_AFTER {
        Page::text(true, format!("ok: the last round ended {seconds} s ago\n"))
    } else {
        Page::text(false, format!("the last round ended {seconds} s ago\n"))
    }
}
