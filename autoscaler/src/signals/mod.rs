//! What a policy sees of a live stream: CloudWatch's metrics of the stream, its shards, its producers and its consumers,
//! put together minute by minute.
//!
//! One `GetMetricData` a minute serves some forty streams; it is charged by the metric, about a cent for a thousand, so
//! shard-level metrics are read only where they matter. Nothing of it is kept anywhere but in memory: CloudWatch has a
//! point a minute for fifteen days, and who starts reads them in one call.
//!
//! Everything but [`read()`](read::read) is pure.

mod gather;
mod measure;
mod metrics;
mod minute;
mod read;
mod shares;

pub use gather::{Gathered, LATE, PAST, SETTLED, gather, window};
pub(crate) use gather::{at, minute_of};
pub use measure::{KPL_NAMESPACE, Measure, Query, Statistic};
pub use metrics::{ACTION, Metrics, QUERIES_A_CALL, Series, Window};
pub use minute::Minute;
pub use read::{Wanted, read, read_shares};
