//! The place where faults and rates decide over a call.

use std::fmt;

use jiff::Timestamp;

use super::Call;
use crate::http::AwsError;

/// What becomes of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes to its service.
    Proceed,
    /// It is refused with this error and has no effect.
    Refuse(AwsError),
    /// It has its effect, and its answer is lost: the client sees this error.
    LoseAnswer(AwsError),
}

/// Decides over calls: a fault plan, API rates, or both. Pure but for its own state, `now` is passed in.
pub trait Faults: fmt::Debug + Send + Sync {
    /// What becomes of this call.
    fn verdict(&self, call: &Call, now: Timestamp) -> Verdict;
}
