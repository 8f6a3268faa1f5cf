//! The pipeline file: from YAML to validated types, with positions for everything that is wrong.

pub mod model;
