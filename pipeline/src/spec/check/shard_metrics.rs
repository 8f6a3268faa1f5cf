//! Metrics of single shards, which Kinesis calls enhanced monitoring.

use std::collections::BTreeSet;

use super::super::tree::Value;
use super::fields::{Found, Given};

/// What EnableEnhancedMonitoring knows.
pub(crate) const NAMES: [&str; 7] = [
    "IncomingBytes",
    "IncomingRecords",
    "OutgoingBytes",
    "OutgoingRecords",
    "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded",
    "IteratorAgeMilliseconds",
];

/// `all`, or a list of names.
pub(crate) fn read(given: &Given<'_>, found: &mut Found) -> BTreeSet<String> {
    let named = NAMES.map(|name| (name, name));
    match &given.node.value {
        Value::Scalar(_) => match given.choice(&[("all", ())], found) {
            Some(()) => NAMES.map(str::to_owned).into(),
            None => BTreeSet::new(),
        },
        _ => {
            let items = given.items("IncomingBytes, IteratorAgeMilliseconds", found);
            items.iter().filter_map(|item| item.choice(&named, found)).map(str::to_owned).collect()
        }
    }
}
