//! What happens to a record before any function sees it: it is taken out of its envelope and taken apart.

use super::Shared;
use crate::firehose::processors::unpack;
use crate::firehose::record::Record;
use crate::firehose::settings::{Processing, Unpack};

/// What became of one record.
pub(super) enum Unpacked {
    /// The records in it.
    Records(Vec<Record>),
    /// It is not what it has to be.
    Unreadable(Record),
}

/// Unpacks a record as the processors say.
pub(super) fn unpacked(shared: &Shared, processing: &Processing, record: Record) -> Unpacked {
    let record = match processing.unpack {
        None => record,
        Some(how) => match unpack::unpacked(&record.data, how == Unpack::Messages) {
            Ok(data) => {
                shared.unpacked(true, data.len());
                Record { sent: Some(record.sent().clone()), data, ..record }
            }
            Err(unpack::Unreadable) => {
                shared.unpacked(false, record.data.len());
                return Unpacked::Unreadable(record);
            }
        },
    };
    let Some(split) = &processing.split else { return Unpacked::Records(vec![record]) };
    let parts = split.of(&record.data);
    // A record counts as received once; those within it count each.
    match u64::try_from(parts.len()).unwrap_or(u64::MAX) {
        0 => shared.counters.dropped(1),
        more => shared.counters.received(more - 1),
    }
    if let [_] = &parts[..] {
        return Unpacked::Records(vec![record]);
    }
    Unpacked::Records(parts.into_iter().map(|data| Record { data, sent: None, ..record.clone() }).collect())
}
