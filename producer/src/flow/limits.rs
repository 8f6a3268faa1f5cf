//! What a flow goes by.

use std::time::Duration;

use pipectl_shards::limits::{PUT_RECORDS_MAX_BYTES, PUT_RECORDS_MAX_COUNT, RECORD_MOST_BYTES};

use crate::parcel::Aggregation;
use crate::retry::RetrySchedule;

/// What a [`Flow`](super::Flow) goes by.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Bytes of one record with its key at most. What the stream takes is asked of it, and a record over either is
    /// refused when it is put; until the stream has told, and where it does not, that is 1 MiB.
    pub max_record_bytes: usize,
    /// How long a record may wait for others to share its request (KPL: `RecordMaxBufferedTime`).
    pub linger: Duration,
    /// How long a record is tried (KPL: `RecordTtl`); `None` for as long as it takes.
    ///
    /// A record is never sent after it. One that waits by itself ends as expired at that very moment; one that waits
    /// in an aggregate does so when the others of the aggregate expire too, at most 100 ms later. One that is under
    /// way at that moment ends with the answer to its request; in an aggregate that was taken by a shard nobody has
    /// listed yet it ends when it is known whether a reader keeps it, at most five seconds after that answer.
    pub ttl: Option<Duration>,
    /// How many requests may be under way at a time (KPL: `MaxConnections`).
    pub max_in_flight: usize,
    /// What one request carries at most.
    pub collection: Collection,
    /// How long to wait before trying again.
    pub retry: RetrySchedule,
    /// How records are aggregated; `None` for not at all.
    pub aggregation: Option<Aggregation>,
    /// What one shard is sent at most, as a share of the 1 MiB and 1,000 records a second that it takes (KPL:
    /// `RateLimit`, in percent); `None` for no limit.
    ///
    /// What is over it waits in this process, where it is within the memory budget, and holds up no other shard. A
    /// shard that throttles is sent less for a while. Where it is not known which shard a record goes to, there is no
    /// limit.
    pub rate_limit: Option<f64>,
    /// Whether the records of a key arrive in the order they were put.
    pub ordering: Ordering,
}

/// What one request carries at most; the defaults are KPL's.
///
/// A request goes out as soon as there is enough for one. What `PutRecords` takes, 500 records and 10 MiB, is the limit
/// whatever is said here; a record larger than the limit in bytes goes alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Bytes of data and partition keys (KPL: `CollectionMaxSize`).
    pub max_bytes: usize,
    /// Kinesis records, of which each may be an aggregate (KPL: `CollectionMaxCount`).
    pub max_records: usize,
}

impl Default for Collection {
    fn default() -> Self {
        Self { max_bytes: 5 * 1024 * 1024, max_records: PUT_RECORDS_MAX_COUNT }
    }
}

impl Collection {
    /// Within what the service takes.
    pub(super) fn bounded(self) -> Self {
        Self {
            max_bytes: self.max_bytes.clamp(1, PUT_RECORDS_MAX_BYTES),
            max_records: self.max_records.clamp(1, PUT_RECORDS_MAX_COUNT),
        }
    }
}

/// In which order records arrive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ordering {
    /// In any: the fastest.
    #[default]
    Unordered,
    /// The records of one partition key in the order they were put, through failures, retries, throttles and reshards.
    ///
    /// **What holds.** A reader that follows the children of a shard after their parent, as KCL does, and keeps the
    /// *first* occurrence of each record finds the delivered records of a key in the order they were put. A record is
    /// sent only when every earlier one of its key has ended, or shares its aggregate and stands before it there.
    ///
    /// **What does not.** Of a record that is there more than once, the later occurrences may stand anywhere: a
    /// request that was given up for its time may take effect behind what was sent after it. For the same reason a
    /// record that ended as expired or cancelled may be there all the same, at any place. Records of two producers, or
    /// of a key put under several explicit hash keys, have no order among each other.
    ///
    /// **What it costs.** Of each key one Kinesis record is under way at a time: per round trip one record, or with
    /// aggregation one aggregate full. While it is not known whether the stream was resharded records go alone, also
    /// here. A record that fails holds up those of its key until it is delivered, expired or cancelled, and what waits
    /// takes of the memory budget: without a time to live, one key that cannot be delivered ends up holding up all.
    PerKey,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_record_bytes: RECORD_MOST_BYTES,
            linger: Duration::from_millis(100),
            ttl: Some(Duration::from_secs(30)),
            max_in_flight: 16,
            collection: Collection::default(),
            retry: RetrySchedule::default(),
            aggregation: None,
            rate_limit: Some(1.5),
            ordering: Ordering::default(),
        }
    }
}
