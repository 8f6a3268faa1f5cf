//! Aggregates with bytes changed, cut out and put in: each is read or passed on, and nothing panics.

use fastrand::Rng;
use pipectl_producer::aggregation::{KinesisRecord, Unpacked, deaggregate, deaggregate_strictly, unpack};
use pipectl_producer::md5::digest;
use pipectl_shards::{HashKey, HashKeyRange};

use crate::random::records;
use crate::vectors::written;

/// `PIPECTL_MUTATIONS=1000000` takes some minutes.
const MUTATIONS: u64 = 3_000;

/// An aggregate that was damaged after, or mostly before, it got its checksum.
fn mutated(random: &mut Rng) -> Vec<u8> {
    let mut data = written(&records(random));
    let end = data.len() - 16;
    let mut message = data[4..end].to_vec();
    for _ in 0..random.usize(1..6) {
        // Lengths and tags are at the start of things.
        let at = if random.bool() {
            random.usize(0..message.len())
        } else {
            random.usize(0..message.len().min(40))
        };
        match random.u8(0..5) {
            0 => message[at] ^= 1 << random.u8(0..8),
            1 => message[at] = random.u8(..),
            2 => message.insert(at, random.u8(..)),
            3 if message.len() > 1 => drop(message.remove(at)),
            _ => message.truncate(at + 1),
        }
    }
    data.truncate(4);
    data.extend_from_slice(&message);
    let mut checksum = digest(&message);
    checksum[0] ^= u8::from(random.u8(0..10) == 0);
    data.extend_from_slice(&checksum);
    data
}

#[test]
fn whatever_is_changed_in_an_aggregate_it_is_read_or_passed_on() {
    let asked = std::env::var("PIPECTL_MUTATIONS").ok();
    let mutations = asked.map_or(MUTATIONS, |text| text.parse().expect("PIPECTL_MUTATIONS is a number"));
    let lower_half = HashKeyRange::new(HashKey::MIN, HashKey(u128::MAX / 2)).unwrap();
    let (mut apart, mut problems) = (0_u64, 0_u64);
    for seed in 0..mutations {
        let data = mutated(&mut Rng::with_seed(seed));
        for range in [HashKeyRange::ALL, lower_half] {
            let record = KinesisRecord {
                partition_key: "a".into(),
                sequence_number: "495".into(),
                data: data.clone().into(),
            };
            let given = deaggregate(record.clone(), &range);
            let unpacked = unpack([&data[..]], &range).next().unwrap();
            let found = match &unpacked {
                Unpacked::AsItIs(_) => vec![&data[..]],
                Unpacked::Apart(parts) => parts.iter().map(|part| part.data).collect(),
            };
            assert!(given.iter().map(|record| &record.data[..]).eq(found), "seed {seed}");
            let strict = deaggregate_strictly(record, &range);
            assert_eq!(strict, unpacked.problem().map_or(Ok(given), Err), "seed {seed}");
            apart += u64::from(matches!(unpacked, Unpacked::Apart(_)));
            problems += u64::from(unpacked.problem().is_some());
        }
    }
    assert!(apart > mutations / 10, "many are aggregates still: {apart} of {mutations}");
    assert!(problems > mutations / 10, "and many are not as they should be: {problems} of {mutations}");
}
