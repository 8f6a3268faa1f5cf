//! Which flush a record belongs to.

use std::collections::VecDeque;

/// Counts the records between one flush and the next, so that a flush ends when what was put before it has
/// ended, whatever is put after it.
#[derive(Debug, Default)]
pub(super) struct Epochs {
    current: u64,
    /// Outstanding records by epoch, oldest first; only epochs that have some.
    outstanding: VecDeque<(u64, u64)>,
}

impl Epochs {
    pub(super) fn enter(&mut self) -> u64 {
        match self.outstanding.back_mut() {
            Some((epoch, count)) if *epoch == self.current => *count += 1,
            _ => self.outstanding.push_back((self.current, 1)),
        }
        self.current
    }

    pub(super) fn leave(&mut self, epoch: u64) {
        if let Ok(at) = self.outstanding.binary_search_by_key(&epoch, |(epoch, _)| *epoch) {
            self.outstanding[at].1 -= 1;
            if self.outstanding[at].1 == 0 {
                self.outstanding.remove(at);
            }
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.current += 1;
        self.current - 1
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        self.outstanding.front().map(|(epoch, _)| *epoch)
    }

    pub(super) fn is_flushing(&self) -> bool {
        self.oldest().is_some_and(|oldest| oldest < self.current)
    }
}
