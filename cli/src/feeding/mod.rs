//! Feeding a stream with progress, for `produce` and `demo`: the producer works, this module watches.

mod pulse;
mod stall;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pipectl_producer::feed::{Entry, FeedError, Tempo, feed_at};
use pipectl_producer::flow::{Limits, Ordering};
use pipectl_producer::metrics;
use pipectl_producer::{Aggregation, Outcome, Producer, RecordSink, Report, Settings, Stats};
use tokio_util::sync::CancellationToken;

use self::pulse::Pulse;
use self::stall::{GIVE_UP_AFTER, Stall};
use crate::error::{CommandError, Kind};
use crate::output::lines::Line;
use crate::output::live::{Meter, PLAIN_INTERVAL};
use crate::output::{Output, words};

/// How long a record is tried unless somebody says otherwise. A stream that throttles takes its time; one that is gone
/// ends the feed at once.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// Bytes of records under way: at one shard's pace a quarter of a minute, far less than the time to live.
const MEMORY: usize = 16 << 20;
/// What Ctrl-C leaves for requests that are under way.
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// How often the meter looks.
const GLANCE: Duration = Duration::from_millis(100);
/// Different reasons that are kept of records that were not delivered.
const REASONS: usize = 5;

/// How to feed.
#[derive(Clone, Debug)]
pub(crate) struct Feeding {
    /// Whether many records go in one, as KPL has it.
    pub(crate) is_aggregated: bool,
    /// Whether each shard is sent no more than it is due to take.
    pub(crate) is_paced: bool,
    /// In which order the records of a key arrive.
    pub(crate) ordering: Ordering,
    /// How long a record is tried.
    pub(crate) ttl: Duration,
    /// When which record may go.
    pub(crate) tempo: Option<Tempo>,
    /// When to stop reading.
    pub(crate) duration: Option<Duration>,
    /// How many records there are, where that is known.
    pub(crate) total: Option<u64>,
    /// How often to say where it is where no terminal shows it.
    pub(crate) plain_every: Option<Duration>,
    /// What is measured of it, for who reads metrics.
    pub(crate) metrics: metrics::Settings,
}

impl Default for Feeding {
    fn default() -> Self {
        Feeding {
            is_aggregated: false,
            is_paced: false,
            ordering: Ordering::Unordered,
            ttl: TIME_TO_LIVE,
            tempo: None,
            duration: None,
            total: None,
            plain_every: Some(PLAIN_INTERVAL),
            metrics: metrics::Settings::default(),
        }
    }
}

/// How feeding ended.
pub(crate) struct Fed {
    /// The final account and numbers; nothing is outstanding.
    pub(crate) stats: Stats,
    /// Why records were not delivered, with how many for each reason.
    pub(crate) reasons: Vec<(String, u64)>,
    /// Why feeding ended before the input did.
    pub(crate) stopped: Option<CommandError>,
}

/// Hands `input` to `sink`. Cancelling stops reading and gives what is under way a moment to end.
pub(crate) async fn run<I, E>(
    output: &Output,
    sink: Arc<dyn RecordSink>,
    input: I,
    how: Feeding,
    cancel: &CancellationToken,
) -> Fed
where
    I: Iterator<Item = Result<Entry, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let reasons = Arc::new(Mutex::new(BTreeMap::new()));
    let noted = Arc::clone(&reasons);
    let producer = Producer::start(sink, how.settings(), move |_, outcome| note(&noted, &outcome));
    let meter = Meter::new(output, "records delivered", how.total).plain_every(how.plain_every);
    let end = tokio::select! {
        fed = async {
            let feeding = feed_at(&producer, input, how.tempo);
            let fed = match how.duration {
                // That the time is up is no failure: it was asked for.
                Some(duration) => tokio::time::timeout(duration, feeding).await.unwrap_or(Ok(())),
                None => feeding.await,
            };
            // An error here is the producer's, and its report has it.
            let _ = producer.flush().await;
            fed
        } => End::Fed(fed),
        () = watch(&producer, &meter, output) => End::Stalled,
        () = cancel.cancelled() => End::Cancelled,
    };
    let Report { stats, stopped, .. } = match end {
        End::Fed(_) => producer.close().await,
        End::Stalled | End::Cancelled => producer.close_within(FINISH_WITHIN).await,
    };
    meter.finish();
    let reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner);
    let stopped = match stopped {
        Some(error) => Some(CommandError::wrap(Kind::Aws, "the stream takes no more records", error)),
        None => end.problem(),
    };
    Fed { stats, reasons: reasons.iter().map(|(why, count)| (why.clone(), *count)).collect(), stopped }
}

impl Feeding {
    fn settings(&self) -> Settings {
        let limits = Limits {
            ttl: Some(self.ttl),
            aggregation: self.is_aggregated.then(Aggregation::default),
            rate_limit: Limits::default().rate_limit.filter(|_| self.is_paced),
            ordering: self.ordering,
            ..Limits::default()
        };
        Settings { limits, memory: MEMORY, metrics: self.metrics.clone(), ..Settings::default() }
    }
}

/// What ended the reading of the input.
enum End<E> {
    Fed(Result<(), FeedError<E>>),
    Stalled,
    Cancelled,
}

impl<E: std::error::Error + Send + Sync + 'static> End<E> {
    fn problem(self) -> Option<CommandError> {
        Some(match self {
            End::Fed(Ok(())) => return None,
            End::Fed(Err(FeedError::Stopped(error))) => CommandError::new(Kind::Aws, error),
            End::Fed(Err(FeedError::Input(error))) => CommandError::new(Kind::File, error),
            End::Fed(Err(error @ (FeedError::Thread(_) | FeedError::Panicked))) => {
                CommandError::new(Kind::File, error)
            }
            End::Stalled => CommandError::new(
                Kind::Aws,
                format!(
                    "no record got through for {}, so the rest was not tried",
                    words::duration(GIVE_UP_AFTER)
                ),
            ),
            End::Cancelled => CommandError::new(Kind::Interrupted, "stopped before the input's end"),
        })
    }
}

/// Shows how it goes; ends when nothing gets through any more.
async fn watch(producer: &Producer, meter: &Meter<'_>, output: &Output) {
    let mut glances = tokio::time::interval(GLANCE);
    let start = tokio::time::Instant::now();
    let (mut stall, mut pulse) = (Stall::new(start), Pulse::default());
    loop {
        let now = glances.tick().await;
        let stats = producer.stats();
        pulse.feel(&stats, now - start);
        if meter.tell(stats.account.delivered, &pulse.remark(&stats)) {
            output.event(&Line::Progress(pulse.progress(&stats)));
        }
        if stall.is_over(&stats.account, now) {
            return;
        }
    }
}

fn note(reasons: &Mutex<BTreeMap<String, u64>>, outcome: &Outcome) {
    let why = match outcome {
        Outcome::Delivered { .. } => return,
        Outcome::Refused { reason } => said("refused", reason),
        Outcome::Cancelled { reason, .. } => said("cancelled", reason),
        Outcome::Expired { attempts } => match attempts.last().and_then(|attempt| attempt.failure.as_ref()) {
            Some(failure) => format!("expired: {}: {}", failure.code, failure.message),
            None => "expired before it was tried".to_owned(),
        },
    };
    let mut reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner);
    let key =
        if reasons.len() < REASONS || reasons.contains_key(&why) { why } else { "other reasons".to_owned() };
    *reasons.entry(key).or_default() += 1;
}

fn said(word: &str, reason: &impl Display) -> String {
    format!("{word}: {reason}")
}
