//! Firehose over the wire, as the AWS SDK for Rust speaks it.

#![expect(clippy::unwrap_used, reason = "every unwrap is a test's, helpers included")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_sdk_firehose::Client;
use aws_sdk_firehose::error::ProvideErrorMetadata;
use aws_sdk_firehose::operation::create_delivery_stream::builders::CreateDeliveryStreamFluentBuilder;
use aws_sdk_firehose::primitives::Blob;
use aws_sdk_firehose::types::builders::ExtendedS3DestinationConfigurationBuilder;
use aws_sdk_firehose::types::{
    BufferingHints, CloudWatchLoggingOptions, CompressionFormat, DeliveryStreamDescription,
    DeliveryStreamStatus, DeliveryStreamType, ExtendedS3DestinationConfiguration,
    ExtendedS3DestinationUpdate, KinesisStreamSourceConfiguration, ProcessingConfiguration, Processor,
    ProcessorParameter, ProcessorParameterName, ProcessorType, Record, S3DestinationConfiguration, Tag,
};
use pipectl_localstack::{Endpoint, Limits, Options, Timings};

mod destinations;
mod endpoints;
mod records;
mod streams;

const ROLE: &str = "arn:aws:iam::000000000000:role/delivery";
const DESTINATION: &str = "destinationId-000000000001";

struct Local {
    endpoint: Endpoint,
    config: aws_config::SdkConfig,
    firehose: Client,
}

async fn local() -> Local {
    local_with(Limits::On).await
}

async fn local_with(limits: Limits) -> Local {
    let options = Options {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        timings: Timings::all(Duration::ZERO),
        limits,
        ..Options::default()
    };
    let endpoint = Endpoint::start(options).await.unwrap();
    let config = aws_config::SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(endpoint.url())
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
            Credentials::new("test", "test", None, None, "test"),
        ))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .retry_config(aws_config::retry::RetryConfig::disabled())
        .build();
    Local { endpoint, firehose: Client::new(&config), config }
}

fn lake() -> ExtendedS3DestinationConfigurationBuilder {
    ExtendedS3DestinationConfiguration::builder().role_arn(ROLE).bucket_arn("arn:aws:s3:::lake")
}

fn record(data: &str) -> Record {
    Record::builder().data(Blob::new(data)).build().unwrap()
}

fn hints(seconds: i32) -> BufferingHints {
    BufferingHints::builder().size_in_mbs(1).interval_in_seconds(seconds).build()
}

impl Local {
    async fn create(&self, name: &str, destination: ExtendedS3DestinationConfiguration) -> String {
        let create = self.firehose.create_delivery_stream().delivery_stream_name(name);
        let created = create.extended_s3_destination_configuration(destination).send().await.unwrap();
        created.delivery_stream_arn.unwrap()
    }

    async fn describe(&self, name: &str) -> DeliveryStreamDescription {
        let described =
            self.firehose.describe_delivery_stream().delivery_stream_name(name).send().await.unwrap();
        described.delivery_stream_description.unwrap()
    }

    /// The keys of a bucket once there are as many as wanted.
    async fn keys(&self, count: usize) -> Vec<String> {
        let found = async {
            loop {
                let keys = self.endpoint.world().s3.keys("lake", "").unwrap();
                if keys.len() >= count {
                    return keys;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), found).await.expect("the objects are written")
    }

    async fn read(&self, key: &str) -> Vec<u8> {
        self.endpoint.world().s3.read("lake", key).await.unwrap().to_vec()
    }

    fn create_bucket(&self) {
        self.endpoint.world().s3.create_bucket("lake", "us-east-1").unwrap();
    }
}
