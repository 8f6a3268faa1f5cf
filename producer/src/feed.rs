//! Hands the records of an input to a producer: the input is read on a thread of its own, since reading and
//! unpacking block, and no further ahead than a bounded buffer. A line is handed over as soon as it is read,
//! so that `tail -f log | pipectl produce` does not wait for the next one.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::outcome::Refusal;
use crate::producer::{Producer, Stopped};
use crate::record::Record;

/// How far the reading thread may be ahead.
const AHEAD_RECORDS: usize = 1024;
const AHEAD_BYTES: usize = 4 * 1024 * 1024;

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
    let exchange = Arc::new(Exchange::default());
    let reading = Filling(Arc::clone(&exchange));
    let started = std::thread::Builder::new().name("read-input".to_owned()).spawn(move || {
        for entry in input {
            if !reading.push(entry) {
                return;
            }
        }
    });
    if let Err(error) = started {
        return Err(FeedError::Thread(error));
    }
    let taking = Taking(exchange);
    while let Some(entries) = taking.take().await {
        for entry in entries {
            match entry.map_err(FeedError::Input)? {
                Entry::Record(record) => producer.put(record).await?,
                Entry::Refused { record, reason } => producer.refuse(record, reason).await?,
            }
        }
    }
    if taking.0.state().panicked { Err(FeedError::Panicked) } else { Ok(()) }
}

/// Entries between the reading thread and the task that puts them: one fills, the other takes all there is.
struct Exchange<T> {
    state: Mutex<State<T>>,
    room: Condvar,
    filled: Notify,
}

struct State<T> {
    entries: Vec<T>,
    bytes: usize,
    finished: bool,
    panicked: bool,
    abandoned: bool,
}

impl<T> Default for Exchange<T> {
    fn default() -> Self {
        let state =
            State { entries: Vec::new(), bytes: 0, finished: false, panicked: false, abandoned: false };
        Self { state: Mutex::new(state), room: Condvar::new(), filled: Notify::new() }
    }
}

impl<T> Exchange<T> {
    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The end of the reading thread. That it goes away finishes the exchange; a panic is remembered, for what was
/// not read then must not pass for the end of the input.
struct Filling<E>(Arc<Exchange<Result<Entry, E>>>);

impl<E> Filling<E> {
    /// Adds an entry, waiting for room; `false` when nobody takes it any more.
    fn push(&self, entry: Result<Entry, E>) -> bool {
        let size = match &entry {
            Ok(Entry::Record(record) | Entry::Refused { record, .. }) => record.size(),
            Err(_) => 0,
        };
        let full = |state: &mut State<_>| {
            !state.abandoned && (state.entries.len() >= AHEAD_RECORDS || state.bytes >= AHEAD_BYTES)
        };
        let mut state = self.0.room.wait_while(self.0.state(), full).unwrap_or_else(PoisonError::into_inner);
        if state.abandoned {
            return false;
        }
        state.entries.push(entry);
        state.bytes += size;
        let first = state.entries.len() == 1;
        drop(state);
        if first {
            self.0.filled.notify_one();
        }
        true
    }
}

impl<E> Drop for Filling<E> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.finished = true;
        state.panicked = std::thread::panicking();
        drop(state);
        self.0.filled.notify_one();
    }
}

/// The end of the putting task.
struct Taking<E>(Arc<Exchange<Result<Entry, E>>>);

impl<E> Taking<E> {
    /// All that is there, when something is; `None` when there will be no more.
    async fn take(&self) -> Option<Vec<Result<Entry, E>>> {
        loop {
            {
                let mut state = self.0.state();
                if !state.entries.is_empty() {
                    state.bytes = 0;
                    let entries = std::mem::take(&mut state.entries);
                    drop(state);
                    self.0.room.notify_one();
                    return Some(entries);
                }
                if state.finished {
                    return None;
                }
            }
            self.0.filled.notified().await;
        }
    }
}

impl<E> Drop for Taking<E> {
    fn drop(&mut self) {
        self.0.state().abandoned = true;
        self.0.room.notify_one();
    }
}
