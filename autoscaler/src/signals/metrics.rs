//! The port to CloudWatch, and how much of it one call gives.

use async_trait::async_trait;
use jiff::Timestamp;

use super::measure::Query;
use crate::execute::CallError;

/// Queries that one `GetMetricData` takes.
pub const QUERIES_A_CALL: usize = 500;
/// The action that IAM has to allow.
pub const ACTION: &str = "cloudwatch:GetMetricData";

/// A time from which, and a time before which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// From when on.
    pub from: Timestamp,
    /// Before when.
    pub to: Timestamp,
}

/// Points of a series: when each minute began, and its value. In any order; minutes without samples have none.
pub type Series = Vec<(Timestamp, f64)>;

/// Metrics that can be read.
#[async_trait]
pub trait Metrics: Send + Sync {
    /// The series of these queries, in their order, a point a minute. [`QUERIES_A_CALL`] queries at most.
    ///
    /// # Errors
    /// See [`CallError`].
    async fn read(&self, queries: &[Query], window: Window) -> Result<Vec<Series>, CallError>;
}
