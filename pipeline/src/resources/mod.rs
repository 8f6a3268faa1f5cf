//! What a pipeline is made of: one file per AWS resource kind, each with the properties we want, the
//! properties we see, and a pure comparison of the two.
//!
//! A kind is a properties type `P` that implements [`Properties`]: `P` is what the file asks for,
//! `P::State` what exists, `P::Change` one mutation that brings the second closer to the first. One change
//! is one call to AWS, so that progress can be recorded, and a process killed, between any two of them.
//!
//! **Invariant** nothing in this module does I/O or reads a clock.

mod address;
pub mod alarm;
pub mod bucket;
pub mod dashboard;
pub mod delivery;
mod difference;
mod dispatch;
mod found;
pub mod function;
pub mod function_policy;
mod graph;
pub mod log_group;
pub mod mapping;
pub mod names;
mod properties;
pub mod role;
pub mod stream;
pub mod stream_consumer;
pub mod tags;

pub use address::{Address, Kind, ResourceId};
pub use difference::{Difference, PropertyChange, Readiness};
pub use dispatch::{Change, Observed, Spec, State};
pub use graph::{CodeSource, Context, Desired, Graph, Outline, desired, outline};

/// A resource kind: what is wanted of it, and how that compares with what is there.
pub trait Properties: Clone + PartialEq + Send + Sync + 'static {
    /// What exists, as far as these properties reach.
    type State: Clone + PartialEq + Send + Sync + 'static;
    /// One mutation, made by one call.
    type Change: Clone + PartialEq + Send + Sync + 'static;

    /// The state right after the create call for these properties: comparing it with them gives the
    /// changes that a create has to be followed by.
    fn created(&self) -> Self::State;

    /// What has to change for `state` to be what is wanted.
    fn compare(&self, state: &Self::State, tags: &tags::TagMap) -> Difference<Self::Change>;
}

/// What can be said of an observed state without knowing what is wanted.
pub trait Facts {
    /// Whether the resource may be used and changed now.
    fn readiness(&self) -> Readiness;

    /// What it says of itself that does not work, though it is there and as it should be.
    fn trouble(&self) -> Option<String> {
        None
    }

    /// Key facts for a status display, as name and value.
    fn facts(&self) -> Vec<(&'static str, String)>;
}
