//! What the rest of the trace costs at the least, by shard count and calls used, worked out from its end.

use std::ops::Range;

use super::levels::Levels;

/// A cost that cannot be paid. Twice it still fits.
const NEVER: u64 = u64::MAX / 4;

/// No call in a stretch.
pub(super) const STAY: u16 = u16::MAX;

/// The traffic as the dynamic program sees it: stretches between marks, and parts of so many of them that have a
/// number of calls each.
#[derive(Debug)]
pub(super) struct Problem<'a> {
    pub(super) levels: &'a Levels,
    /// Minutes between two marks.
    pub(super) mark: usize,
    /// Minutes of the trace.
    pub(super) minutes: usize,
    /// Stretches of a part.
    part: usize,
    /// Calls in a part; `None` without a limit.
    calls: Option<usize>,
}

/// For each number of calls used and each shard count, a cost: rows of one length one after the other.
#[derive(Clone, Debug)]
struct Costs {
    width: usize,
    cells: Vec<u64>,
}

impl Costs {
    fn new(rows: usize, width: usize) -> Self {
        Self { width, cells: vec![0; rows * width] }
    }

    fn row(&self, used: usize) -> &[u64] {
        &self.cells[used * self.width..][..self.width]
    }

    fn row_mut(&mut self, used: usize) -> &mut [u64] {
        &mut self.cells[used * self.width..][..self.width]
    }

    /// Every row made this one.
    fn fill(&mut self, row: &[u64]) {
        self.cells.chunks_mut(self.width.max(1)).for_each(|cells| cells.copy_from_slice(row));
    }
}

impl<'a> Problem<'a> {
    pub(super) fn new(
        levels: &'a Levels,
        mark: usize,
        minutes: usize,
        part: usize,
        calls: Option<usize>,
    ) -> Self {
        Self { levels, mark, minutes, part, calls }
    }

    pub(super) fn width(&self) -> usize {
        self.levels.counts.len()
    }

    /// How many parts there are.
    pub(super) fn parts(&self) -> usize {
        self.levels.needs.len().div_ceil(self.part)
    }

    /// The stretches of a part.
    pub(super) fn stretches(&self, part: usize) -> Range<usize> {
        part * self.part..((part + 1) * self.part).min(self.levels.needs.len())
    }

    /// Numbers of calls used that are told apart.
    pub(super) fn rows(&self) -> usize {
        self.calls.map_or(1, |calls| calls + 1)
    }

    /// The row after one more call; `None` when there is no more call.
    pub(super) fn after_call(&self, used: usize) -> Option<usize> {
        match self.calls {
            None => Some(0),
            Some(calls) => (used < calls).then_some(used + 1),
        }
    }

    /// Minutes of a stretch; the last may be short.
    fn length(&self, stretch: usize) -> u64 {
        let minutes = self.mark.min(self.minutes.saturating_sub(stretch * self.mark));
        u64::try_from(minutes).unwrap_or(u64::MAX)
    }

    /// For the start of every part, and for the end of the trace, what the rest costs by the place of the shard count.
    pub(super) fn costs_by_part(&self) -> Vec<Vec<u64>> {
        let mut by_part = vec![vec![0; self.width()]; self.parts() + 1];
        for part in (0..self.parts()).rev() {
            by_part[part] = self.back(part, &by_part[part + 1], None);
        }
        by_part
    }

    /// For every stretch of a part, every number of calls used in it and every shard count: the place of what to call,
    /// or [`STAY`].
    pub(super) fn choices(&self, part: usize, after: &[u64]) -> Vec<u16> {
        let mut choices = vec![STAY; self.stretches(part).len() * self.rows() * self.width()];
        self.back(part, after, Some(&mut choices));
        choices
    }

    /// From what the time after a part costs to what it costs with the part. A call in a stretch serves after it.
    fn back(&self, part: usize, after: &[u64], mut choices: Option<&mut Vec<u16>>) -> Vec<u64> {
        let (rows, width) = (self.rows(), self.width());
        let mut next = Costs::new(rows, width);
        next.fill(after);
        let mut now = next.clone();
        let mut cheapest = Cheapest::new(width);
        for (place, stretch) in self.stretches(part).enumerate().rev() {
            for used in 0..rows {
                let row = now.row_mut(used);
                row.copy_from_slice(next.row(used));
                if let Some(called) = self.after_call(used) {
                    let called = cheapest.within_reach(self.levels, next.row(called));
                    let chosen =
                        choices.as_mut().map(|all| &mut all[(place * rows + used) * width..][..width]);
                    prefer(row, called, chosen);
                }
                self.charge(stretch, row);
            }
            std::mem::swap(&mut now, &mut next);
        }
        next.row(0).to_vec()
    }

    /// Adds what each shard count costs over a stretch; those that do not carry it cannot be had.
    fn charge(&self, stretch: usize, row: &mut [u64]) {
        let need = self.levels.needs[stretch];
        let length = self.length(stretch);
        row[..need].fill(NEVER);
        for (cell, count) in row[need..].iter_mut().zip(&self.levels.counts[need..]) {
            *cell = (*cell + u64::from(*count) * length).min(NEVER);
        }
    }
}

/// Takes a call where it is cheaper than to stay, and notes it where somebody asks.
fn prefer(row: &mut [u64], called: &[(u64, usize)], chosen: Option<&mut [u16]>) {
    match chosen {
        None => row.iter_mut().zip(called).for_each(|(cell, (called, _))| *cell = (*cell).min(*called)),
        Some(chosen) => {
            for ((cell, choice), (called, place)) in row.iter_mut().zip(chosen).zip(called) {
                if called < cell {
                    *cell = *called;
                    *choice = u16::try_from(*place).unwrap_or(STAY);
                }
            }
        }
    }
}

/// The cheapest of what one call reaches, for every shard count at once: a window that only moves up.
#[derive(Debug)]
struct Cheapest {
    queue: Vec<usize>,
    found: Vec<(u64, usize)>,
}

impl Cheapest {
    fn new(width: usize) -> Self {
        Self { queue: Vec::with_capacity(width), found: vec![(NEVER, 0); width] }
    }

    /// For every shard count, the least cost within its reach, and the place of it.
    fn within_reach(&mut self, levels: &Levels, costs: &[u64]) -> &[(u64, usize)] {
        self.queue.clear();
        let (mut head, mut taken) = (0, 0);
        for (found, (first, last)) in self.found.iter_mut().zip(&levels.reach) {
            while taken <= *last {
                let dearer = |place: &usize| costs[*place] >= costs[taken];
                while self.queue.len() > head && self.queue.last().is_some_and(dearer) {
                    self.queue.pop();
                }
                self.queue.push(taken);
                taken += 1;
            }
            while self.queue[head] < *first {
                head += 1;
            }
            *found = (costs[self.queue[head]], self.queue[head]);
        }
        &self.found
    }
}
