//! CloudWatch: what services and users publish, the statistics and formulas read back, alarms and dashboards.
//!
//! Services publish in process through [`Meters`] (see `meter.rs` for how), or one value at a time through
//! [`CloudWatch::put`]. `series` keeps points by the minute, bounded; `math` computes formulas over them; `alarms`
//! watches them; `wire` speaks the query, JSON and CBOR protocols over it all.

mod aggregate;
mod alarms;
mod dashboards;
mod math;
mod meter;
mod metric;
mod point;
mod query;
mod series;
mod sketch;
mod state;
mod statistic;
mod wire;

pub use aggregate::Aggregate;
pub(crate) use meter::{Meters, MetricSet, amount, metrics, millis};
pub use metric::{Dimension, MetricId, Unit};
pub use state::CloudWatch;
pub use statistic::{Part, Statistic};
pub(crate) use wire::{serve, serve_query};
