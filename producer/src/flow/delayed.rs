//! Records that wait for their retry.

use std::time::Duration;

use crate::batch::Pending;

/// A record that waits for its retry, ordered by when that is due, then by when it began to wait.
#[derive(Debug)]
pub(super) struct Delayed {
    pub(super) due: Duration,
    pub(super) order: u64,
    pub(super) pending: Pending,
}

impl Ord for Delayed {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.due, self.order).cmp(&(other.due, other.order))
    }
}

impl PartialOrd for Delayed {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Delayed {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Delayed {}
