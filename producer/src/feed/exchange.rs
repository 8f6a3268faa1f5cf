//! Entries between the thread that reads an input and the task that puts them, in a bounded buffer.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::feed::Entry;

/// How far the reading thread may be ahead.
const AHEAD_RECORDS: usize = 1024;
const AHEAD_BYTES: usize = 4 * 1024 * 1024;

/// The two ends of an exchange.
pub(super) fn exchange<E>() -> (Filling<E>, Taking<E>) {
    let exchange = Arc::new(Exchange::default());
    (Filling(Arc::clone(&exchange)), Taking(exchange))
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
pub(super) struct Filling<E>(Arc<Exchange<Result<Entry, E>>>);

impl<E> Filling<E> {
    /// Adds what the input has, waiting for room, until nobody takes it any more.
    pub(super) fn push_all(self, input: impl Iterator<Item = Result<Entry, E>>) {
        for entry in input {
            if !self.push(entry) {
                return;
            }
        }
    }

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
pub(super) struct Taking<E>(Arc<Exchange<Result<Entry, E>>>);

impl<E> Taking<E> {
    /// All that is there, when something is; `None` when there will be no more.
    pub(super) async fn take(&self) -> Option<Vec<Result<Entry, E>>> {
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

    /// Whether reading ended in a panic.
    pub(super) fn reading_panicked(&self) -> bool {
        self.0.state().panicked
    }
}

impl<E> Drop for Taking<E> {
    fn drop(&mut self) {
        self.0.state().abandoned = true;
        self.0.room.notify_one();
    }
}
