//! Feeding a stream with progress, for `produce` and `demo`: the producer works, this module watches.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pipectl_producer::feed::{Entry, FeedError, feed};
use pipectl_producer::flow::Limits;
use pipectl_producer::{Account, Outcome, Producer, RecordSink, Report, Settings};
use tokio_util::sync::CancellationToken;

use crate::error::{CommandError, Kind};
use crate::output::live::Meter;
use crate::output::{Output, words};

/// How long a record is tried. A stream that throttles takes its time; one that is gone ends the feed at once.
const TIME_TO_LIVE: Duration = Duration::from_secs(300);
/// Bytes of records under way: at one shard's pace a quarter of a minute, far less than the time to live.
const MEMORY: usize = 16 << 20;
/// What Ctrl-C leaves for requests that are under way.
const FINISH_WITHIN: Duration = Duration::from_secs(10);
/// How long requests may fail with nothing getting through before the feed is given up. Throttling is no failure.
const GIVE_UP_AFTER: Duration = Duration::from_secs(60);
/// How often the meter looks.
const GLANCE: Duration = Duration::from_millis(100);
/// Different reasons that are kept of records that were not delivered.
const REASONS: usize = 5;

/// How feeding ended.
pub(crate) struct Fed {
    /// The final account; nothing is outstanding.
    pub(crate) account: Account,
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
    total: Option<u64>,
    cancel: &CancellationToken,
) -> Fed
where
    I: Iterator<Item = Result<Entry, E>> + Send + 'static,
    E: std::error::Error + Send + Sync + 'static,
{
    let reasons = Arc::new(Mutex::new(BTreeMap::new()));
    let limits = Limits { ttl: Some(TIME_TO_LIVE), ..Limits::default() };
    let settings = Settings { limits, memory: MEMORY, ..Settings::default() };
    let noted = Arc::clone(&reasons);
    let producer = Producer::start(sink, settings, move |_, outcome| note(&noted, &outcome));
    let meter = Meter::new(output, "records delivered", total);
    let end = tokio::select! {
        fed = async {
            let fed = feed(&producer, input).await;
            // An error here is the producer's, and its report has it.
            let _ = producer.flush().await;
            fed
        } => End::Fed(fed),
        () = watch(&producer, &meter) => End::Stalled,
        () = cancel.cancelled() => End::Cancelled,
    };
    let Report { account, stopped } = match end {
        End::Fed(_) => producer.close().await,
        End::Stalled | End::Cancelled => producer.close_within(FINISH_WITHIN).await,
    };
    meter.finish();
    let reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner);
    let stopped = match stopped {
        Some(error) => Some(CommandError::wrap(Kind::Aws, "the stream takes no more records", error)),
        None => end.problem(),
    };
    Fed { account, reasons: reasons.iter().map(|(why, count)| (why.clone(), *count)).collect(), stopped }
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
async fn watch(producer: &Producer, meter: &Meter<'_>) {
    let mut glances = tokio::time::interval(GLANCE);
    let mut stall = Stall::new(tokio::time::Instant::now());
    loop {
        let now = glances.tick().await;
        let account = producer.account();
        meter.set(account.delivered, &remark(&account));
        if stall.is_over(&account, now) {
            return;
        }
    }
}

/// Since when requests fail and nothing gets through.
struct Stall {
    since: tokio::time::Instant,
    got_through: u64,
    failed_requests: u64,
}

impl Stall {
    fn new(now: tokio::time::Instant) -> Self {
        Stall { since: now, got_through: 0, failed_requests: 0 }
    }

    /// Whether it has lasted [`GIVE_UP_AFTER`]. An idle input is no stall, and a throttle shows that somebody
    /// answers.
    fn is_over(&mut self, account: &Account, now: tokio::time::Instant) -> bool {
        let got_through = account.delivered + account.throttles;
        if got_through != self.got_through || account.failed_requests == self.failed_requests {
            *self = Stall { since: now, got_through, failed_requests: account.failed_requests };
        }
        now - self.since >= GIVE_UP_AFTER
    }
}

fn remark(account: &Account) -> String {
    let parts = [
        (account.throttles, "throttled"),
        (account.failed_requests, "failed requests"),
        (account.refused + account.expired + account.cancelled, "not delivered"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", words::grouped(count)))
        .collect();
    parts.join(", ")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failing_requests_with_nothing_getting_through_are_a_stall() {
        let start = tokio::time::Instant::now();
        let mut stall = Stall::new(start);
        let mut look = |seconds, delivered, throttles, failed_requests| {
            let account = Account { delivered, throttles, failed_requests, ..Account::default() };
            stall.is_over(&account, start + Duration::from_secs(seconds))
        };
        assert!(!look(500, 0, 0, 0), "an idle input");
        assert!(!look(501, 0, 0, 1));
        assert!(!look(559, 0, 0, 9), "59 seconds since all was well");
        assert!(!look(570, 0, 3, 12), "a throttle is an answer");
        assert!(!look(580, 0, 3, 20));
        assert!(look(640, 0, 3, 21));
        assert!(!look(641, 1, 3, 21), "one record got through");
    }
}
