//! Which shard a hash key goes to, as far as the producer knows, and when it has to look again.
//!
//! Pure: the driver lists the shards when [`ShardMap::due`] says so and hands the answer to
//! [`ShardMap::refreshed`]. The map is a prediction, and only that: a stream may reshard between a look and a put.
//! What was predicted is compared with where a record landed ([`ShardMap::landed`]), and what the map cannot explain
//! makes it look again, until a look explains it: lists lag behind reshards.
//!
//! Two facts make an explanation sound. A shard keeps its range for life, so that a record on a shard whose range does
//! not hold its hash key was not routed by it at all. And a shard's children have higher numbers than itself, so that of
//! two shards that own a hash key the higher one is the later.
//!
//! The first does not hold for a stream that is deleted and made anew under its name while nothing is put: so the flow
//! looks again ([`ShardMap::look_again`]) before it relies on the map after a while without an answer.
//!
//! The ranges of shards that are closed by now are kept for a while: a record may land on a shard that a later look
//! no longer lists as open, and its range decides whether a reader keeps it.

use std::collections::HashMap;
use std::time::Duration;

use pipectl_shards::{HashKey, HashKeyRange, ShardId};

/// The first wait after a look that failed or changed nothing, and its growth, as KPL has them.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const GROWTH: f64 = 1.5;
/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Ranges kept at most; past it those of the oldest shards go.
const RANGES_KEPT: usize = 40_000;

/// A prediction of where records land.
#[derive(Clone, Debug, Default)]
pub struct ShardMap {
    /// The open shards in the order of their ranges; empty until the first look.
    open: Vec<(HashKeyRange, ShardId)>,
    /// Every range ever seen: a shard keeps its range for life.
    ranges: HashMap<ShardId, HashKeyRange>,
    /// Where a record landed that no look has explained, with its hash key.
    doubt: Option<(ShardId, HashKey)>,
    /// How many looks in a row did not explain it, and how many of these found it beyond explanation.
    fruitless: u32,
    misrouted: u32,
    look: Look,
}

/// Whether the shards are to be listed, and when.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Look {
    /// The map is as good as is known.
    Content,
    /// At this time, after so long a wait.
    At(Duration, Duration),
    /// Someone is at it.
    UnderWay(Duration),
}

impl Default for Look {
    fn default() -> Self {
        Self::At(Duration::ZERO, Duration::ZERO)
    }
}

/// What the map has to say to where a record landed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is as it should be, or was when the record arrived.
    Explained,
    /// The map is behind.
    Behind,
    /// The shard's range does not hold the hash key, and never did.
    Misrouted,
}

/// What a look changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refresh {
    /// The open shards are others now: predictions are to be made anew.
    Changed,
    /// They are as they were.
    Unchanged,
}

impl ShardMap {
    /// The shard that is to own this hash key; `None` while nothing is known of it.
    #[must_use]
    pub fn predict(&self, key: HashKey) -> Option<ShardId> {
        let owns = |index: &usize| self.open.get(*index).is_some_and(|(range, _)| range.contains(key));
        // Most streams are split evenly, and then it is no search.
        let even = usize::try_from(((key.0 >> 64) * self.open.len() as u128) >> 64).ok().filter(owns);
        let search = || Some(self.open.partition_point(|(range, _)| range.end() < key)).filter(owns);
        even.or_else(search).map(|index| self.open[index].1)
    }

    /// The range of a shard, open or closed, if it was ever seen.
    #[must_use]
    pub fn range(&self, shard: ShardId) -> Option<HashKeyRange> {
        self.ranges.get(&shard).copied()
    }

    /// Whether the shard is open, as far as is known.
    #[must_use]
    pub fn is_open(&self, shard: ShardId) -> bool {
        self.range(shard).is_some_and(|range| self.predict(range.start()) == Some(shard))
    }

    /// How many shards are open, as far as is known.
    #[must_use]
    pub fn open_shards(&self) -> usize {
        self.open.len()
    }

    /// Whether nothing speaks against it: a prediction may be relied on.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.look == Look::Content
    }

    /// When to list the shards next; `None` when nothing asks for it, or someone is at it.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        match self.look {
            Look::At(at, _) => Some(at),
            Look::Content | Look::UnderWay(_) => None,
        }
    }

    /// The shards are being listed.
    pub fn looking(&mut self) {
        if let Look::At(_, waited) = self.look {
            self.look = Look::UnderWay(waited);
        }
    }

    /// A record with this hash key landed on this shard. What the map cannot explain makes it look again.
    pub fn landed(&mut self, shard: ShardId, key: HashKey, now: Duration) {
        if self.verdict(shard, key) == Verdict::Explained {
            return;
        }
        if self.doubt.is_none_or(|(known, _)| known < shard) {
            self.doubt = Some((shard, key));
        }
        if self.look == Look::Content {
            self.look = Look::At(now, Duration::ZERO);
        }
    }

    fn verdict(&self, shard: ShardId, key: HashKey) -> Verdict {
        let Some(range) = self.range(shard) else { return Verdict::Behind };
        if !range.contains(key) {
            return Verdict::Misrouted;
        }
        let owner = self.predict(key);
        if owner.is_some_and(|owner| owner >= shard) { Verdict::Explained } else { Verdict::Behind }
    }

    /// How many looks in a row found a record on a shard that never owned its hash key.
    #[must_use]
    pub fn misrouted_looks(&self) -> u32 {
        self.misrouted
    }

    /// Takes in the open shards. A list that does not tile the hash-key space is a glimpse of a reshard: it is not
    /// believed, and the next look comes soon.
    pub fn refreshed(
        &mut self,
        shards: impl IntoIterator<Item = (ShardId, HashKeyRange)>,
        now: Duration,
    ) -> Refresh {
        let mut open: Vec<_> = shards.into_iter().map(|(shard, range)| (range, shard)).collect();
        open.sort_by_key(|(range, _)| range.start());
        self.ranges.extend(open.iter().map(|(range, shard)| (*shard, *range)));
        self.forget();
        if !HashKeyRange::tile(open.iter().map(|(range, _)| *range)) {
            self.wait(now);
            return Refresh::Unchanged;
        }
        let refresh = if open == self.open { Refresh::Unchanged } else { Refresh::Changed };
        self.open = open;
        self.look = Look::Content;
        match self.doubt.map_or(Verdict::Explained, |(shard, key)| self.verdict(shard, key)) {
            Verdict::Explained => (self.doubt, self.fruitless, self.misrouted) = (None, 0, 0),
            verdict => {
                let waited = (0..self.fruitless).fold(Duration::ZERO, |waited, _| longer(waited));
                self.fruitless = (self.fruitless + 1).min(32);
                self.misrouted = if verdict == Verdict::Misrouted { self.misrouted + 1 } else { 0 };
                self.look = Look::UnderWay(waited);
                self.wait(now);
            }
        }
        refresh
    }

    /// Looks again at this time at the latest, whatever happens.
    pub fn look_again(&mut self, at: Duration) {
        match self.look {
            Look::Content => self.look = Look::At(at, Duration::ZERO),
            Look::At(later, waited) if later > at && waited.is_zero() => self.look = Look::At(at, waited),
            Look::At(..) | Look::UnderWay(_) => {}
        }
    }

    /// The shards could not be listed.
    pub fn failed(&mut self, now: Duration) {
        self.wait(now);
    }

    fn wait(&mut self, now: Duration) {
        let waited = match self.look {
            Look::At(_, waited) | Look::UnderWay(waited) => waited,
            Look::Content => Duration::ZERO,
        };
        let wait = longer(waited);
        self.look = Look::At(now + wait, wait);
    }

    fn forget(&mut self) {
        if self.ranges.len() > RANGES_KEPT {
            let mut known: Vec<_> = self.ranges.keys().copied().collect();
            known.sort_unstable();
            for shard in &known[..known.len() - RANGES_KEPT] {
                self.ranges.remove(shard);
            }
        }
    }
}

/// The wait after one of this length.
fn longer(waited: Duration) -> Duration {
    if waited.is_zero() { FIRST_WAIT } else { waited.mul_f64(GROWTH).min(LONGEST_WAIT) }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use pipectl_shards::Lineage;
    use proptest::prelude::*;

    use super::*;

    fn open(lineage: &Lineage) -> Vec<(ShardId, HashKeyRange)> {
        lineage.open().map(|shard| (shard.id, shard.range)).collect()
    }

    fn uniform(count: u32) -> Lineage {
        Lineage::uniform(NonZeroU32::new(count).unwrap())
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    proptest! {
        #[test]
        fn a_prediction_is_the_owner_by_the_lineage(
            count in 1_u32..30, splits in proptest::collection::vec(any::<u128>(), 0..10), key in any::<u128>(),
        ) {
            let mut lineage = uniform(count);
            for at in splits {
                let owner = lineage.owner(HashKey(at)).unwrap().id;
                let _ = lineage.split(owner, HashKey(at));
            }
            let mut map = ShardMap::default();
            prop_assert_eq!(map.predict(HashKey(key)), None);
            map.refreshed(open(&lineage), Duration::ZERO);
            prop_assert_eq!(map.predict(HashKey(key)), lineage.owner(HashKey(key)).map(|shard| shard.id));
        }
    }

    #[test]
    fn the_ends_of_the_space_belong_to_the_outer_shards() {
        let mut map = ShardMap::default();
        map.refreshed(open(&uniform(3)), Duration::ZERO);
        assert_eq!(map.predict(HashKey::MIN), Some(ShardId::new(0)));
        assert_eq!(map.predict(HashKey::MAX), Some(ShardId::new(2)));
    }

    /// A hash key in the last part of the space, and a shard that nobody has listed.
    const LAST: HashKey = HashKey::MAX;
    const UNSEEN: ShardId = ShardId::new(77);

    #[test]
    fn a_new_map_looks_at_once_and_then_only_after_what_it_cannot_explain() {
        let mut map = ShardMap::default();
        assert_eq!(map.due(), Some(Duration::ZERO));
        map.looking();
        assert_eq!(map.due(), None, "someone is at it");
        assert_eq!(map.refreshed(open(&uniform(2)), seconds(1)), Refresh::Changed);
        map.landed(ShardId::new(1), LAST, seconds(4));
        assert_eq!(map.due(), None);
        map.landed(UNSEEN, LAST, seconds(5));
        map.landed(UNSEEN, LAST, seconds(6));
        assert_eq!(map.due(), Some(seconds(5)), "the first surprise counts");
        assert!(!map.is_current());
    }

    #[test]
    fn looks_that_fail_back_off_from_one_second_to_thirty() {
        let mut map = ShardMap::default();
        let mut waits = Vec::new();
        for _ in 0..12 {
            map.looking();
            map.failed(Duration::ZERO);
            waits.push(map.due().unwrap());
        }
        assert_eq!(waits[..3], [1000, 1500, 2250].map(Duration::from_millis));
        assert_eq!(waits[11], seconds(30));
        map.looking();
        map.refreshed(open(&uniform(1)), Duration::ZERO);
        map.landed(UNSEEN, LAST, seconds(9));
        map.looking();
        map.failed(seconds(9));
        assert_eq!(map.due(), Some(seconds(10)), "a success starts the back-off anew");
    }

    #[test]
    fn a_glimpse_of_a_reshard_is_not_believed() {
        let mut lineage = uniform(2);
        let mut map = ShardMap::default();
        map.refreshed(open(&lineage), Duration::ZERO);
        lineage.split(ShardId::new(0), HashKey(100)).unwrap();
        let half: Vec<_> = open(&lineage).into_iter().skip(1).collect();
        map.landed(ShardId::new(2), HashKey(0), seconds(1));
        map.looking();
        assert_eq!(map.refreshed(half, seconds(1)), Refresh::Unchanged);
        assert_eq!(map.predict(HashKey(0)), Some(ShardId::new(0)), "as before");
        assert_eq!(map.due(), Some(seconds(2)));
        map.looking();
        assert_eq!(map.refreshed(open(&lineage), seconds(2)), Refresh::Changed);
        assert_eq!((map.is_current(), map.open_shards()), (true, 3));
    }

    #[test]
    fn the_range_of_a_closed_shard_is_still_known() {
        let mut lineage = uniform(1);
        let mut map = ShardMap::default();
        map.refreshed(open(&lineage), Duration::ZERO);
        lineage.split(ShardId::new(0), HashKey(100)).unwrap();
        map.refreshed(open(&lineage), Duration::ZERO);
        assert_eq!(map.range(ShardId::new(0)), Some(HashKeyRange::ALL));
        assert_eq!(map.range(ShardId::new(9)), None);
        assert_eq!([0, 1, 2, 9].map(|n| map.is_open(ShardId::new(n))), [false, true, true, false]);
    }

    #[test]
    fn lists_that_lag_are_asked_again_with_growing_pauses_until_they_explain_it() {
        let mut lineage = uniform(1);
        let mut map = ShardMap::default();
        map.refreshed(open(&lineage), Duration::ZERO);
        let old = open(&lineage);
        lineage.split(ShardId::new(0), HashKey(100)).unwrap();
        map.landed(ShardId::new(2), LAST, seconds(3));
        let mut waits = Vec::new();
        for _ in 0..12 {
            map.looking();
            assert_eq!(map.refreshed(old.clone(), seconds(3)), Refresh::Unchanged);
            waits.push(map.due().unwrap() - seconds(3));
            assert!(!map.is_current());
        }
        assert_eq!(waits[..3], [1000, 1500, 2250].map(Duration::from_millis));
        assert_eq!((waits[11], map.misrouted_looks()), (seconds(30), 0));
        map.looking();
        assert_eq!(map.refreshed(open(&lineage), seconds(99)), Refresh::Changed);
        assert!(map.is_current());
        // What was sent before the split may be answered after it.
        map.landed(ShardId::new(0), LAST, seconds(99));
        assert!(map.is_current());
        // A list that falls back behind it is found out.
        map.refreshed(old, seconds(100));
        map.landed(ShardId::new(2), LAST, seconds(100));
        assert!(!map.is_current());
    }

    #[test]
    fn a_record_on_a_shard_that_never_owned_its_hash_key_is_beyond_explanation() {
        let mut map = ShardMap::default();
        map.refreshed(open(&uniform(2)), Duration::ZERO);
        map.landed(ShardId::new(0), LAST, seconds(1));
        for looks in 1..4 {
            map.looking();
            map.refreshed(open(&uniform(2)), seconds(1));
            assert_eq!(map.misrouted_looks(), looks);
        }
    }
}
