//! What is gathered for one object, and the decision when it is written: at the size or at the interval,
//! whichever comes first.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

/// When a buffer is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BufferHints {
    /// Bytes gathered.
    pub(crate) size: usize,
    /// Age of the buffer, counted from the first record in it.
    pub(crate) interval: Duration,
}

/// The bytes of the next object and what is known of the records in them.
#[derive(Debug, Default)]
pub(crate) struct ObjectBuffer {
    data: BytesMut,
    opened: Option<Instant>,
    tally: Tally,
    marks: Vec<Mark>,
}

/// Where a record ends in an object's bytes, and what is told of it when it cannot be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    /// Offset of the end. It starts where the record before it ended.
    pub(crate) end: usize,
    /// Arrival, in milliseconds since the epoch.
    pub(crate) arrived_ms: i64,
    /// Sequence number and subsequence number in its stream.
    pub(crate) place: Option<(Arc<str>, usize)>,
}

/// What an object holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// Records.
    pub(crate) records: u64,
    /// Their size as they arrived, before any transform: what `DeliveryToS3.Bytes` counts.
    pub(crate) original_bytes: u64,
    /// Arrival of the oldest, in milliseconds since the epoch.
    pub(crate) oldest_ms: i64,
    /// The number of the first chunk that any of them came in.
    pub(crate) chunk: u64,
}

/// An object's content, closed.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The records, one after the other.
    pub(crate) body: Bytes,
    /// What they are.
    pub(crate) tally: Tally,
    /// Where each of them ends; empty where nobody asks.
    pub(crate) marks: Vec<Mark>,
}

impl ObjectBuffer {
    /// Appends one record's output. `delimiter` stands between records, not after the last.
    pub(crate) fn push(&mut self, output: &[u8], of: Tally, delimiter: Option<u8>, now: Instant) {
        if self.opened.is_none() {
            self.opened = Some(now);
            self.tally = of;
        } else {
            if let Some(delimiter) = delimiter {
                self.data.extend_from_slice(&[delimiter]);
            }
            self.tally.records += of.records;
            self.tally.original_bytes += of.original_bytes;
            self.tally.oldest_ms = self.tally.oldest_ms.min(of.oldest_ms);
            self.tally.chunk = self.tally.chunk.min(of.chunk);
        }
        self.data.extend_from_slice(output);
    }

    /// Appends one record's output and remembers where it ends. A delimiter belongs to the record before it.
    pub(crate) fn push_marked(
        &mut self,
        output: &[u8],
        of: Tally,
        delimiter: Option<u8>,
        place: Option<(Arc<str>, usize)>,
        now: Instant,
    ) {
        self.push(output, of, None, now);
        self.data.extend(delimiter);
        self.marks.push(Mark { end: self.data.len(), arrived_ms: of.oldest_ms, place });
    }

    /// Bytes gathered.
    pub(crate) fn len(&self) -> usize {
        self.data.len()
    }

    /// Records whose ends are marked.
    pub(crate) fn marked(&self) -> usize {
        self.marks.len()
    }

    /// The number of the first chunk that is in it; `None` while it is empty.
    pub(crate) fn chunk(&self) -> Option<u64> {
        self.opened.map(|_| self.tally.chunk)
    }

    /// Whether the size has been reached.
    pub(crate) fn is_full(&self, hints: BufferHints) -> bool {
        self.opened.is_some() && self.data.len() >= hints.size
    }

    /// When the buffer has to be written; `None` while it is empty.
    pub(crate) fn deadline(&self, hints: BufferHints) -> Option<Instant> {
        self.opened.map(|opened| opened + hints.interval)
    }

    /// Whether the buffer has to be written now.
    pub(crate) fn is_due(&self, hints: BufferHints, now: Instant) -> bool {
        self.is_full(hints) || self.deadline(hints).is_some_and(|deadline| deadline <= now)
    }

    /// Takes what was gathered and starts anew; `None` when there is nothing.
    pub(crate) fn take(&mut self) -> Option<Filled> {
        self.opened.take()?;
        // The allocation leaves with the object: an idle delivery holds no memory.
        let body = std::mem::take(&mut self.data).freeze();
        let marks = std::mem::take(&mut self.marks);
        Some(Filled { body, tally: std::mem::take(&mut self.tally), marks })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HINTS: BufferHints = BufferHints { size: 100, interval: Duration::from_secs(60) };

    fn one(bytes: u64, oldest_ms: i64) -> Tally {
        Tally { records: 1, original_bytes: bytes, oldest_ms, chunk: 0 }
    }

    #[test]
    fn an_empty_buffer_is_never_due() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        assert!(!buffer.is_due(BufferHints { size: 0, interval: Duration::ZERO }, now));
        assert_eq!(buffer.deadline(HINTS), None);
        assert!(buffer.take().is_none());
    }

    #[test]
    fn the_interval_counts_from_the_first_record() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        buffer.push(b"a", one(1, 5), None, now);
        buffer.push(b"b", one(1, 3), None, now + Duration::from_secs(59));
        assert!(!buffer.is_due(HINTS, now + Duration::from_secs(59)));
        assert!(buffer.is_due(HINTS, now + Duration::from_secs(60)));
        let filled = buffer.take().unwrap();
        assert_eq!(&filled.body[..], b"ab");
        assert_eq!(filled.tally, Tally { records: 2, original_bytes: 2, oldest_ms: 3, chunk: 0 });
        assert_eq!(buffer.deadline(HINTS), None);
    }

    #[test]
    fn the_size_makes_it_due_at_once() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        buffer.push(&[0; 99], one(99, 0), None, now);
        assert!(!buffer.is_due(HINTS, now));
        buffer.push(&[0; 1], one(1, 0), None, now);
        assert!(buffer.is_due(HINTS, now));
    }

    #[test]
    fn an_empty_record_opens_the_buffer_too() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        buffer.push(b"", one(0, 0), None, now);
        assert!(buffer.is_due(HINTS, now + Duration::from_secs(60)));
        assert_eq!(buffer.take().unwrap().tally.records, 1);
    }

    #[test]
    fn marks_tell_where_records_end() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        buffer.push_marked(b"ab", one(2, 7), Some(b'\n'), None, now);
        buffer.push_marked(b"c", one(1, 8), None, Some(("4".into(), 1)), now);
        let filled = buffer.take().unwrap();
        assert_eq!(&filled.body[..], b"ab\nc");
        let ends: Vec<(usize, i64)> = filled.marks.iter().map(|mark| (mark.end, mark.arrived_ms)).collect();
        assert_eq!(ends, [(3, 7), (4, 8)]);
        assert_eq!(buffer.len(), 0);
    }

    #[test]
    fn a_delimiter_stands_between_records() {
        let now = Instant::now();
        let mut buffer = ObjectBuffer::default();
        for record in ["a", "", "c"] {
            buffer.push(record.as_bytes(), one(1, 0), Some(b'\n'), now);
        }
        assert_eq!(&buffer.take().unwrap().body[..], b"a\n\nc");
    }

    proptest! {
        #[test]
        fn every_byte_comes_out_once_and_in_order(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..50), 0..60),
            size in 1..200_usize,
        ) {
            let hints = BufferHints { size, interval: Duration::from_secs(1) };
            let now = Instant::now();
            let mut buffer = ObjectBuffer::default();
            let (mut out, mut count) = (Vec::new(), 0);
            for record in &records {
                buffer.push(record, one(record.len() as u64, 0), None, now);
                if buffer.is_due(hints, now) {
                    let filled = buffer.take().unwrap();
                    prop_assert!(filled.body.len() >= size && filled.body.len() < size + 50);
                    out.extend_from_slice(&filled.body);
                    count += filled.tally.records;
                }
            }
            if let Some(filled) = buffer.take() {
                out.extend_from_slice(&filled.body);
                count += filled.tally.records;
            }
            prop_assert_eq!(out, records.concat());
            prop_assert_eq!(count, records.len() as u64);
        }
    }
}
