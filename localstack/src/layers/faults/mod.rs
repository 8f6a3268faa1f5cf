//! The place where faults decide over a call, and over what happens inside a service.

mod plan;
mod profile;
mod words;

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;

pub use plan::FaultPlan;
pub use profile::{NoSuchProfile, Profile, Share};

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
    /// It goes to its service, and the answer comes this much later.
    Slow(Duration),
    /// It gets no answer: its connection is closed after this long. A client with less patience sees a time-out.
    Close {
        /// Whether the call has its effect before.
        effect: bool,
        /// How long the connection stays open.
        after: Duration,
    },
}

/// Something inside a service that takes longer than it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lag {
    /// A stream in CREATING, UPDATING or DELETING, by the stream's name.
    StreamState,
    /// A new role that cannot be assumed yet, by the role's name.
    NewRole,
    /// A list of shards that does not know of the last reshard yet, by the stream's name.
    ShardList,
}

/// Decides over calls: a fault plan, API rates, or both. Pure but for its own state, `now` is passed in.
pub trait Faults: fmt::Debug + Send + Sync {
    /// What becomes of this call.
    fn verdict(&self, call: &Call, now: Timestamp) -> Verdict;

    /// Whether one record of a `PutRecords` or `PutRecordBatch` fails for no reason: asked once for each record.
    fn fails_record(&self, _service: &'static str, _stream: &str) -> bool {
        false
    }

    /// How much longer something takes inside a service. The same answer for the same name, however often asked.
    fn lag(&self, _lag: Lag, _name: &str) -> Duration {
        Duration::ZERO
    }
}

/// Nothing goes wrong.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFaults;

impl Faults for NoFaults {
    fn verdict(&self, _call: &Call, _now: Timestamp) -> Verdict {
        Verdict::Proceed
    }
}
