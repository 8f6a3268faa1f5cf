//! What speaks to AWS: the only place of this crate that names its SDK. With the feature `aws`, so that who simulates
//! and decides does not build it.

mod control;
mod error;
mod metrics;
mod traffic;

pub use control::AwsStreams;
pub use metrics::CloudWatch;
pub use traffic::StreamMetrics;
