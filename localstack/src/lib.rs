//! A local AWS endpoint for streaming pipelines.
