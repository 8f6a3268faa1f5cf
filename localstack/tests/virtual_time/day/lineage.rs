//! The shards that were in a day, and whether they descend from one another as they ought to.

use std::collections::BTreeMap;

use aws_sdk_kinesis::types::Shard;
use pipectl_shards::HashKeyRange;

use super::STREAM;

/// All of them, by name.
pub(super) async fn of(kinesis: &aws_sdk_kinesis::Client) -> BTreeMap<String, Shard> {
    let mut shards = BTreeMap::new();
    let mut page =
        kinesis.list_shards().stream_name(STREAM).max_results(100).send().await.expect("it exists");
    loop {
        shards
            .extend(page.shards.unwrap_or_default().into_iter().map(|shard| (shard.shard_id.clone(), shard)));
        let Some(token) = page.next_token else { return shards };
        page = kinesis.list_shards().next_token(token).send().await.expect("the token is good");
    }
}

/// A shard's range.
pub(super) fn range(shard: &Shard) -> HashKeyRange {
    let keys = shard.hash_key_range().expect("a shard has a range");
    let key = |text: &str| text.parse().expect("a hash key is a number");
    HashKeyRange::new(key(keys.starting_hash_key()), key(keys.ending_hash_key()))
        .expect("it does not end first")
}

/// The shards that this one comes from.
pub(super) fn parents(shard: &Shard) -> impl Iterator<Item = &str> {
    shard.parent_shard_id().into_iter().chain(shard.adjacent_parent_shard_id())
}

fn numbers(shard: &Shard) -> (&str, Option<&str>) {
    let numbers = shard.sequence_number_range().expect("a shard has one");
    (numbers.starting_sequence_number(), numbers.ending_sequence_number())
}

/// The open ones tile the hash keys; the first twenty have no parents, all others those whose keys they have taken over,
/// and they begin after these have ended.
pub(super) fn is_whole(shards: &BTreeMap<String, Shard>) {
    let open = shards.values().filter(|shard| numbers(shard).1.is_none());
    assert!(HashKeyRange::tile(open.map(range)), "the open shards tile the hash keys");
    assert_eq!(shards.values().filter(|shard| parents(shard).next().is_none()).count(), 20);
    assert!(shards.len() > 200, "{} shards", shards.len());
    for shard in shards.values() {
        let name = shard.shard_id();
        for parent in parents(shard) {
            let parent = &shards[parent];
            let (own, parents) = (range(shard), range(parent));
            let overlap = own.start().max(parents.start()) <= own.end().min(parents.end());
            assert!(overlap, "{name} has keys of its parent");
            let ended = numbers(parent).1.expect("a parent is closed");
            let began = numbers(shard).0;
            assert!((ended.len(), ended) < (began.len(), began), "{name} begins after its parent has ended");
        }
        let children = shards.values().filter(|child| parents(child).any(|parent| parent == name));
        let is_closed = numbers(shard).1.is_some();
        assert_eq!(children.count() > 0, is_closed, "{name} has children when it is closed, and only then");
    }
}
