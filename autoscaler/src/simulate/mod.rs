//! What resharding would have done on recorded traffic.

pub mod rules;
pub mod stream;
pub mod trace;
