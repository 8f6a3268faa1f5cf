//! What waits to be tried again.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use pipectl_shards::HashKey;

use crate::batch::Pending;

/// What is to be tried again.
#[derive(Debug)]
pub(super) enum Again {
    /// A record.
    Record(Box<Pending>),
    /// The records of a key, in their order.
    Key(HashKey),
}

/// Ordered by when each is due, then by when it began to wait.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    heap: BinaryHeap<Reverse<Entry>>,
    pushed: u64,
}

impl Delayed {
    pub(super) fn push(&mut self, due: Duration, again: Again) {
        self.pushed += 1;
        self.heap.push(Reverse(Entry { due, order: self.pushed, again }));
    }

    pub(super) fn due(&self) -> Option<Duration> {
        self.heap.peek().map(|Reverse(entry)| entry.due)
    }

    pub(super) fn pop_due(&mut self, now: Duration) -> Option<Again> {
        if self.due()? <= now { self.heap.pop().map(|Reverse(entry)| entry.again) } else { None }
    }

    /// Takes out all of it, in its order.
    pub(super) fn drain(&mut self) -> Vec<Again> {
        std::iter::from_fn(|| self.pop_due(Duration::MAX)).collect()
    }
}

#[derive(Debug)]
struct Entry {
    due: Duration,
    order: u64,
    again: Again,
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Entry {}
