//! CloudWatch Logs: where functions and deliveries write their lines, and where users read them.
//!
//! [`Logs`] holds the groups of every region with their streams and events, bounded per group; `wire` speaks the JSON
//! protocol over it.
//! Other services write in process through [`Logs::put`].

mod event;
mod filter;
mod group;
mod image;
mod state;
mod wire;

pub use event::{LogEvent, StoredEvent};
pub use filter::FilterPattern;
pub use group::GroupId;
pub use state::{Logs, LogsError};
pub(crate) use wire::serve;
