//! One YAML file becomes validated types, a plan, and running resources.

pub mod spec;
