//! Metric maths: formulas over time series, as `GetMetricData` and alarms take them.
//!
//! `parse` reads a formula, `evaluate` computes it over the series it names, `functions` are what it may call. Pure.
//! `SEARCH`, SQL (`SELECT …`) and anomaly bands are not here and are refused by name.

mod evaluate;
mod functions;
mod parse;
mod value;

#[cfg(test)]
mod tests;

pub(super) use evaluate::{MOST_POINTS, Scope};
pub(super) use parse::{Expression, parse};
pub(super) use value::{Line, Value};

/// Why a formula was not computed. AWS's own words are not known (?).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct MathError(String);

impl MathError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}
