//! What others do beside the engine, and a look at what it did.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::types::{ScalingType, StreamStatus};
use pipectl_pipeline::Engine;

/// Lengthens a stream's retention, and waits until it is.
pub(crate) async fn keep_longer(engine: &Engine, stream: &str, hours: i32) {
    let client = Client::new(engine.sdk_config());
    let request = client.increase_stream_retention_period().stream_name(stream);
    request.retention_period_hours(hours).send().await.expect("changed outside");
    settled(&client, stream).await;
}

/// Sets a stream's shard count, and waits until it has.
pub(crate) async fn reshard(engine: &Engine, stream: &str, shards: i32) {
    let client = Client::new(engine.sdk_config());
    let request = client.update_shard_count().stream_name(stream).target_shard_count(shards);
    request.scaling_type(ScalingType::UniformScaling).send().await.expect("changed outside");
    settled(&client, stream).await;
}

/// Deletes a stream, and waits until it is gone.
pub(crate) async fn delete(engine: &Engine, stream: &str) {
    let client = Client::new(engine.sdk_config());
    client.delete_stream().stream_name(stream).send().await.expect("deleted outside");
    while client.describe_stream_summary().stream_name(stream).send().await.is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn settled(client: &Client, stream: &str) {
    loop {
        let seen = client.describe_stream_summary().stream_name(stream).send().await.expect("it is there");
        let summary = seen.stream_description_summary().expect("a summary");
        if *summary.stream_status() == StreamStatus::Active {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// How many shards a stream has, closed ones included.
pub(crate) async fn all_shards(engine: &Engine, stream: &str) -> usize {
    let request = Client::new(engine.sdk_config()).list_shards().stream_name(stream);
    request.send().await.expect("it is there").shards().len()
}

/// The environment of a function.
pub(crate) async fn environment(engine: &Engine, function: &str) -> HashMap<String, String> {
    let client = aws_sdk_lambda::Client::new(engine.sdk_config());
    let seen = client.get_function_configuration().function_name(function).send().await.expect("it is there");
    seen.environment.and_then(|environment| environment.variables).unwrap_or_default()
}

/// Gives a variable of a function's environment another value.
pub(crate) async fn set_environment(engine: &Engine, function: &str, name: &str, value: &str) {
    let mut variables = environment(engine, function).await;
    variables.insert(name.to_owned(), value.to_owned());
    let environment = aws_sdk_lambda::types::Environment::builder().set_variables(Some(variables)).build();
    let client = aws_sdk_lambda::Client::new(engine.sdk_config());
    let request = client.update_function_configuration().function_name(function).environment(environment);
    request.send().await.expect("changed outside");
}

/// The names of all streams, functions, deliveries and log groups.
pub(crate) async fn names(engine: &Engine) -> BTreeSet<String> {
    let config = engine.sdk_config();
    let streams = aws_sdk_kinesis::Client::new(config).list_streams().send().await.expect("listed");
    let firehose =
        aws_sdk_firehose::Client::new(config).list_delivery_streams().send().await.expect("listed");
    let functions = aws_sdk_lambda::Client::new(config).list_functions().send().await.expect("listed");
    let groups =
        aws_sdk_cloudwatchlogs::Client::new(config).describe_log_groups().send().await.expect("listed");
    let functions = functions.functions.unwrap_or_default().into_iter().filter_map(|it| it.function_name);
    let groups = groups.log_groups.unwrap_or_default().into_iter().filter_map(|it| it.log_group_name);
    streams
        .stream_names
        .into_iter()
        .chain(firehose.delivery_stream_names)
        .chain(functions)
        .chain(groups)
        .collect()
}
