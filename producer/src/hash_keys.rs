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
    // Those without an explicit hash key, and where they stand.
    let (mut keys, mut places) = (Vec::with_capacity(many), Vec::with_capacity(many));
    for record in records {
        if record.explicit_hash_key.is_none() {
            keys.push(&record.partition_key);
            places.push(found.len());
        }
        found.push(record.explicit_hash_key.unwrap_or_default());
    }
    Kernel::fastest()
        .digest_each(&keys, |at, digest| found[places[at]] = HashKey(u128::from_be_bytes(digest)));
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
