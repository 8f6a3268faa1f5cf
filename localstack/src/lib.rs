//! A local AWS endpoint for streaming pipelines.

#[cfg(feature = "docker")]
pub mod docker;
pub mod host;
