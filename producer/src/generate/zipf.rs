//! Draws ranks as popular pages are visited: the page of rank r about 1/r times as often as the first.

/// A table of ranks, in which each is as often as it is likely.
#[derive(Clone, Debug)]
pub(crate) struct Zipf {
    table: Vec<u16>,
}

/// Entries of the table; a power of two, so that a draw is a mask.
const ENTRIES: usize = 1 << 14;

impl Zipf {
    /// Ranks from 0 to `ranks - 1`, at most 4096 of them.
    pub(crate) fn new(ranks: u16) -> Self {
        let ranks = ranks.clamp(1, 4096);
        let total: f64 = (1..=ranks).map(|rank| 1.0 / f64::from(rank)).sum();
        let mut table = Vec::with_capacity(ENTRIES);
        let mut sum = 0.0;
        for rank in 0..ranks {
            sum += 1.0 / f64::from(rank + 1) / total;
            // Every rank has one entry at least.
            let floor = table.len() + 1;
            while table.len() < ENTRIES && (table.len() < floor || share(table.len()) < sum) {
                table.push(rank);
            }
        }
        table.resize(ENTRIES, 0);
        Self { table }
    }

    pub(crate) fn draw(&self, random: &mut fastrand::Rng) -> u16 {
        self.table[random.usize(..) & (ENTRIES - 1)]
    }
}

#[expect(clippy::cast_precision_loss, reason = "an index of 14 bits")]
fn share(index: usize) -> f64 {
    index as f64 / ENTRIES as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_is_twice_as_often_as_the_second_and_the_last_still_comes() {
        let zipf = Zipf::new(500);
        let count = |rank: u16| zipf.table.iter().filter(|entry| **entry == rank).count();
        let ratio = f64::from(u32::try_from(count(0)).expect("small"))
            / f64::from(u32::try_from(count(1)).expect("small"));
        assert!((1.9..2.1).contains(&ratio), "{ratio}");
        assert!(count(499) >= 1);
        assert_eq!(zipf.table.len(), ENTRIES);
    }
}
