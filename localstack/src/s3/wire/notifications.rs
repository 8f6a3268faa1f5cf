//! `PutBucketNotificationConfiguration` and `GetBucketNotificationConfiguration`.

use s3s::dto::{
    GetBucketNotificationConfigurationInput, GetBucketNotificationConfigurationOutput,
    PutBucketNotificationConfigurationInput, PutBucketNotificationConfigurationOutput,
};

use super::super::notification::check::{self, Refused};
use super::Wire;
use super::settings::with;
use super::translate::{Answer, error, ok};

impl From<Refused> for s3s::S3Error {
    fn from(refused: Refused) -> Self {
        error("InvalidArgument", refused.to_string())
    }
}

pub(super) fn put(
    wire: &Wire,
    input: PutBucketNotificationConfigurationInput,
) -> Answer<PutBucketNotificationConfigurationOutput> {
    let mut configuration = input.notification_configuration;
    with(wire, &input.bucket, |_| ())?;
    check::name(&mut configuration)?;
    check::rules(&configuration)?;
    let region = wire.store.with_bucket(&input.bucket, |bucket| Ok(bucket.region.clone()))?;
    check::regions(&region, &configuration)?;
    if input.skip_destination_validation != Some(true)
        && let Some(world) = wire.store.world()
    {
        check::destinations(&world, &input.bucket, &configuration)?;
    }
    check::warn_of_the_undeliverable(&input.bucket, &configuration);
    with(wire, &input.bucket, |settings| settings.notification = Some(configuration))?;
    ok(PutBucketNotificationConfigurationOutput::default())
}

pub(super) fn get(
    wire: &Wire,
    input: &GetBucketNotificationConfigurationInput,
) -> Answer<GetBucketNotificationConfigurationOutput> {
    let kept = with(wire, &input.bucket, |settings| settings.notification.clone())?.unwrap_or_default();
    ok(GetBucketNotificationConfigurationOutput {
        event_bridge_configuration: kept.event_bridge_configuration,
        lambda_function_configurations: kept.lambda_function_configurations,
        queue_configurations: kept.queue_configurations,
        topic_configurations: kept.topic_configurations,
    })
}
