//! Settings of S3 buckets: versions, encryption, lifecycle rules and notifications.
//!
//! S3 replaces all rules, and all notifications, at once: those of others are read and written back.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, BucketVersioningStatus, Event,
    ExpirationStatus, FilterRule, FilterRuleName, LambdaFunctionConfiguration, LifecycleExpiration,
    LifecycleRule as Rule, LifecycleRuleFilter, NoncurrentVersionExpiration, NotificationConfiguration,
    NotificationConfigurationFilter, S3KeyFilter, ServerSideEncryption, ServerSideEncryptionByDefault,
    ServerSideEncryptionConfiguration, ServerSideEncryptionRule, Transition, TransitionStorageClass,
    VersioningConfiguration,
};

use super::error::failed;
use crate::cloud::{CallError, Meaning};
use crate::resources::bucket::{LifecycleRule, Notification, OUR_IDS};

/// A bucket whose settings are looked at and changed.
pub(super) struct Settings<'a> {
    pub(super) client: &'a Client,
    pub(super) bucket: &'a str,
}

fn invalid(call: &'static str, error: &aws_sdk_s3::error::BuildError) -> CallError {
    CallError::local(call, Meaning::Invalid, error.to_string())
}

fn days(number: Option<i32>) -> Option<u32> {
    number.and_then(|days| u32::try_from(days).ok()).filter(|days| *days > 0)
}

fn whole(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

impl Settings<'_> {
    pub(super) async fn versioning(&self) -> Result<bool, CallError> {
        let answer = self.client.get_bucket_versioning().bucket(self.bucket).send().await;
        let answer = answer.map_err(|error| failed("s3:GetBucketVersioning", error))?;
        Ok(answer.status() == Some(&BucketVersioningStatus::Enabled))
    }

    pub(super) async fn keep_versions(&self, keep: bool) -> Result<(), CallError> {
        // Once there were versions there is no way back to none: they are suspended.
        let status = if keep { BucketVersioningStatus::Enabled } else { BucketVersioningStatus::Suspended };
        let configuration = VersioningConfiguration::builder().status(status).build();
        let request = self.client.put_bucket_versioning().bucket(self.bucket);
        let sent = request.versioning_configuration(configuration).send().await;
        sent.map(drop).map_err(|error| failed("s3:PutBucketVersioning", error))
    }

    /// The KMS key; `None` when S3 encrypts with its own.
    pub(super) async fn encryption(&self) -> Result<Option<String>, CallError> {
        let answer = self.client.get_bucket_encryption().bucket(self.bucket).send().await;
        let answer = answer.map_err(|error| failed("s3:GetBucketEncryption", error))?;
        let rules = answer.server_side_encryption_configuration().map(|it| it.rules()).unwrap_or_default();
        let usual = rules.iter().find_map(ServerSideEncryptionRule::apply_server_side_encryption_by_default);
        Ok(usual
            .filter(|it| it.sse_algorithm() == &ServerSideEncryption::AwsKms)
            .and_then(|it| it.kms_master_key_id())
            .map(str::to_owned))
    }

    pub(super) async fn encrypt(&self, key: Option<&str>) -> Result<(), CallError> {
        const CALL: &str = "s3:PutBucketEncryption";
        let Some(key) = key else {
            let sent = self.client.delete_bucket_encryption().bucket(self.bucket).send().await;
            return sent.map(drop).map_err(|error| failed("s3:DeleteBucketEncryption", error));
        };
        let usual = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::AwsKms)
            .kms_master_key_id(key)
            .build()
            .map_err(|error| invalid(CALL, &error))?;
        // A bucket key spares a call to KMS for each object.
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(usual)
            .bucket_key_enabled(true)
            .build();
        let configuration = ServerSideEncryptionConfiguration::builder().rules(rule).build();
        let configuration = configuration.map_err(|error| invalid(CALL, &error))?;
        let request = self.client.put_bucket_encryption().bucket(self.bucket);
        let sent = request.server_side_encryption_configuration(configuration).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn all_rules(&self) -> Result<Vec<Rule>, CallError> {
        let answer = self.client.get_bucket_lifecycle_configuration().bucket(self.bucket).send().await;
        match answer.map_err(|error| failed("s3:GetBucketLifecycleConfiguration", error)) {
            Ok(answer) => Ok(answer.rules.unwrap_or_default()),
            Err(error) if error.code.as_deref() == Some("NoSuchLifecycleConfiguration") => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Our rules, in order.
    pub(super) async fn lifecycle(&self) -> Result<Vec<LifecycleRule>, CallError> {
        let rules = self.all_rules().await?;
        let mut ours: Vec<LifecycleRule> =
            rules.iter().filter(|rule| is_ours(rule.id())).map(of_rule).collect();
        ours.sort();
        Ok(ours)
    }

    pub(super) async fn set_lifecycle(&self, wanted: &[LifecycleRule]) -> Result<(), CallError> {
        const CALL: &str = "s3:PutBucketLifecycleConfiguration";
        let mut rules = self.all_rules().await?;
        rules.retain(|rule| !is_ours(rule.id()));
        for (index, rule) in wanted.iter().enumerate() {
            rules.push(to_rule(index, rule).map_err(|error| invalid(CALL, &error))?);
        }
        if rules.is_empty() {
            let sent = self.client.delete_bucket_lifecycle().bucket(self.bucket).send().await;
            return sent.map(drop).map_err(|error| failed("s3:DeleteBucketLifecycle", error));
        }
        let configuration = BucketLifecycleConfiguration::builder().set_rules(Some(rules)).build();
        let configuration = configuration.map_err(|error| invalid(CALL, &error))?;
        let request = self.client.put_bucket_lifecycle_configuration().bucket(self.bucket);
        let sent = request.lifecycle_configuration(configuration).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }

    async fn all_notifications(&self) -> Result<NotificationConfiguration, CallError> {
        let answer = self.client.get_bucket_notification_configuration().bucket(self.bucket).send().await;
        let answer = answer.map_err(|error| failed("s3:GetBucketNotificationConfiguration", error))?;
        Ok(NotificationConfiguration::builder()
            .set_topic_configurations(answer.topic_configurations)
            .set_queue_configurations(answer.queue_configurations)
            .set_lambda_function_configurations(answer.lambda_function_configurations)
            .set_event_bridge_configuration(answer.event_bridge_configuration)
            .build())
    }

    /// Our notifications, in order.
    pub(super) async fn notifications(&self) -> Result<Vec<Notification>, CallError> {
        let all = self.all_notifications().await?;
        let ours = all.lambda_function_configurations().iter().filter(|it| is_ours(it.id()));
        let mut ours: Vec<Notification> = ours.map(of_notification).collect();
        ours.sort();
        Ok(ours)
    }

    /// What others set beside our rules and notifications, in words.
    pub(super) async fn of_others(&self) -> Result<Vec<String>, CallError> {
        let (rules, told) = tokio::try_join!(self.all_rules(), self.all_notifications())?;
        let rules = rules.iter().filter(|rule| !is_ours(rule.id())).count();
        let functions = told.lambda_function_configurations().iter().filter(|it| !is_ours(it.id())).count();
        let told = functions + told.queue_configurations().len() + told.topic_configurations().len();
        let words = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(format!("one {what} that others made.")),
            more => Some(format!("{more} {what}s that others made.")),
        };
        Ok([words(rules, "lifecycle rule"), words(told, "notification")].into_iter().flatten().collect())
    }

    pub(super) async fn notify(&self, wanted: &[Notification]) -> Result<(), CallError> {
        const CALL: &str = "s3:PutBucketNotificationConfiguration";
        let mut all = self.all_notifications().await?;
        let mut functions = all.lambda_function_configurations.take().unwrap_or_default();
        functions.retain(|it| !is_ours(it.id()));
        for (index, notification) in wanted.iter().enumerate() {
            functions.push(to_notification(index, notification).map_err(|error| invalid(CALL, &error))?);
        }
        all.lambda_function_configurations = (!functions.is_empty()).then_some(functions);
        let request = self.client.put_bucket_notification_configuration().bucket(self.bucket);
        let sent = request.notification_configuration(all).send().await;
        sent.map(drop).map_err(|error| failed(CALL, error))
    }
}

fn is_ours(id: Option<&str>) -> bool {
    id.is_some_and(|id| id.starts_with(OUR_IDS))
}

fn of_rule(rule: &Rule) -> LifecycleRule {
    let transition = rule.transitions().first();
    LifecycleRule {
        prefix: rule.filter().and_then(LifecycleRuleFilter::prefix).unwrap_or_default().to_owned(),
        expire_days: days(rule.expiration().and_then(LifecycleExpiration::days)),
        archive: transition.and_then(|it| Some((days(it.days())?, it.storage_class()?.as_str().to_owned()))),
        noncurrent_days: days(rule.noncurrent_version_expiration().and_then(|it| it.noncurrent_days())),
        unfinished_days: days(
            rule.abort_incomplete_multipart_upload().and_then(|it| it.days_after_initiation()),
        ),
    }
}

fn to_rule(index: usize, rule: &LifecycleRule) -> Result<Rule, aws_sdk_s3::error::BuildError> {
    let expiration = |days| LifecycleExpiration::builder().days(whole(days)).build();
    let old = |days| NoncurrentVersionExpiration::builder().noncurrent_days(whole(days)).build();
    let unfinished =
        |days| AbortIncompleteMultipartUpload::builder().days_after_initiation(whole(days)).build();
    let transitions = rule.archive.as_ref().map(|(days, class)| {
        let class = TransitionStorageClass::from(class.as_str());
        vec![Transition::builder().days(whole(*days)).storage_class(class).build()]
    });
    Rule::builder()
        .id(format!("{OUR_IDS}{index}"))
        .status(ExpirationStatus::Enabled)
        .filter(LifecycleRuleFilter::builder().prefix(&rule.prefix).build())
        .set_expiration(rule.expire_days.map(expiration))
        .set_transitions(transitions)
        .set_noncurrent_version_expiration(rule.noncurrent_days.map(old))
        .set_abort_incomplete_multipart_upload(rule.unfinished_days.map(unfinished))
        .build()
}

fn of_notification(configuration: &LambdaFunctionConfiguration) -> Notification {
    let filter = configuration.filter().and_then(|filter| filter.key());
    let rule = |name: &str| {
        let rules = filter.map(S3KeyFilter::filter_rules).unwrap_or_default();
        // S3 answers the names with a capital.
        let found =
            rules.iter().find(|rule| rule.name().is_some_and(|it| it.as_str().eq_ignore_ascii_case(name)));
        found.and_then(FilterRule::value).unwrap_or_default().to_owned()
    };
    Notification {
        function_arn: configuration.lambda_function_arn().to_owned(),
        event: configuration.events().first().map(|event| event.as_str().to_owned()).unwrap_or_default(),
        prefix: rule("prefix"),
        suffix: rule("suffix"),
    }
}

fn to_notification(
    index: usize,
    notification: &Notification,
) -> Result<LambdaFunctionConfiguration, aws_sdk_s3::error::BuildError> {
    let rules =
        [(FilterRuleName::Prefix, &notification.prefix), (FilterRuleName::Suffix, &notification.suffix)];
    let rules: Vec<FilterRule> = rules
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| FilterRule::builder().name(name).value(value).build())
        .collect();
    let filter = (!rules.is_empty()).then(|| {
        let key = S3KeyFilter::builder().set_filter_rules(Some(rules)).build();
        NotificationConfigurationFilter::builder().key(key).build()
    });
    LambdaFunctionConfiguration::builder()
        .id(format!("{OUR_IDS}{index}"))
        .lambda_function_arn(&notification.function_arn)
        .events(Event::from(notification.event.as_str()))
        .set_filter(filter)
        .build()
}
