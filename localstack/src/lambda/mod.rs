//! Lambda: functions as processes of this machine, behind AWS's REST protocol.
//!
//! [`Lambda`] holds the functions in domain words; `executor` runs them through the Runtime API; `wire` speaks the
//! protocol. Other services call [`Lambda::invoke`] in process.

mod asynchronous;
mod error;
mod executor;
mod function;
mod image;
mod invoke;
mod name;
mod package;
mod state;
mod wire;

pub use error::LambdaError;
pub use invoke::{Event, InvokeResult, MAX_SYNC_PAYLOAD};
pub use package::PackageError;
pub use state::Lambda;
pub(crate) use wire::serve;
