//! KPL's metrics, under KPL's names, through the [`metrics`] facade.
//!
//! `Meters` counts what passes the producer and hands it to whatever recorder is installed, once a second.
//! [`Registry`] is a recorder of ours with bounded memory. What it holds goes to CloudWatch once a minute
//! ([`Publisher`]), or is read by Prometheus ([`Registry::render`]).
//!
//! **Invariant:** memory is bounded whatever the traffic. A value is a count in a [`Sketch`], never a sample that is
//! kept; shards, error codes and series have an upper bound, beyond which they are counted together or not at all.
//!
//! The names, units and levels are those of KPL's `metrics.md`, so that its dashboards and alarms go on working. Two
//! things are better here: percentiles, since values are published and not only their sums; and nothing is published
//! of a minute in which nothing happened, where KPL sent ±1.8e308 as the extremes of no samples.

mod cloudwatch;
mod meters;
mod names;
mod prometheus;
mod registry;
mod sketch;

pub use cloudwatch::{Datum, MetricSink, Publisher, PublisherSettings};
pub(crate) use meters::Meters;
pub use names::{Metric, describe};
pub use registry::Registry;
pub use sketch::Sketch;

/// Which metrics there are (KPL: `MetricsLevel`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// None.
    #[default]
    None,
    /// What was put, what failed, how long it waited.
    Summary,
    /// All of them.
    Detailed,
}

/// What they are told apart by (KPL: `MetricsGranularity`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Granularity {
    /// Nothing.
    Global,
    /// The stream: `StreamName`.
    Stream,
    /// The stream and the shard: `StreamName`, `ShardId`.
    #[default]
    Shard,
}

/// What a producer measures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Which metrics there are.
    pub level: Level,
    /// What they are told apart by.
    pub granularity: Granularity,
    /// The value of `StreamName`; without it there is no such dimension.
    pub stream: Option<String>,
}
