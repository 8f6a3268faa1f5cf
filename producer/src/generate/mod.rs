//! Makes records out of nothing but a seed: the same seed and start, the same records, byte for byte.

mod cdc;
mod clickstream;
mod clock;
mod devices;
mod text;
mod zipf;

use std::time::Duration;

use jiff::Timestamp;

pub use cdc::Changes;
pub use clickstream::ClickStream;
pub use devices::Devices;

use crate::record::Record;

/// What can be made up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A web shop's clicks: [`ClickStream`].
    Clicks,
    /// Changes of database rows in Debezium's envelope: [`Changes`].
    Cdc,
    /// Readings of devices, some of them late or lost: [`Devices`].
    Devices,
}

/// Where the records of a generator begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Decides everything that is made up.
    pub seed: u64,
    /// When the first event happens.
    pub start: Timestamp,
    /// How far apart events are on average; a few milliseconds if nobody says.
    pub interval: Option<Duration>,
}

/// An endless, deterministic stream of records.
#[must_use]
pub fn records(kind: Kind, origin: Origin) -> Box<dyn Iterator<Item = Record> + Send> {
    let Origin { seed, start, interval } = origin;
    match (kind, interval) {
        (Kind::Clicks, None) => Box::new(ClickStream::new(seed, start)),
        (Kind::Clicks, Some(interval)) => Box::new(ClickStream::new(seed, start).every(interval)),
        (Kind::Cdc, None) => Box::new(Changes::new(seed, start)),
        (Kind::Cdc, Some(interval)) => Box::new(Changes::new(seed, start).every(interval)),
        (Kind::Devices, None) => Box::new(Devices::new(seed, start)),
        (Kind::Devices, Some(interval)) => Box::new(Devices::new(seed, start).every(interval)),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_kind_repeats_itself_for_a_seed_and_not_for_another() {
        for kind in [Kind::Clicks, Kind::Cdc, Kind::Devices] {
            for interval in [None, Some(Duration::from_millis(40))] {
                let made = |seed| -> Vec<Record> {
                    records(kind, Origin { seed, start: Timestamp::UNIX_EPOCH, interval })
                        .take(3_000)
                        .collect()
                };
                assert_eq!(made(1), made(1), "{kind:?}");
                assert_ne!(made(1), made(2), "{kind:?}");
                let keys: HashSet<_> = made(1).into_iter().map(|record| record.partition_key).collect();
                assert!(keys.len() > 100, "{kind:?}: {} keys", keys.len());
            }
        }
    }
}
