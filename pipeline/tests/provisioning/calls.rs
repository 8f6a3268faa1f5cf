//! Every call that reaches the endpoint, and calls that are made to fail: hooked in where the endpoint injects
//! faults.

use std::sync::Mutex;

use jiff::Timestamp;
use pipectl_localstack::Call;
use pipectl_localstack::http::AwsError;
use pipectl_localstack::layers::{Faults, Verdict};

/// The calls so far, and which are to fail.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    made: Mutex<Vec<String>>,
    refusals: Mutex<Vec<Refusal>>,
}

#[derive(Debug)]
struct Refusal {
    operation: &'static str,
    times: usize,
    error: AwsError,
}

impl Calls {
    /// The calls since the last time, as `kinesis:CreateStream`.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.made.lock().expect("not poisoned"))
    }

    /// Refuses no more.
    pub(crate) fn forgive(&self) {
        self.refusals.lock().expect("not poisoned").clear();
    }

    /// Refuses the next calls of an operation.
    pub(crate) fn refuse(&self, operation: &'static str, times: usize, code: &'static str, message: &str) {
        let error = AwsError::bad_request(code, message);
        self.refusals.lock().expect("not poisoned").push(Refusal { operation, times, error });
    }
}

impl Faults for Calls {
    fn verdict(&self, call: &Call, _now: Timestamp) -> Verdict {
        self.made.lock().expect("not poisoned").push(format!("{}:{}", call.service, call.operation));
        let mut refusals = self.refusals.lock().expect("not poisoned");
        let refusal = refusals.iter_mut().find(|it| it.times > 0 && it.operation == call.operation);
        match refusal {
            Some(refusal) => {
                refusal.times -= 1;
                Verdict::Refuse(refusal.error.clone())
            }
            None => Verdict::Proceed,
        }
    }
}
