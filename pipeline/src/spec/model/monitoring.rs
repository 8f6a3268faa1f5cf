//! What watches a pipeline.

use std::collections::BTreeSet;

/// The default set of alarms.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    /// ARNs of SNS topics that are told when an alarm goes off, and when it is over.
    pub to: BTreeSet<String>,
}
