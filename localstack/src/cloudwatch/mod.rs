//! CloudWatch metrics: what services and users publish, and the statistics read back.
//!
//! [`CloudWatch`] keeps one-minute statistics per metric, dimension set and unit, bounded in metrics and in
//! points; `wire` speaks the query, JSON and CBOR protocols over it. Other services publish in process through
//! [`CloudWatch::put`].

mod metric;
mod series;
mod state;
mod wire;

pub use metric::{Dimension, MetricId, Unit};
pub use series::{Aggregate, Statistic};
pub use state::CloudWatch;
pub(crate) use wire::{serve, serve_query};
