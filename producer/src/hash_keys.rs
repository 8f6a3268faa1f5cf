//! Where many records land, found out together: the MD5s of their partition keys are independent of each other, and
//! so one takes a fraction of what it takes alone.

use pipectl_shards::HashKey;

use crate::md5::Kernel;
use crate::record::Record;

/// The hash keys of these records, in their order: as [`Record::hash_key`] has them one by one.
#[must_use]
pub fn hash_keys<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<HashKey> {
    let records = records.into_iter();
    let many = records.size_hint().0;
    let mut found = Vec::with_capacity(many);
    let mut keys = Vec::with_capacity(many);
    // Where those without an explicit hash key stand, from the first on that does not stand at its own place.
    let mut places = Vec::new();
    for record in records {
        match record.explicit_hash_key {
            Some(hash_key) => found.push(hash_key),
            None => {
                if keys.len() < found.len() {
                    places.push(found.len());
                }
                keys.push(&record.partition_key);
                found.push(HashKey::MIN);
            }
        }
    }
    let in_place = keys.len() - places.len();
    Kernel::fastest().digest_each(&keys, |at, digest| {
        let place = if at < in_place { at } else { places[at - in_place] };
        found[place] = HashKey(u128::from_be_bytes(digest));
    });
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn together_they_are_what_each_is_alone(
            keys in proptest::collection::vec(("\\PC{0,70}", proptest::option::of(any::<u128>())), 0..100),
        ) {
            let record = |(key, explicit): &(String, Option<u128>)| {
                Record { explicit_hash_key: explicit.map(HashKey), ..Record::new(key, "") }
            };
            let records: Vec<_> = keys.iter().map(record).collect();
            let alone: Vec<_> = records.iter().map(Record::hash_key).collect();
            prop_assert_eq!(hash_keys(&records), alone);
        }
    }
}
