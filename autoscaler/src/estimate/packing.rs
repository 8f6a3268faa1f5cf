//! What KPL's aggregation makes of a flow of records: how many share a Kinesis record, and how long that becomes.
//!
//! An aggregate goes out when it is full or when its first record has waited long enough, whichever is first. It is for
//! one shard, and one producer fills it, so that many producers or shards at a small rate leave little to share.

use super::sizes::Sizes;

/// Magic and checksum of an aggregate, and its partition key `a`.
const WRAPPING: f64 = 4.0 + 16.0 + 1.0;

/// How producers aggregate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Packing {
    /// An aggregate is no longer than this; KPL's `AggregationMaxSize`.
    pub max_bytes: f64,
    /// The longest a record waits for company, in seconds; KPL's `RecordMaxBufferedTime`.
    pub wait_seconds: f64,
    /// Processes that produce, each with aggregates of its own.
    pub producers: u32,
    /// Bytes that a record has more inside an aggregate than alone, where that was measured. It may be negative: keys
    /// that come again are written once.
    pub framing: Option<f64>,
}

impl Default for Packing {
    /// KPL's defaults, and one producer.
    fn default() -> Self {
        Self { max_bytes: 51_200.0, wait_seconds: 0.1, producers: 1, framing: None }
    }
}

/// Kinesis records as they come out of the producers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Packed {
    /// User records in one, on average.
    pub(crate) members: f64,
    /// Its bytes, on average.
    pub(crate) bytes: f64,
}

impl Packing {
    /// What comes of `records_per_second` records over `shards` shards.
    pub(crate) fn packed(&self, sizes: &Sizes, records_per_second: f64, shards: f64) -> Packed {
        let alone = sizes.mean();
        let inside = (alone + self.framing.unwrap_or_else(|| framing(alone))).max(1.0);
        let fits = ((self.max_bytes - WRAPPING) / inside).floor();
        if fits < 2.0 {
            return Packed { members: 1.0, bytes: alone };
        }
        let flow = records_per_second / (f64::from(self.producers) * shards);
        let members = (1.0 + flow * self.wait_seconds).min(fits);
        // One record alone goes as it is; between one and two, that share of them does.
        let shared = (members - 1.0).min(1.0);
        Packed { members, bytes: alone * members + shared * ((inside - alone) * members + WRAPPING) }
    }
}

/// Bytes that the message of an aggregate adds to a record and its key, when no key comes twice: the tags and lengths
/// of record, key and data, and the index of the key. ("KPL Aggregated Record Format".)
fn framing(bytes: f64) -> f64 {
    let length = varint(bytes);
    let (key, index) = (2.0, 3.0);
    key + index + (1.0 + length) + (1.0 + length)
}

/// Bytes of a number in protobuf's variable-length form.
fn varint(number: f64) -> f64 {
    if number < 128.0 {
        1.0
    } else if number < 16_384.0 {
        2.0
    } else {
        3.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_aggregate_holds_what_fits() {
        // 200 bytes and 2 + 3 + 3 + 3 around each: (51,200 − 21) / 211 = 242.55.
        let packed = Packing::default().packed(&Sizes::Assumed(200.0), 1e6, 1.0);
        assert_eq!((packed.members, packed.bytes), (242.0, 242.0 * 211.0 + 21.0));
    }

    #[test]
    fn a_slow_flow_goes_out_when_the_first_record_has_waited() {
        // 50 records a second for one shard are 5 in 0.1 s, and the one that opened the aggregate.
        let packed = Packing::default().packed(&Sizes::Assumed(200.0), 50.0, 1.0);
        assert_eq!(packed.members, 6.0);
        let many = Packing { producers: 10, ..Packing::default() };
        assert_eq!(many.packed(&Sizes::Assumed(200.0), 50.0, 1.0).members, 1.5);
    }

    #[test]
    fn records_too_long_to_share_go_alone() {
        let packed = Packing::default().packed(&Sizes::Assumed(30_000.0), 1e5, 1.0);
        assert_eq!(packed, Packed { members: 1.0, bytes: 30_000.0 });
    }
}
