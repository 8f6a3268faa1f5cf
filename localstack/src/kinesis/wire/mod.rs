//! The operations of Kinesis as clients call them, one file per group.

mod account;
mod capacity;
mod consumers;
mod describe;
mod list_shards;
mod model;
mod patterns;
mod policies;
mod read;
mod reshard;
mod resource;
mod settings;
mod streams;
mod subscribe;
mod tags;
mod target;
mod values;
mod write;

use std::sync::Arc;

use serde::Deserialize;

use super::limits::Limited;
use crate::http::shape::Input;
use crate::http::{Answer, AwsError, JsonCall};
use crate::world::World;

/// The input of an operation that takes none.
#[derive(Debug, Deserialize)]
struct Nothing {}

/// Answers one call. Every input is checked against the API's model before its operation sees it.
pub(crate) async fn serve(world: &Arc<World>, call: &JsonCall) -> Result<Answer, AwsError> {
    // AWS says nothing more of an operation that it does not know.
    let unknown = || AwsError::bad_request("UnknownOperationException", "");
    let model = model::input_of(call.operation()).ok_or_else(unknown)?;
    call.signed()?;
    if Limited::of(call.operation()).is_some() {
        // What no service could read is told so, and counts for no rate.
        call.checked::<serde_json::Value>(model)?;
    }
    let stream = || target::named(world, call);
    world.kinesis.count_call(call.operation(), &call.context.region, stream, world.clock.now())?;
    match call.operation() {
        "PutRecords" | "PutRecord" | "GetRecords" | "GetShardIterator" | "SubscribeToShard" => {
            data(world, call, model)
        }
        operation
            if operation.contains("Tag") || operation.contains("Policy") || operation == "UntagResource" =>
        {
            resources(world, call, model)
        }
        operation if operation.contains("Consumer") => consumers(world, call, model),
        operation if operation.starts_with("List") || operation.starts_with("Describe") => {
            reads(world, call, model)
        }
        _ => changes(world, call, model),
    }
}

/// Records in and out.
fn data(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "PutRecords" => {
            let input =
                call.quickly(model, |input: &write::PutRecordsInput| input.is_fine(world, context))?;
            call.output(&write::put_records(world, context, input)?)
        }
        "PutRecord" => {
            let input = call.quickly(model, |input: &write::PutRecordInput| input.is_fine(world, context))?;
            call.output(&write::put_record(world, context, input)?)
        }
        "GetRecords" => {
            let input = call.quickly(model, read::GetRecordsInput::is_fine)?;
            call.output(&read::get_records(world, context, input)?)
        }
        "GetShardIterator" => call.output(&read::get_shard_iterator(world, context, call.checked(model)?)?),
        _ => subscribe::subscribe(world, call, call.checked(model)?),
    }
}

/// What streams and consumers have alike: tags and policies.
fn resources(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "AddTagsToStream" => call.nothing(tags::add(world, context, call.checked(model)?)?),
        "RemoveTagsFromStream" => call.nothing(tags::remove(world, context, call.checked(model)?)?),
        "ListTagsForStream" => call.output(&tags::list(world, context, call.checked(model)?)?),
        "TagResource" => call.nothing(tags::tag_resource(world, context, call.checked(model)?)?),
        "UntagResource" => call.nothing(tags::untag_resource(world, context, call.checked(model)?)?),
        "ListTagsForResource" => call.output(&tags::list_for_resource(world, context, call.checked(model)?)?),
        "PutResourcePolicy" => call.nothing(policies::put(world, context, call.checked(model)?)?),
        "GetResourcePolicy" => call.output(&policies::get(world, context, call.checked(model)?)?),
        _ => call.nothing(policies::delete(world, context, call.checked(model)?)?),
    }
}

fn consumers(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "RegisterStreamConsumer" => call.output(&consumers::register(world, context, call.checked(model)?)?),
        "DescribeStreamConsumer" => call.output(&consumers::describe(world, context, call.checked(model)?)?),
        "ListStreamConsumers" => call.output(&consumers::list(world, context, call.checked(model)?)?),
        _ => call.nothing(consumers::deregister(world, context, call.checked(model)?)?),
    }
}

fn reads(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "ListStreams" => call.output(&streams::list(world, context, call.checked(model)?)?),
        "ListShards" => call.output(&list_shards::list(world, context, call.checked(model)?)?),
        "DescribeStream" => call.output(&describe::stream(world, context, call.checked(model)?)?),
        "DescribeStreamSummary" => call.output(&describe::summary(world, context, call.checked(model)?)?),
        operation => {
            let Nothing {} = call.checked(model)?;
            match operation {
                "DescribeLimits" => call.output(&streams::limits(world, context)),
                _ => call.output(&account::describe(world, context)),
            }
        }
    }
}

fn changes(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "CreateStream" => call.nothing(streams::create(world, context, call.checked(model)?)?),
        "DeleteStream" => call.nothing(streams::delete(world, context, call.checked(model)?)?),
        "UpdateShardCount" => {
            call.output(&reshard::update_shard_count(world, context, call.checked(model)?)?)
        }
        "SplitShard" => call.nothing(reshard::split(world, context, call.checked(model)?)?),
        "MergeShards" => call.nothing(reshard::merge(world, context, call.checked(model)?)?),
        "UpdateAccountSettings" => call.output(&account::update(world, context, call.checked(model)?)?),
        "UpdateStreamWarmThroughput" => {
            call.output(&capacity::update_warm(world, context, call.checked(model)?)?)
        }
        "UpdateStreamRecordDistributionStrategy" => {
            call.nothing(capacity::update_distribution(world, context, call.checked(model)?)?)
        }
        _ => settings(world, call, model),
    }
}

fn settings(world: &Arc<World>, call: &JsonCall, model: Input) -> Result<Answer, AwsError> {
    let context = &call.context;
    match call.operation() {
        "IncreaseStreamRetentionPeriod" => {
            call.nothing(settings::increase_retention(world, context, call.checked(model)?)?)
        }
        "DecreaseStreamRetentionPeriod" => {
            call.nothing(settings::decrease_retention(world, context, call.checked(model)?)?)
        }
        "StartStreamEncryption" => {
            call.nothing(settings::start_encryption(world, context, call.checked(model)?)?)
        }
        "StopStreamEncryption" => {
            call.nothing(settings::stop_encryption(world, context, call.checked(model)?)?)
        }
        "UpdateStreamMode" => call.nothing(settings::update_mode(world, context, call.checked(model)?)?),
        "UpdateMaxRecordSize" => {
            call.nothing(settings::update_max_record_size(world, context, call.checked(model)?)?)
        }
        "EnableEnhancedMonitoring" => {
            call.output(&settings::enable_metrics(world, context, call.checked(model)?)?)
        }
        "DisableEnhancedMonitoring" => {
            call.output(&settings::disable_metrics(world, context, call.checked(model)?)?)
        }
        operation => Err(AwsError::unknown_operation(operation)),
    }
}
