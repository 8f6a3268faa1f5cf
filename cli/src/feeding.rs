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
    let fed = tokio::select! {
        fed = async {
            let fed = feed(&producer, input).await;
            // An error here is the producer's, and its report has it.
            let _ = producer.flush().await;
            fed
        } => fed,
        () = watch(&producer, &meter) => Ok(()),
        () = cancel.cancelled() => Ok(()),
    };
    let cancelled = cancel.is_cancelled();
    let Report { account, stopped } =
        if cancelled { producer.close_within(FINISH_WITHIN).await } else { producer.close().await };
    meter.finish();
    let reasons = reasons.lock().unwrap_or_else(PoisonError::into_inner);
    let stopped = match (fed, stopped) {
        (_, Some(error)) => Some(CommandError::wrap(Kind::Aws, "the stream takes no more records", error)),
        (Err(FeedError::Stopped(error)), None) => Some(CommandError::new(Kind::Aws, error)),
        (Err(FeedError::Input(error)), None) => Some(CommandError::new(Kind::File, error)),
        (Err(error @ FeedError::Thread(_)), None) => Some(CommandError::new(Kind::File, error)),
        (Ok(()), None) if cancelled => {
            Some(CommandError::new(Kind::Interrupted, "stopped before the input's end"))
        }
        (Ok(()), None) => None,
    };
    Fed { account, reasons: reasons.iter().map(|(why, count)| (why.clone(), *count)).collect(), stopped }
}

async fn watch(producer: &Producer, meter: &Meter<'_>) {
    let mut glances = tokio::time::interval(GLANCE);
    loop {
        glances.tick().await;
        let account = producer.account();
        meter.set(account.delivered, &remark(&account));
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
