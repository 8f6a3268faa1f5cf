//! What became of the records of a mapping, counted as AWS's event source mapping metrics count them.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Read from the stream: `PolledEventCount`.
    Polled,
    /// Not wanted by the filters: `FilteredOutEventCount`.
    FilteredOut,
    /// In an invocation, whatever it came to: `InvokedEventCount`.
    Invoked,
    /// In an invocation that failed or did not reach the function: `FailedInvokeEventCount`.
    FailedInvoke,
    /// Given up, the destination was told: `OnFailureDestinationDeliveredEventCount`.
    DeliveredOnFailure,
    /// Given up by the mapping's own limits, and nobody was told: `DroppedEventCount`.
    Dropped,
    /// Left the stream before they were done: no metric.
    Expired,
}

/// The counters of a mapping, from its creation.
#[derive(Debug, Default)]
pub(super) struct Counters {
    polled: AtomicU64,
    filtered_out: AtomicU64,
    invoked: AtomicU64,
    failed_invoke: AtomicU64,
    delivered_on_failure: AtomicU64,
    dropped: AtomicU64,
    expired: AtomicU64,
}

/// The counters as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Read from the stream.
    pub polled: u64,
    /// Not wanted by the filters.
    pub filtered_out: u64,
    /// In an invocation, each time counted.
    pub invoked: u64,
    /// In an invocation that failed or did not reach the function.
    pub failed_invoke: u64,
    /// Given up, the destination was told.
    pub delivered_on_failure: u64,
    /// Given up by the mapping's own limits, and nobody was told.
    pub dropped: u64,
    /// Left the stream before they were done.
    pub expired: u64,
}

/// What a mapping has done with its records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingAccount {
    /// Its UUID.
    pub id: String,
    /// The ARN of its stream or consumer.
    pub source: String,
    /// The ARN of its function.
    pub function: String,
    /// Where it stands: `Enabled` and the like.
    pub state: &'static str,
    /// What its last batch came to.
    pub last_result: &'static str,
    /// Its counters.
    pub counts: Counts,
}

impl Counters {
    pub(super) fn add(&self, counted: Counted, events: usize) {
        let counter = match counted {
            Counted::Polled => &self.polled,
            Counted::FilteredOut => &self.filtered_out,
            Counted::Invoked => &self.invoked,
            Counted::FailedInvoke => &self.failed_invoke,
            Counted::DeliveredOnFailure => &self.delivered_on_failure,
            Counted::Dropped => &self.dropped,
            Counted::Expired => &self.expired,
        };
        counter.fetch_add(u64::try_from(events).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn counts(&self) -> Counts {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            polled: read(&self.polled),
            filtered_out: read(&self.filtered_out),
            invoked: read(&self.invoked),
            failed_invoke: read(&self.failed_invoke),
            delivered_on_failure: read(&self.delivered_on_failure),
            dropped: read(&self.dropped),
            expired: read(&self.expired),
        }
    }
}
