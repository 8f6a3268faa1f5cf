//! The shard counts that a cheapest schedule can have.
//!
//! With the times of the calls given, the cheapest counts are the least that carry the load of their time and are within
//! double and half of their neighbours. So each is a load rounded up, halved and rounded up as often as may be: to be at
//! least half of what comes next, or of what was before. No others need to be looked at.

use super::super::run::shards_for;

/// More counts than this are thinned out, so that the time stays bounded; neighbours then differ by a few thousandths.
const MOST: usize = 2048;

/// Shard counts worth having, and what each stretch between two marks needs.
#[derive(Debug)]
pub(super) struct Levels {
    /// In rising order.
    pub(super) counts: Vec<u32>,
    /// For each stretch, the place of the least count that carries its load.
    pub(super) needs: Vec<usize>,
    /// For each count, the first and last place that one call reaches.
    pub(super) reach: Vec<(usize, usize)>,
}

impl Levels {
    pub(super) fn of(loads: &[f64], mark: usize) -> Self {
        let peaks: Vec<u32> = loads
            .chunks(mark)
            .map(|stretch| shards_for(stretch.iter().copied().fold(0.0, f64::max)))
            .collect();
        let mut counts = thinned(halvings(&peaks));
        counts.shrink_to_fit();
        let place = |count: u32| counts.partition_point(|level| *level < count);
        let needs = peaks.iter().map(|peak| place(*peak)).collect();
        let last = counts.len().saturating_sub(1);
        let most =
            |count: u32| counts.partition_point(|level| *level <= count.saturating_mul(2)).saturating_sub(1);
        let reach = counts.iter().map(|count| (place(count.div_ceil(2)), most(*count).min(last))).collect();
        Self { needs, reach, counts }
    }
}

fn halvings(peaks: &[u32]) -> Vec<u32> {
    let mut counts: Vec<u32> = peaks.to_vec();
    counts.sort_unstable();
    counts.dedup();
    let mut halves = counts.clone();
    while halves.iter().any(|count| *count > 1) {
        for count in &mut halves {
            *count = count.div_ceil(2);
        }
        halves.dedup();
        counts.extend(&halves);
    }
    counts.sort_unstable();
    counts.dedup();
    counts
}

/// Every so many-th count is kept, and the last.
fn thinned(counts: Vec<u32>) -> Vec<u32> {
    let every = counts.len().div_ceil(MOST).max(1);
    let last = counts.len().saturating_sub(1);
    counts
        .into_iter()
        .enumerate()
        .filter(|(place, _)| place % every == 0 || *place == last)
        .map(|(_, count)| count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_the_loads_and_their_halves() {
        let levels = Levels::of(&[4.5, 4.0, 13.0, 2.0], 1);
        assert_eq!(levels.counts, [1, 2, 3, 4, 5, 7, 13]);
        assert_eq!(levels.needs, [4, 3, 6, 1]);
        assert_eq!(levels.reach[3], (1, 5));
        assert_eq!(levels.reach[6], (5, 6));
    }

    #[test]
    fn a_stretch_needs_what_its_highest_minute_needs() {
        assert_eq!(Levels::of(&[1.0, 3.0, 1.0, 1.0, 2.0], 2).needs, [2, 0, 1]);
    }

    #[test]
    fn very_many_levels_are_thinned_and_keep_the_highest() {
        let loads: Vec<f64> = (1..10_000).map(f64::from).collect();
        let levels = Levels::of(&loads, 1);
        assert!(levels.counts.len() <= MOST + 1);
        assert_eq!(levels.counts.last(), Some(&9999));
        assert!(levels.needs.iter().zip(&loads).all(|(need, load)| f64::from(levels.counts[*need]) >= *load));
    }
}
