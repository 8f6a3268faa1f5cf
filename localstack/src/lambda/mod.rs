//! Lambda: functions as processes of this machine, behind AWS's REST protocol.
//!
//! [`Lambda`] holds the functions in domain words; `executor` runs them through the Runtime API; `wire` speaks the
//! protocol. Other services call [`Lambda::invoke`] and [`Lambda::invoke_later`] in process.

mod alias;
mod asynchronous;
mod error;
mod event_invoke;
mod executor;
mod function;
mod image;
mod in_process;
mod invoke;
mod mapping;
mod metrics;
mod name;
mod overview;
mod package;
mod permission;
mod policy;
mod state;
mod wire;

pub use error::LambdaError;
pub use in_process::InProcess;
pub use invoke::{Event, InvokeResult, MAX_SYNC_PAYLOAD};
pub use mapping::{Counts, MappingAccount};
pub use package::PackageError;
pub use policy::ServiceCaller;
pub use state::Lambda;
pub(crate) use wire::serve;
