//! The requests of the last while: a bounded ring, for the endpoint's page and for whoever watches.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use crate::lock::Lock;

/// Requests that are remembered.
const MOST: usize = 200;

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When, in milliseconds since the epoch.
    pub at: i64,
    /// The service, as in [`Call`](super::Call).
    pub service: &'static str,
    /// The operation.
    pub operation: String,
    /// What it was about: a stream, a bucket and key, a function; empty where that is not plain.
    pub resource: String,
    /// The HTTP status; 0 where the connection was closed without an answer.
    pub status: u16,
    /// AWS's code of the error, or how many of its records failed and why.
    pub error: Option<String>,
    /// How long it took, in microseconds.
    pub micros: u64,
    /// Whether a fault plan made the error.
    pub is_injected: bool,
}

impl Request {
    /// Whether it was refused for a limit, as a whole or in part.
    pub fn is_throttled(&self) -> bool {
        self.error.as_deref().is_some_and(is_throttle)
    }
}

/// Whether an error says that a limit was reached.
fn is_throttle(error: &str) -> bool {
    ["Throughput", "Throttl", "TooManyRequests", "LimitExceeded", "SlowDown", "ServiceUnavailable"]
        .iter()
        .any(|word| error.contains(word))
}

/// Sees every request when it was answered. It is called in the request's own task: short work only.
pub type Watcher = Arc<dyn Fn(&Request) + Send + Sync>;

/// The ring and who watches.
#[derive(Default)]
pub(crate) struct Recent {
    ring: Lock<VecDeque<Request>>,
    watchers: Lock<Vec<Watcher>>,
}

impl Recent {
    pub(crate) fn push(&self, request: Request) {
        let watchers = self.watchers.lock().clone();
        for watcher in watchers {
            watcher(&request);
        }
        let mut ring = self.ring.lock();
        if ring.len() >= MOST {
            ring.pop_front();
        }
        ring.push_back(request);
    }

    pub(crate) fn newest_first(&self) -> Vec<Request> {
        self.ring.lock().iter().rev().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.ring.lock().clear();
    }

    pub(crate) fn watch(&self, watcher: Watcher) {
        self.watchers.lock().push(watcher);
    }
}

impl fmt::Debug for Recent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} requests", self.ring.lock().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_are_remembered_and_no_more_than_the_bound() {
        let recent = Recent::default();
        for at in 0..1000 {
            let request = Request {
                at,
                service: "kinesis",
                operation: "PutRecord".to_owned(),
                resource: "clicks".to_owned(),
                status: 200,
                error: None,
                micros: 1,
                is_injected: false,
            };
            recent.push(request);
        }
        let requests = recent.newest_first();
        assert_eq!((requests.len(), requests[0].at), (MOST, 999));
    }

    #[test]
    fn limits_are_told_from_other_errors() {
        for (error, is_limit) in [
            ("ProvisionedThroughputExceededException", true),
            ("LimitExceededException", true),
            ("12 of its records failed: ServiceUnavailableException", true),
            ("12 of its records failed: InternalFailure", false),
            ("ResourceNotFoundException", false),
            ("ValidationException", false),
        ] {
            assert_eq!(is_throttle(error), is_limit, "{error}");
        }
    }
}
