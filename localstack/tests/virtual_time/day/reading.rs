//! Reads a whole day from its first record, parents before children.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_sdk_kinesis::types::{Shard, ShardIteratorType};

use super::STREAM;
use super::lineage::parents;
use super::producer::{Put, Taken};

/// Longer than a shard takes to answer five calls.
const PAUSE: Duration = Duration::from_millis(250);

/// What was taken is there, once, under the number that was told, and each key's records in the order of putting.
pub(super) async fn everything_is_read_once_and_in_order(
    kinesis: &aws_sdk_kinesis::Client,
    shards: &BTreeMap<String, Shard>,
    put: &Put,
) {
    let mut read: BTreeMap<String, Vec<Taken>> = BTreeMap::new();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    while done.len() < shards.len() {
        let is_next = |shard: &&Shard| {
            !done.contains(shard.shard_id())
                // A parent past its retention is not listed; none is here.
                && parents(shard).all(|parent| done.contains(parent))
        };
        let next: Vec<&Shard> = shards.values().filter(is_next).collect();
        assert!(!next.is_empty(), "parents come before their children");
        for shard in next {
            read_shard(kinesis, shard.shard_id(), &mut read).await;
            done.insert(shard.shard_id());
        }
    }
    for (key, taken) in &put.taken {
        assert_eq!(read.get(key), Some(taken), "{key}");
    }
    assert_eq!(read.len(), put.taken.len());
}

async fn read_shard(kinesis: &aws_sdk_kinesis::Client, shard: &str, read: &mut BTreeMap<String, Vec<Taken>>) {
    let first = kinesis.get_shard_iterator().stream_name(STREAM).shard_id(shard);
    let first =
        first.shard_iterator_type(ShardIteratorType::TrimHorizon).send().await.expect("the shard exists");
    let mut iterator = first.shard_iterator;
    while let Some(at) = iterator {
        let batch = kinesis.get_records().shard_iterator(at).send().await.expect("nobody else reads");
        let behind = batch.millis_behind_latest.unwrap_or_default();
        for record in batch.records() {
            let number = String::from_utf8_lossy(record.data().as_ref()).parse().expect("it is a number");
            let sequence = record.sequence_number().to_owned();
            let taken = Taken { shard: shard.to_owned(), sequence, number };
            read.entry(record.partition_key().unwrap_or_default().to_owned()).or_default().push(taken);
        }
        // An open shard never ends.
        iterator = batch.next_shard_iterator.filter(|_| behind > 0 || !batch.records.is_empty());
        tokio::time::sleep(PAUSE).await;
    }
}
