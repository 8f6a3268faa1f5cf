//! Hands the records of an input to a producer: the input is read on a thread of its own, since reading and
//! unpacking block, and no further ahead than a bounded buffer. A line is handed over as soon as it is read,
//! so that `tail -f log | pipectl produce` does not wait for the next one; [`Tempo`] makes it wait for its time.

mod exchange;
mod tempo;

use tokio::time::Instant;

use self::exchange::exchange;
pub use self::tempo::Tempo;
use crate::input::Place;
use crate::outcome::Refusal;
use crate::producer::{Producer, Stopped};
use crate::record::Record;

/// One item of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A record to put.
    Record(Record),
    /// What can never be delivered, with as much of it as there is to show.
    Refused {
        /// What there is of it.
        record: Record,
        /// Why.
        reason: Refusal,
        /// Where it stands, if it stands somewhere.
        place: Option<Place>,
    },
}

/// Why feeding ended before the input did.
#[derive(Debug, thiserror::Error)]
pub enum FeedError<E> {
    /// The input failed. What came before was handed over.
    #[error("{0}")]
    Input(E),
    /// The producer takes no more.
    #[error(transparent)]
    Stopped(#[from] Stopped),
    /// The reading thread did not start.
    #[error("cannot start a thread to read the input")]
    Thread(#[source] std::io::Error),
    /// The reading thread panicked: what it had not read yet is not in the stream.
    #[error("reading the input failed on a bug; what came after was not read")]
    Panicked,
}

/// Hands everything in `input` to `producer`, waiting as the producer makes it wait.
///
/// # Errors
/// The input failed, or the producer stopped.
pub async fn feed<I, E>(producer: &Producer, input: I) -> Result<(), FeedError<E>>
where
    I: Iterator<Item = Result<Entry, E>> + Send + 'static,
    E: Send + 'static,
{
    feed_at(producer, input, None).await
}

/// Hands what is in `input` to `producer`, no sooner than `tempo` allows; ends where the input or the tempo does.
///
/// # Errors
/// The input failed, or the producer stopped.
pub async fn feed_at<I, E>(
    producer: &Producer,
    input: I,
    mut tempo: Option<Tempo>,
) -> Result<(), FeedError<E>>
where
    I: Iterator<Item = Result<Entry, E>> + Send + 'static,
    E: Send + 'static,
{
    let (filling, taking) = exchange();
    let reading = std::thread::Builder::new().name("read-input".to_owned());
    reading.spawn(move || filling.push_all(input)).map_err(FeedError::Thread)?;
    let started = Instant::now();
    while let Some(entries) = taking.take().await {
        for entry in entries {
            let entry = entry.map_err(FeedError::Input)?;
            if let Some(tempo) = &mut tempo {
                let Some(due) = tempo.due(started.elapsed()) else { return Ok(()) };
                wait_until(started.checked_add(due)).await;
            }
            match entry {
                Entry::Record(record) => producer.put(record).await?,
                Entry::Refused { record, reason, .. } => producer.refuse(record, reason).await?,
            }
        }
    }
    if taking.reading_panicked() { Err(FeedError::Panicked) } else { Ok(()) }
}

/// A time that no clock reaches never comes.
async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
