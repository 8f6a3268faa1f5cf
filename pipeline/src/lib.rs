//! One YAML file becomes validated types, a plan, and running resources.
//!
//! `spec` reads the file, `resources` says what it takes, `plan` compares that with what exists, `apply` runs
//! the plan, and `ledger` remembers. [`Engine`] puts them together.

mod access_key;
pub mod apply;
mod aws;
pub mod cloud;
pub mod diagram;
pub mod engine;
pub mod import;
pub mod lake;
pub mod ledger;
mod package;
pub mod plan;
pub mod resources;
pub mod spec;
pub mod templates;

pub use engine::{ApplyOptions, ConnectOptions, Engine, Error, PlanOptions, Status};
pub use package::check as check_package;
