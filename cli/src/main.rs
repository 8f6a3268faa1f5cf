//! One YAML file becomes a running streaming pipeline on AWS.
fn main() {}
