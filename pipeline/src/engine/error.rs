//! What keeps the engine from doing what it is asked.

use super::rollback::RollbackError;
use crate::aws::connect::ConnectError;
use crate::cloud::{CallError, Meaning};
use crate::import::ImportError;
use crate::ledger::LedgerError;
use crate::package::PackageError;
use crate::plan::{Moved, PlanError};

/// What keeps the engine from doing what it is asked. [`Error::hint`] has the way out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The connection could not be set up.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There are no credentials, or AWS does not take them.
    #[error("no usable AWS credentials")]
    Credentials(#[source] CallError),
    /// Nothing answers at the endpoint.
    #[error("nothing answers at {endpoint}")]
    Unreachable {
        /// The endpoint, or AWS itself.
        endpoint: String,
        /// The call that was tried.
        #[source]
        source: CallError,
    },
    /// A call that was to observe something failed.
    #[error("what exists could not be observed")]
    Observe(#[source] CallError),
    /// No plan can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The ledger did not do what it was asked.
    #[error(transparent)]
    Ledger(LedgerError),
    /// A function's package cannot be built.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The plan was made for another account or region.
    #[error("the plan was made for {planned}, and this is {here}")]
    OtherPlace {
        /// Account and region of the plan.
        planned: String,
        /// Account and region of the connection.
        here: String,
    },
    /// What the plan was made from is not as it was.
    #[error("the plan does not fit any more:{}", lines(.0))]
    Moved(Vec<Moved>),
    /// A revision cannot be gone back to.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// There is nothing to write a file of.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The plan is of a format this program does not know.
    #[error("the plan has format {0}, which this pipectl does not know")]
    PlanFormat(u32),
}

impl Error {
    /// A failed call, told apart by what the user can do about it.
    pub(super) fn of_call(error: CallError, endpoint: Option<&str>) -> Self {
        match error.meaning {
            Meaning::Credentials => Error::Credentials(error),
            Meaning::Unreachable => {
                Error::Unreachable { endpoint: endpoint.unwrap_or("AWS").to_owned(), source: error }
            }
            _ => Error::Observe(error),
        }
    }

    /// A failure of the ledger; one of the way to it is told as such.
    pub(super) fn of_ledger(error: LedgerError, endpoint: Option<&str>) -> Self {
        match error {
            LedgerError::Call(call)
                if matches!(call.meaning, Meaning::Credentials | Meaning::Unreachable) =>
            {
                Self::of_call(call, endpoint)
            }
            other => Error::Ledger(other),
        }
    }

    /// The way out, where one is known.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Connect(error) => error.hint(),
            Error::Credentials(_) => {
                "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in with `aws sso login`"
                    .to_owned()
            }
            Error::Unreachable { endpoint, .. } if endpoint == "AWS" => {
                "look at the network, and whether the region exists".to_owned()
            }
            Error::Unreachable { endpoint, .. } => {
                format!("start what should listen there (`pipectl local`), or give another --endpoint-url than {endpoint}")
            }
            Error::Observe(error) => match error.meaning {
                Meaning::Denied => format!("allow your credentials {}, or ask who may", error.call),
                Meaning::Unknown => "the endpoint answers slowly or not at all: try again".to_owned(),
                _ => return None,
            },
            Error::Plan(error) => error.hint(),
            Error::Ledger(error) => return error.hint(),
            Error::Package(error) => error.hint(),
            Error::Rollback(error) => error.hint().to_owned(),
            Error::Import(error) => error.hint().to_owned(),
            Error::OtherPlace { .. } | Error::PlanFormat(_) | Error::Moved(_) => {
                "plan again, and look at what it says now".to_owned()
            }
        })
    }
}

/// How many of the things that moved are named.
const MOVED_SHOWN: usize = 6;

fn lines(moved: &[Moved]) -> String {
    let mut lines: Vec<String> = moved.iter().take(MOVED_SHOWN).map(|it| format!("\n  {it}")).collect();
    let more = moved.len() - lines.len();
    if more > 0 {
        lines.push(format!("\n  and {more} more"));
    }
    lines.concat()
}
