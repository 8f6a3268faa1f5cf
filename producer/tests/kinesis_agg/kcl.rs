//! What only KCL does, and the peers do not: the filter by the shard's range, and checkpoints within an aggregate.

use pipectl_producer::aggregation::{Deaggregated, KinesisRecord, deaggregate, deaggregate_strictly};
use pipectl_shards::{HashKey, HashKeyRange};

use crate::vectors::{User, written};

fn record(data: Vec<u8>) -> KinesisRecord {
    KinesisRecord { partition_key: "a".into(), sequence_number: "495".into(), data: data.into() }
}

#[test]
fn a_record_outside_the_shard_by_key_or_explicit_hash_key_drops_its_whole_aggregate() {
    let [low, high] = HashKeyRange::uniform(2.try_into().unwrap())[..] else { unreachable!() };
    // MD5 of `a` begins with 0c, that of `b` with 92.
    let cases = [
        (vec![User::new("a", None, b"1"), User::new("b", None, b"2")], None),
        (vec![User::new("a", None, b"1"), User::new("a", None, b"2")], Some(low)),
        (vec![User::new("b", None, b"1"), User::new("b", None, b"2")], Some(high)),
        (vec![User::new("a", None, b"1"), User::new("b", Some("0"), b"2")], Some(low)),
        (vec![User::new("a", Some(&u128::MAX.to_string()), b"1"), User::new("b", None, b"2")], Some(high)),
    ];
    for (users, home) in cases {
        for range in [low, high] {
            let kept = deaggregate(record(written(&users)), &range);
            let strict = deaggregate_strictly(record(written(&users)), &range);
            if home == Some(range) {
                assert_eq!(kept.len(), 2, "{users:?}");
                assert_eq!(strict, Ok(kept));
            } else {
                assert_eq!(kept, [], "{users:?}");
                assert!(matches!(strict, Err(Deaggregated::OutOfRange { records: 2, .. })), "{strict:?}");
            }
        }
    }
}

#[test]
fn a_record_before_a_bad_index_is_lost_too_when_one_before_that_is_outside() {
    let range = HashKeyRange::new(HashKey(0), HashKey(99)).unwrap();
    let outside_last = [User::new("k", Some("1"), b"1"), User::new("k", Some("100"), b"2")];
    let problem = Deaggregated::OutOfRange { index: 1, records: 2 };
    assert_eq!(deaggregate_strictly(record(written(&outside_last)), &range), Err(problem));
}

#[test]
fn a_checkpoint_within_an_aggregate_leaves_exactly_what_comes_after_it() {
    let users: Vec<_> = (0..5).map(|n| User::new("k", None, &[n])).collect();
    let after = |checkpoint: (&str, u64)| -> Vec<u8> {
        deaggregate(record(written(&users)), &HashKeyRange::ALL)
            .into_iter()
            .filter(|record| (record.sequence_number.as_str(), record.sub_sequence_number) > checkpoint)
            .map(|record| record.data[0])
            .collect()
    };
    assert_eq!(after(("495", 1)), [2, 3, 4]);
    assert_eq!(after(("495", 4)), [0_u8; 0]);
    assert_eq!(after(("494", 4)), [0, 1, 2, 3, 4]);
}
