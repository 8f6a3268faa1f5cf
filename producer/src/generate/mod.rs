//! Makes records out of nothing but a seed: the same seed, the same records, byte for byte.

mod clickstream;
mod zipf;

pub use clickstream::ClickStream;
