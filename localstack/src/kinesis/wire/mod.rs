//! The operations of Kinesis as clients call them, one file per group.

mod describe;
mod list_shards;
mod read;
mod reshard;
mod settings;
mod streams;
mod tags;
mod target;
mod values;
mod write;

use std::sync::Arc;

use crate::http::{Answer, AwsError, JsonCall};
use crate::world::World;

/// Answers one call.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "PutRecords" => call.output(&write::put_records(world, context, call.input()?)?),
        "PutRecord" => call.output(&write::put_record(world, context, call.input()?)?),
        "GetRecords" => call.output(&read::get_records(world, context, call.input()?)?),
        "GetShardIterator" => call.output(&read::get_shard_iterator(world, context, call.input()?)?),
        "CreateStream" => call.nothing(streams::create(world, context, call.input()?)?),
        "DeleteStream" => call.nothing(streams::delete(world, context, call.input()?)?),
        "ListStreams" => call.output(&streams::list(world, context, call.input()?)?),
        "DescribeLimits" => call.output(&streams::limits(world, context)),
        "DescribeStream" => call.output(&describe::stream(world, context, call.input()?)?),
        "DescribeStreamSummary" => call.output(&describe::summary(world, context, call.input()?)?),
        "ListShards" => call.output(&list_shards::list(world, context, call.input()?)?),
        "UpdateShardCount" => call.output(&reshard::update_shard_count(world, context, call.input()?)?),
        "SplitShard" => call.nothing(reshard::split(world, context, call.input()?)?),
        "MergeShards" => call.nothing(reshard::merge(world, context, call.input()?)?),
        "AddTagsToStream" => call.nothing(tags::add(world, context, call.input()?)?),
        "RemoveTagsFromStream" => call.nothing(tags::remove(world, context, call.input()?)?),
        "ListTagsForStream" => call.output(&tags::list(world, context, call.input()?)?),
        "TagResource" => call.nothing(tags::tag_resource(world, context, call.input()?)?),
        "UntagResource" => call.nothing(tags::untag_resource(world, context, call.input()?)?),
        "ListTagsForResource" => call.output(&tags::list_for_resource(world, context, call.input()?)?),
        "IncreaseStreamRetentionPeriod" => {
            call.nothing(settings::increase_retention(world, context, call.input()?)?)
        }
        "DecreaseStreamRetentionPeriod" => {
            call.nothing(settings::decrease_retention(world, context, call.input()?)?)
        }
        "StartStreamEncryption" => call.nothing(settings::start_encryption(world, context, call.input()?)?),
        "StopStreamEncryption" => call.nothing(settings::stop_encryption(world, context, call.input()?)?),
        "UpdateStreamMode" => call.nothing(settings::update_mode(world, context, call.input()?)?),
        "UpdateMaxRecordSize" => {
            call.nothing(settings::update_max_record_size(world, context, call.input()?)?)
        }
        "EnableEnhancedMonitoring" => call.output(&settings::enable_metrics(world, context, call.input()?)?),
        "DisableEnhancedMonitoring" => {
            call.output(&settings::disable_metrics(world, context, call.input()?)?)
        }
        operation => Err(AwsError::unknown_operation(operation)),
    }
}
