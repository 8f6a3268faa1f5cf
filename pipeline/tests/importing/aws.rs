//! What others made, and tags that are taken off.

use aws_sdk_firehose::types::{BufferingHints, ExtendedS3DestinationConfiguration};
use aws_sdk_kinesis::Client as Kinesis;
use pipectl_pipeline::Engine;
use pipectl_pipeline::spec::Pipeline;

use crate::bench::Bench;

const OWNERSHIP: [&str; 2] = ["pipectl:pipeline", "pipectl:resource"];

/// Takes the ownership tags off everything that a file made under its own name.
pub(crate) async fn disown(bench: &Bench, file: &Pipeline) {
    let engine = bench.engine("none", "").await;
    let config = engine.sdk_config();
    let kinesis = Kinesis::new(config);
    for logical in file.streams.keys() {
        let stream = file.stream_name(logical);
        let request = kinesis.remove_tags_from_stream().stream_name(stream);
        request.set_tag_keys(Some(keys())).send().await.expect("untagged");
    }
    let firehose = aws_sdk_firehose::Client::new(config);
    for logical in file.deliveries.keys() {
        let delivery = file.delivery_name(logical);
        let request = firehose.untag_delivery_stream().delivery_stream_name(delivery);
        request.set_tag_keys(Some(keys())).send().await.expect("untagged");
    }
    let lambda = aws_sdk_lambda::Client::new(config);
    for logical in file.functions.keys().chain(file.transforms.keys()) {
        let name = file.function_name(logical);
        let arn = format!("arn:aws:lambda:{}:000000000000:function:{name}", engine.region());
        let request = lambda.untag_resource().resource(arn);
        request.set_tag_keys(Some(keys())).send().await.expect("untagged");
    }
}

fn keys() -> Vec<String> {
    OWNERSHIP.map(str::to_owned).to_vec()
}

/// A delivery as somebody made it by hand: a role with another name, and no prefix for errors.
pub(crate) async fn delivery_by_hand(engine: &Engine, name: &str, bucket: &str, stream: &str) {
    let arn =
        |service: &str, rest: &str| format!("arn:aws:{service}:{}:000000000000:{rest}", engine.region());
    let role = "arn:aws:iam::000000000000:role/by-hand";
    let s3 = ExtendedS3DestinationConfiguration::builder()
        .role_arn(role)
        .bucket_arn(format!("arn:aws:s3:::{bucket}"))
        .buffering_hints(BufferingHints::builder().size_in_mbs(16).interval_in_seconds(120).build());
    let source = aws_sdk_firehose::types::KinesisStreamSourceConfiguration::builder()
        .kinesis_stream_arn(arn("kinesis", &format!("stream/{stream}")))
        .role_arn(role)
        .build()
        .expect("whole");
    let client = aws_sdk_firehose::Client::new(engine.sdk_config());
    let request = client.create_delivery_stream().delivery_stream_name(name);
    let request =
        request.delivery_stream_type(aws_sdk_firehose::types::DeliveryStreamType::KinesisStreamAsSource);
    let request = request.kinesis_stream_source_configuration(source);
    request.extended_s3_destination_configuration(s3.build().expect("whole")).send().await.expect("made");
}

/// A stream as somebody made it by hand.
pub(crate) async fn stream_by_hand(engine: &Engine, name: &str, shards: i32) {
    let request = Kinesis::new(engine.sdk_config()).create_stream().stream_name(name).shard_count(shards);
    request.tags("env", "prod").send().await.expect("made");
}

/// A bucket as somebody made it by hand, that keeps versions.
pub(crate) async fn bucket_by_hand(engine: &Engine, url: &str, name: &str) {
    use aws_sdk_s3::types::{
        BucketLocationConstraint, BucketVersioningStatus, CreateBucketConfiguration, VersioningConfiguration,
    };
    let config =
        aws_sdk_s3::config::Builder::from(engine.sdk_config()).endpoint_url(url).force_path_style(true);
    let client = aws_sdk_s3::Client::from_conf(config.build());
    let place = BucketLocationConstraint::from(engine.region());
    let place = CreateBucketConfiguration::builder().location_constraint(place).build();
    client.create_bucket().bucket(name).create_bucket_configuration(place).send().await.expect("made");
    let versions = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    let request = client.put_bucket_versioning().bucket(name).versioning_configuration(versions);
    request.send().await.expect("set");
}
