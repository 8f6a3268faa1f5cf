//! Random aggregates, to and fro between every peer and us.

use fastrand::Rng;

use crate::peers::{Seen, hex, peers};
use crate::vectors::{User, read, written};

const CASES: u64 = 300;

/// Two records or more; explicit hash keys for all or for none, and no key that looks like an array index.
pub(crate) fn records(random: &mut Rng) -> Vec<User> {
    let keys = random.usize(1..200);
    let hashed = random.bool();
    let count = random.usize(2..200);
    let record = |random: &mut Rng| {
        let n = random.usize(0..keys);
        let key = match random.u8(0..4) {
            0 => format!("ключ-{n}"),
            1 => format!("{n:036x}-"),
            2 => format!("🔑{}", "k".repeat(n)),
            _ => format!("user-{n}"),
        };
        // An index is below 2^32.
        let hash = hashed.then(|| u128::from(random.u64(0..40)) << random.u32(40..120) | 1 << 40);
        let data: Vec<_> = (0..random.usize(0..300)).map(|_| random.u8(..)).collect();
        User { key, hash: hash.map(|hash| hash.to_string()), data }
    };
    (0..count).map(|_| record(random)).collect()
}

#[test]
fn random_aggregates_go_both_ways_byte_for_byte() {
    let mut peers = peers();
    for seed in 0..CASES {
        let records = records(&mut Rng::with_seed(seed));
        let ours = written(&records);
        let expected = Seen::Records(records.clone());
        assert_eq!(read(&ours), expected, "seed {seed}");
        for peer in &mut peers {
            assert_eq!(peer.decode(&ours), expected, "seed {seed}: {} reads ours", peer.name);
            let theirs = peer.encode(&records);
            assert_eq!(hex(&theirs), hex(&ours), "seed {seed}: {} writes otherwise", peer.name);
            assert_eq!(read(&theirs), expected, "seed {seed}: we read {}'s", peer.name);
        }
    }
}
