//! The adapters to AWS: the only place in this crate where its SDK is named.

mod alarm;
mod bucket;
mod bucket_settings;
mod clients;
mod cloudwatch_tags;
pub(crate) mod connect;
mod credentials;
mod dashboard;
mod delivery;
mod download;
mod error;
mod function;
mod identity;
mod inventory;
mod ledger_bucket;
mod log_group;
mod mapping;
mod metrics;
mod objects;
mod permissions;
mod quotas;
mod role;
mod stream;
mod stream_consumer;
mod stream_use;

use std::sync::Arc;

pub(crate) use clients::Clients;
pub(crate) use identity::Identity;
pub(crate) use inventory::AwsInventory;
pub(crate) use ledger_bucket::LedgerBucket;
pub(crate) use metrics::CloudWatch;
pub(crate) use objects::S3Objects;
pub(crate) use quotas::KinesisQuotas;
pub(crate) use stream_use::KinesisUse;

use crate::access_key::AccessKeys;
use crate::cloud::Cloud;
use crate::package::Packages;

/// The cloud behind these clients.
pub(crate) fn cloud(
    clients: &Clients,
    identity: &Arc<Identity>,
    packages: &Arc<Packages>,
    keys: &Arc<AccessKeys>,
) -> Cloud {
    Cloud {
        buckets: Arc::new(bucket::Buckets { client: clients.s3.clone() }),
        streams: Arc::new(stream::Streams { client: clients.kinesis.clone() }),
        log_groups: Arc::new(log_group::LogGroups {
            client: clients.logs.clone(),
            identity: Arc::clone(identity),
        }),
        roles: Arc::new(role::Roles { client: clients.iam.clone() }),
        functions: Arc::new(function::Functions {
            client: clients.lambda.clone(),
            identity: Arc::clone(identity),
            packages: Arc::clone(packages),
        }),
        deliveries: Arc::new(delivery::Deliveries {
            client: clients.firehose.clone(),
            keys: Arc::clone(keys),
        }),
        consumers: Arc::new(stream_consumer::Consumers {
            client: clients.kinesis.clone(),
            identity: Arc::clone(identity),
        }),
        alarms: Arc::new(alarm::Alarms {
            client: clients.cloudwatch.clone(),
            identity: Arc::clone(identity),
        }),
        dashboards: Arc::new(dashboard::Dashboards {
            client: clients.cloudwatch.clone(),
            identity: Arc::clone(identity),
        }),
        mappings: Arc::new(mapping::Mappings {
            client: clients.lambda.clone(),
            kinesis: clients.kinesis.clone(),
            identity: Arc::clone(identity),
        }),
    }
}

/// A time as the SDK has it; `None` where it is none that there is.
fn time(time: Option<&aws_smithy_types::DateTime>) -> Option<jiff::Timestamp> {
    jiff::Timestamp::from_millisecond(time?.to_millis().ok()?).ok()
}
