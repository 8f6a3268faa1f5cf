//! What a producer has done so far, in numbers that always add up.

use std::time::Duration;

use serde::Serialize;

use crate::outcome::Outcome;

/// The account of a producer.
///
/// `put = delivered + expired + refused + cancelled + outstanding()`, at every moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Records that were accepted from the caller.
    pub put: u64,
    /// Acknowledged by Kinesis.
    pub delivered: u64,
    /// Given up because their time to live ended.
    pub expired: u64,
    /// Never tried, because they cannot be delivered as they are.
    pub refused: u64,
    /// Given up because the producer stopped.
    pub cancelled: u64,
    /// Bytes delivered, partition keys included.
    pub bytes: u64,
    /// `PutRecords` requests that were answered or failed.
    pub requests: u64,
    /// Requests that failed as a whole.
    pub failed_requests: u64,
    /// Attempts on records beyond their first.
    pub retries: u64,
    /// Attempts on records that were throttled.
    pub throttles: u64,
    /// Time since the producer started; until it was closed.
    pub elapsed: Duration,
}

impl Account {
    /// Records that have not ended yet.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.put - self.delivered - self.expired - self.refused - self.cancelled
    }

    /// Whether every record that was put was delivered.
    #[must_use]
    pub fn all_delivered(&self) -> bool {
        self.put == self.delivered
    }

    pub(crate) fn ended(&mut self, outcome: &Outcome, bytes: usize) {
        match outcome {
            Outcome::Delivered { .. } => {
                self.delivered += 1;
                self.bytes += bytes as u64;
            }
            Outcome::Expired { .. } => self.expired += 1,
            Outcome::Refused { .. } => self.refused += 1,
            Outcome::Cancelled { .. } => self.cancelled += 1,
        }
    }
}
