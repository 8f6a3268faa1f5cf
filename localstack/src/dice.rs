//! Everything that is random here: ids, tokens, the random part of an object's name.
//!
//! Without a seed it is chance. With one, the same program sees the same values: each is made of the seed, what it is
//! for, whom it is for, and how many of these there were before. So a call for one stream does not change what another
//! stream gets, whichever comes first.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use md5::{Digest, Md5};
use uuid::Uuid;

use crate::lock::Lock;

/// Names whose values are counted apart; those beyond share one count for each purpose.
const MAX_COUNTERS: usize = 50_000;

/// The source of random values of one world. Copies share it.
#[derive(Clone, Default)]
pub struct Dice(Option<Arc<Seeded>>);

struct Seeded {
    seed: u64,
    counters: Lock<HashMap<(&'static str, String), u64>>,
}

impl Dice {
    /// The same values for the same seed; without one, chance.
    pub fn new(seed: Option<u64>) -> Self {
        Self(seed.map(|seed| Arc::new(Seeded { seed, counters: Lock::default() })))
    }

    /// The seed, where there is one.
    pub fn seed(&self) -> Option<u64> {
        self.0.as_ref().map(|seeded| seeded.seed)
    }

    /// The next value for a purpose (`"request"`) and a name (a stream's, or nothing).
    pub fn draw(&self, purpose: &'static str, name: &str) -> u128 {
        match &self.0 {
            Some(seeded) => seeded.draw(purpose, name),
            None => fastrand::u128(..),
        }
    }

    /// The next random UUID for a purpose and a name.
    pub fn uuid(&self, purpose: &'static str, name: &str) -> Uuid {
        match &self.0 {
            Some(seeded) => uuid::Builder::from_u128(seeded.draw(purpose, name))
                .with_version(uuid::Version::Random)
                .with_variant(uuid::Variant::RFC4122)
                .into_uuid(),
            None => Uuid::new_v4(),
        }
    }

    /// `count` random bytes.
    pub fn bytes(&self, purpose: &'static str, name: &str, count: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(count);
        while bytes.len() < count {
            let drawn = self.draw(purpose, name).to_be_bytes();
            bytes.extend_from_slice(&drawn[..drawn.len().min(count - bytes.len())]);
        }
        bytes
    }
}

impl Seeded {
    fn draw(&self, purpose: &'static str, name: &str) -> u128 {
        let mut counters = self.counters.lock();
        let name = if counters.len() < MAX_COUNTERS { name } else { "" };
        let counter = counters.entry((purpose, name.to_owned())).or_default();
        *counter += 1;
        mix(self.seed, &[purpose, name], *counter)
    }
}

/// A value that depends on all of these, evenly spread: for decisions that have a seed and no state.
pub(crate) fn mix(seed: u64, names: &[&str], number: u64) -> u128 {
    let mut digest = Md5::new().chain_update(seed.to_be_bytes()).chain_update(number.to_be_bytes());
    for name in names {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
    }
    u128::from_be_bytes(digest.finalize().into())
}

impl fmt::Debug for Dice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.seed() {
            Some(seed) => write!(f, "Dice with the seed {seed}"),
            None => f.write_str("Dice"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_values_and_another_gives_others() {
        let values = |seed| {
            let dice = Dice::new(Some(seed));
            [dice.uuid("a", "x"), dice.uuid("a", "x"), dice.uuid("b", "x")]
        };
        assert_eq!(values(1), values(1));
        assert_ne!(values(1), values(2));
        let [first, second, other] = values(1);
        assert!(first != second && first != other);
        assert_eq!(first.get_version_num(), 4);
    }

    #[test]
    fn what_others_draw_changes_nothing() {
        let (quiet, busy) = (Dice::new(Some(7)), Dice::new(Some(7)));
        for n in 0..10 {
            busy.draw("record", &n.to_string());
        }
        assert_eq!(quiet.draw("record", "mine"), busy.draw("record", "mine"));
    }

    #[test]
    fn names_do_not_run_into_one_another() {
        assert_ne!(mix(1, &["ab", "c"], 1), mix(1, &["a", "bc"], 1));
    }

    #[test]
    fn bytes_are_as_many_as_were_asked_for() {
        for count in [0, 1, 16, 40] {
            assert_eq!(Dice::new(Some(1)).bytes("a", "", count).len(), count);
            assert_eq!(Dice::default().bytes("a", "", count).len(), count);
        }
    }
}
