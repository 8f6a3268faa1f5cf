//! A record on its way from the stream to the function.

use std::sync::Arc;

use bytes::Bytes;

use crate::kinesis::Sequence;

/// A record. Cloning it copies no data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its place in the stream.
    pub(crate) sequence: Sequence,
    /// Its sequence number, as the function sees it.
    pub(crate) number: Arc<str>,
    /// When it arrived, in milliseconds since the epoch.
    pub(crate) arrived: i64,
    /// Its partition key.
    pub(crate) partition_key: Arc<str>,
    /// Its data.
    pub(crate) data: Bytes,
}

impl Entry {
    /// What data and key take in an event: base64 and escapes.
    pub(crate) fn encoded_size(&self) -> usize {
        let escaped = |byte: u8| match byte {
            b'"' | b'\\' => 2,
            0..0x20 => 6,
            _ => 1,
        };
        self.data.len().div_ceil(3) * 4 + self.partition_key.bytes().map(escaped).sum::<usize>()
    }

    /// What data and key take in memory.
    pub(crate) fn held_size(&self) -> usize {
        self.data.len() + self.partition_key.len()
    }

    /// Which of so many lanes it goes to: always the same for the same key.
    pub(crate) fn lane(&self, lanes: usize) -> usize {
        // FNV-1a: short keys, no secrets, and the same on every machine.
        let hash = self.partition_key.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let lanes = u64::try_from(lanes.max(1)).unwrap_or(1);
        usize::try_from((hash >> 32) % lanes).unwrap_or(0)
    }
}
