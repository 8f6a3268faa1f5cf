//! How far a ledger is behind: what was taken in since the first chunk that is not settled.
//!
//! A ledger is settled in the order of its chunks. One record that waits, of a rare partition or in the error output,
//! holds back what came after it and was delivered long ago: the ledger grows, and a kill has all of it delivered again.
//! So past a bound the buffers that hold the oldest chunks are written before their time, which hints allow.

use std::collections::VecDeque;

/// Bytes that may have been taken in since the first chunk that is not settled, before old buffers are written.
pub(crate) const MOST_BEHIND: usize = 256 << 20;
/// So many times that much, and nothing more is taken in: what is waited for is with a destination that does not take it.
const FULL: usize = 4;
/// Chunks are counted together up to so many bytes.
const GRAIN: usize = 1 << 20;

/// The bytes of chunks that are not settled.
#[derive(Debug)]
pub(super) struct Unsettled {
    /// The first chunk of each grain, and its bytes.
    grains: VecDeque<(u64, usize)>,
    bytes: usize,
    most: usize,
}

impl Unsettled {
    /// Nothing, of which there may be so much.
    pub(super) fn new(most: usize) -> Self {
        Self { grains: VecDeque::new(), bytes: 0, most }
    }

    /// A chunk came in. Chunks come in order.
    pub(super) fn take_in(&mut self, chunk: u64, bytes: usize) {
        self.bytes += bytes;
        match self.grains.back_mut() {
            Some((_, together)) if *together + bytes <= GRAIN.min(self.most) => *together += bytes,
            _ => self.grains.push_back((chunk, bytes)),
        }
    }

    /// Everything below this chunk is settled.
    pub(super) fn settle(&mut self, below: u64) {
        // A grain is settled when the next one begins; the last stays, so that what is counted is a grain too much.
        while self.grains.get(1).is_some_and(|(next, _)| *next <= below) {
            let gone = self.grains.pop_front().map_or(0, |(_, bytes)| bytes);
            self.bytes -= gone;
        }
    }

    /// The chunk below which everything has to go, so that what is left is within the bound.
    pub(super) fn overdue(&self) -> Option<u64> {
        let mut over = self.bytes.checked_sub(self.most).filter(|over| *over > 0)?;
        for (first, bytes) in &self.grains {
            if over == 0 {
                return Some(*first);
            }
            over = over.saturating_sub(*bytes);
        }
        Some(u64::MAX)
    }

    /// Whether nothing more should come in until something is settled.
    pub(super) fn is_full(&self) -> bool {
        self.bytes >= self.most.saturating_mul(FULL)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_is_overdue_within_the_bound() {
        let mut unsettled = Unsettled::new(100);
        unsettled.take_in(0, 60);
        unsettled.take_in(1, 40);
        assert_eq!((unsettled.overdue(), unsettled.is_full()), (None, false));
        unsettled.take_in(2, 1);
        assert_eq!(unsettled.overdue(), Some(2));
        unsettled.take_in(3, 400);
        assert!(unsettled.is_full());
        assert_eq!(unsettled.overdue(), Some(u64::MAX), "one chunk is more than the bound by itself");
        unsettled.settle(3);
        assert_eq!(unsettled.bytes, 400);
    }

    proptest! {
        #[test]
        fn what_is_left_after_the_overdue_is_within_the_bound_and_counted_to_a_grain(
            chunks in prop::collection::vec(0..50_usize, 1..300),
            settled in any::<prop::sample::Index>(),
        ) {
            let most = 1_000;
            let mut unsettled = Unsettled::new(most);
            for (chunk, bytes) in (0..).zip(&chunks) {
                unsettled.take_in(chunk, *bytes);
            }
            if let Some(overdue) = unsettled.overdue() {
                let left: usize = (0_u64..).zip(&chunks).filter(|(chunk, _)| *chunk >= overdue).map(|(_, bytes)| bytes).sum();
                prop_assert!(left <= most);
            }
            let below = settled.index(chunks.len());
            unsettled.settle(u64::try_from(below).unwrap());
            let left: usize = chunks[below..].iter().sum();
            prop_assert!((left..=left + most).contains(&unsettled.bytes));
            prop_assert!(unsettled.grains.len() <= 2 * unsettled.bytes / most + 2);
        }
    }
}
