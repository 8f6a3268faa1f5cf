//! A reshard every hour: as many by `UpdateShardCount` as AWS allows in a day, the others by one split or merge.

use std::time::Duration;

use aws_sdk_kinesis::types::{Shard, ShardFilter, ShardFilterType};
use pipectl_shards::{HashKey, HashKeyRange};

use super::lineage::range;
use super::{HOUR, HOURS, MINUTE, STREAM, active};

/// The shard counts of the first hours; an eleventh within the day is refused.
const COUNTS: [i32; 10] = [40, 20, 30, 20, 25, 20, 40, 20, 30, 20];

/// The day.
pub(super) async fn run(kinesis: &aws_sdk_kinesis::Client) {
    // Not at the full hour, where a minute's metrics are read.
    tokio::time::sleep(Duration::from_secs(10)).await;
    let mut expected = 20;
    for hour in 0..HOURS {
        match COUNTS.get(usize::try_from(hour).expect("an hour")) {
            Some(count) => {
                update(kinesis, *count).await.expect("ten a day are allowed");
                let again = update(kinesis, 20).await.expect_err("the stream is being updated");
                assert!(again.is_resource_in_use_exception(), "{again}");
                expected = *count;
            }
            None => {
                let refused = update(kinesis, expected + 1).await.expect_err("ten a day are all");
                assert!(refused.is_limit_exceeded_exception(), "{refused}");
                let splits = hour % 2 == 0;
                split_or_merge(kinesis, splits).await;
                expected += if splits { 1 } else { -1 };
            }
        }
        let began = tokio::time::Instant::now();
        assert_eq!(active(kinesis).await, expected, "hour {hour}");
        assert!(began.elapsed() < 10 * MINUTE, "it took {:?}", began.elapsed());
        tokio::time::sleep_until(began + HOUR - Duration::from_secs(1)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn update(
    kinesis: &aws_sdk_kinesis::Client,
    count: i32,
) -> Result<(), aws_sdk_kinesis::operation::update_shard_count::UpdateShardCountError> {
    let update = kinesis.update_shard_count().stream_name(STREAM).target_shard_count(count);
    let sent = update.scaling_type("UNIFORM_SCALING".into()).send().await;
    sent.map(|_| ()).map_err(aws_sdk_kinesis::error::SdkError::into_service_error)
}

/// The widest open shard in two, or the two narrowest neighbours in one.
async fn split_or_merge(kinesis: &aws_sdk_kinesis::Client, splits: bool) {
    let open = ShardFilter::builder().r#type(ShardFilterType::AtLatest).build().expect("it is complete");
    let listed = kinesis.list_shards().stream_name(STREAM).shard_filter(open).send().await;
    let mut shards = listed.expect("it exists").shards.unwrap_or_default();
    shards.sort_by_key(|shard| range(shard).start());
    let width = |range: &HashKeyRange| range.end().0 - range.start().0;
    if splits {
        let widest = shards.iter().max_by_key(|shard| width(&range(shard))).expect("it has shards");
        let middle: HashKey = range(widest).midpoint().expect("it is wide");
        let split = kinesis.split_shard().stream_name(STREAM).shard_to_split(widest.shard_id());
        split.new_starting_hash_key(middle.to_string()).send().await.expect("it may be split");
    } else {
        let both = |pair: &&[Shard]| width(&range(&pair[0])) + width(&range(&pair[1]));
        let pair = shards.windows(2).min_by_key(both).expect("it has shards");
        let merge = kinesis.merge_shards().stream_name(STREAM).shard_to_merge(pair[0].shard_id());
        merge.adjacent_shard_to_merge(pair[1].shard_id()).send().await.expect("they are neighbours");
    }
}
