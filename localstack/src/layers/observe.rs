//! Observation in process: a test sees each change before it happens and after it has, before the client is answered.
//!
//! That is what a test needs which ends a client at every one of its operations: at [`Moment::Before`] the change
//! never happened, at [`Moment::After`] it did and the client does not know.

use std::fmt;
use std::sync::Arc;

use super::Call;
use crate::lock::Lock;

/// When an observer is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The request has arrived and nothing has changed yet.
    Before,
    /// The service is done, with this HTTP status, and no byte of the answer has been sent.
    After(u16),
}

/// Sees every mutating request. It is called in the request's own task: while it runs, the request stands still.
pub type Observer = Arc<dyn Fn(&Call, Moment) + Send + Sync>;

/// The observers of one endpoint.
#[derive(Default)]
pub(crate) struct Observers(Lock<Vec<Observer>>);

impl Observers {
    pub(crate) fn add(&self, observer: Observer) {
        self.0.lock().push(observer);
    }

    pub(crate) fn tell(&self, call: &Call, moment: Moment) {
        if !call.mutating {
            return;
        }
        let observers = self.0.lock().clone();
        for observer in observers {
            observer(call, moment);
        }
    }
}

impl fmt::Debug for Observers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} observers", self.0.lock().len())
    }
}
