//! A table of keys, each stored once: field 1 or 2 of the message, as far as it is written.

use std::hash::{BuildHasher, Hasher};

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::wire::{bytes_field_len, write_bytes};

/// The keys of an aggregate by their place in it.
///
/// A key is in memory once, in the bytes that go out; finding one costs no allocation.
#[derive(Debug, Default)]
pub(super) struct Table {
    encoded: Encoded,
    keys: Vec<Key>,
    /// Indices into `keys`.
    indices: HashTable<u32>,
    hasher: RandomState,
}

/// The field as it goes out, and room after it: what was written once is not cleared to be written again.
#[derive(Debug, Default)]
struct Encoded {
    bytes: Vec<u8>,
    length: usize,
}

/// As much room as is made at once.
const ROOM: usize = 4096;

impl Encoded {
    fn put(&mut self, field: u8, key: &[u8]) {
        let end = self.length + bytes_field_len(key.len());
        if self.bytes.len() < end {
            self.bytes.resize((2 * self.bytes.len()).max(end + ROOM), 0);
        }
        write_bytes(&mut self.bytes[self.length..end], field, key);
        self.length = end;
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// Where in the encoded table a key is.
#[derive(Clone, Copy, Debug)]
struct Key {
    hash: u64,
    end: usize,
    length: usize,
}

impl Key {
    fn is(&self, hash: u64, key: &str, encoded: &[u8]) -> bool {
        self.hash == hash && &encoded[self.end - self.length..self.end] == key.as_bytes()
    }
}

impl Table {
    /// The index that `key` has or would get, and the bytes it would add. `hash` is [`Self::hash`] of it, or whatever
    /// else tells keys apart and is the same each time.
    pub(super) fn probe(&self, hash: u64, key: &str) -> (u32, usize) {
        match self.indices.find(hash, |index| self.keys[*index as usize].is(hash, key, &self.encoded.bytes)) {
            Some(index) => (*index, 0),
            None => (count(&self.keys), bytes_field_len(key.len())),
        }
    }

    /// The index of `key`, which is added if it is new; `hash` as in [`Self::probe`].
    pub(super) fn index(&mut self, field: u8, hash: u64, key: &str) -> u32 {
        let Self { encoded, keys, indices, .. } = self;
        let is_it = |index: &u32| keys[*index as usize].is(hash, key, &encoded.bytes);
        match indices.entry(hash, is_it, |index| keys[*index as usize].hash) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let index = count(keys);
                place.insert(index);
                encoded.put(field, key.as_bytes());
                keys.push(Key { hash, end: encoded.length, length: key.len() });
                index
            }
        }
    }

    /// The field as it goes out.
    pub(super) fn encoded(&self) -> &[u8] {
        self.encoded.bytes()
    }

    pub(super) fn clear(&mut self) {
        self.encoded.length = 0;
        self.keys.clear();
        self.indices.clear();
    }

    /// A hash of `key`.
    pub(super) fn hash(&self, key: &str) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        // Its bytes and no more: there is nothing before or after it that it could run into.
        hasher.write(key.as_bytes());
        hasher.finish()
    }
}

/// An aggregate of more keys than 32 bits count would be larger than any record.
fn count(keys: &[Key]) -> u32 {
    u32::try_from(keys.len()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_keeps_the_place_it_got_first(keys in proptest::collection::vec("[a-c]{0,3}", 0..80)) {
            let mut table = Table::default();
            let mut seen: Vec<&str> = Vec::new();
            for key in &keys {
                let place = seen.iter().position(|known| known == key);
                let expected = u32::try_from(place.unwrap_or(seen.len())).unwrap();
                let added = if place.is_none() { 2 + key.len() } else { 0 };
                prop_assert_eq!(table.probe(table.hash(key), key), (expected, added));
                let before = table.encoded().len();
                prop_assert_eq!(table.index(1, table.hash(key), key), expected);
                prop_assert_eq!(table.encoded().len(), before + added);
                if place.is_none() {
                    seen.push(key);
                }
            }
            let encoded: Vec<u8> = seen.iter().flat_map(|key| {
                [&[0x0a, u8::try_from(key.len()).unwrap()], key.as_bytes()].concat()
            }).collect();
            prop_assert_eq!(table.encoded(), encoded);
            table.clear();
            prop_assert_eq!((table.probe(table.hash("a"), "a"), table.encoded()), ((0, 3), &[][..]));
        }
    }
}
