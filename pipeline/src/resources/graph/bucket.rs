//! Buckets with their settings, and the functions that they tell.

use std::collections::BTreeSet;

use super::Builder;
use crate::resources::bucket::{BucketSpec, LifecycleRule, Notification};
use crate::resources::{Address, Spec};
use crate::spec::model::{self, Destination};

impl Builder<'_> {
    /// A bucket, which several may share.
    pub(super) fn bucket(&mut self, name: &str) -> Address {
        let address = Address::bucket(name);
        if self.graph.resources.contains_key(&address) {
            return address;
        }
        let region = self.context.place.region.clone();
        let settings = self.pipeline.buckets.get(name);
        let spec = match settings {
            Some(settings) => self.bucket_spec(region, settings),
            None => BucketSpec::plain(region),
        };
        // S3 asks whether it may call a function before it takes the notification: permission first.
        let told: BTreeSet<&String> =
            settings.into_iter().flat_map(|it| &it.notify).map(|it| &it.function).collect();
        let needs = told.into_iter().map(|logical| Address::function(logical)).collect();
        self.add(address.clone(), name.to_owned(), Spec::Bucket(spec), needs);
        address
    }

    fn bucket_spec(&self, region: String, settings: &model::Bucket) -> BucketSpec {
        let notification = |it: &model::Notification| Notification {
            function_arn: self.context.place.function(&self.pipeline.function_name(&it.function)),
            event: it.event.to_owned(),
            prefix: it.prefix.clone(),
            suffix: it.suffix.clone(),
        };
        let mut notifications: Vec<Notification> = settings.notify.iter().map(notification).collect();
        let mut lifecycle: Vec<LifecycleRule> = settings.lifecycle.iter().map(rule).collect();
        notifications.sort();
        lifecycle.sort();
        BucketSpec {
            region,
            versioning: settings.versioning,
            encryption: settings.encryption.clone(),
            lifecycle,
            notifications,
        }
    }

    /// ARNs of the buckets that tell this function.
    pub(super) fn callers(&self, logical: &str) -> BTreeSet<String> {
        let tells = |bucket: &model::Bucket| bucket.notify.iter().any(|it| it.function == logical);
        let buckets = self.pipeline.buckets.iter().filter(|(_, bucket)| tells(bucket));
        buckets.map(|(name, _)| self.context.place.bucket(name)).collect()
    }

    /// The keys that what a destination writes is encrypted with.
    pub(super) fn bucket_keys(&self, to: &Destination) -> Vec<&str> {
        let key = |name: &str| self.pipeline.buckets.get(name)?.encryption.as_deref();
        let keys: BTreeSet<&str> = to.buckets().filter_map(key).collect();
        keys.into_iter().collect()
    }
}

fn rule(rule: &model::LifecycleRule) -> LifecycleRule {
    LifecycleRule {
        prefix: rule.prefix.clone(),
        expire_days: rule.expire_days,
        archive: rule.archive.map(|(days, class)| (days, class.to_owned())),
        noncurrent_days: rule.noncurrent_days,
        unfinished_days: rule.unfinished_days,
    }
}
