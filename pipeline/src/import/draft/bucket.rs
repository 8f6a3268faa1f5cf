//! Buckets, as far as they have settings of their own.

use super::Drafter;
use crate::import::account::SeenBucket;
use crate::resources::bucket::{self as resource, Notification as Told};
use crate::resources::tags::SETTINGS;
use crate::spec::model::{Bucket, LifecycleRule, Notification};

const CLASSES: [&str; 5] = ["STANDARD_IA", "INTELLIGENT_TIERING", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"];
const EVENTS: [&str; 3] = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"];

impl Drafter<'_> {
    pub(super) fn buckets(&mut self) {
        let account = self.account;
        for (name, seen) in &account.buckets {
            let bucket = self.bucket(name, seen);
            let used = self.is_written_to(name);
            if bucket == Bucket::default() && used && seen.others.is_empty() {
                continue;
            }
            if bucket == Bucket::default() && used {
                // Only something to say of it, which the delivery has room for.
                let others = seen.others.join(" ");
                self.draft.left_out.push(format!("Of the bucket {name}, this stays as it is: {others}"));
                continue;
            }
            for other in &seen.others {
                self.draft.note("buckets", name, format!("It stays as it is with {other}"));
            }
            self.draft.pipeline.buckets.insert(name.clone(), bucket);
        }
    }

    fn is_written_to(&self, name: &str) -> bool {
        self.draft.pipeline.deliveries.values().any(|delivery| delivery.to.buckets().any(|it| it == name))
    }

    fn bucket(&mut self, name: &str, seen: &SeenBucket) -> Bucket {
        let state = &seen.bucket.state;
        let lifecycle = state.lifecycle.iter().filter_map(|it| self.rule(name, it)).collect();
        let notify = state.notifications.iter().filter_map(|it| self.told(name, it)).collect();
        Bucket {
            versioning: (state.versioning || says_versioning(seen)).then_some(state.versioning),
            encryption: state.encryption.clone(),
            lifecycle,
            notify,
        }
    }

    fn rule(&mut self, name: &str, rule: &resource::LifecycleRule) -> Option<LifecycleRule> {
        let archive = match &rule.archive {
            None => None,
            Some((days, class)) => match CLASSES.iter().find(|known| *known == class) {
                Some(class) => Some((*days, *class)),
                None => {
                    let note =
                        format!("A rule of it moves objects to {class}, for which a file has no word.");
                    self.draft.note("buckets", name, note);
                    return None;
                }
            },
        };
        Some(LifecycleRule {
            prefix: rule.prefix.clone(),
            expire_days: rule.expire_days,
            archive,
            noncurrent_days: rule.noncurrent_days,
            unfinished_days: rule.unfinished_days,
        })
    }

    fn told(&mut self, name: &str, told: &Told) -> Option<Notification> {
        let function =
            self.function_of(&told.function_arn).filter(|it| self.draft.pipeline.functions.contains_key(it));
        let event = EVENTS.iter().find(|known| **known == told.event);
        let (Some(function), Some(event)) = (function, event) else {
            let note =
                format!("It tells {} of {}, which this file cannot say.", told.function_arn, told.event);
            self.draft.note("buckets", name, note);
            return None;
        };
        Some(Notification { function, event, prefix: told.prefix.clone(), suffix: told.suffix.clone() })
    }
}

/// Whether a file of ours said something of versions, be it that there are none.
fn says_versioning(seen: &SeenBucket) -> bool {
    seen.bucket.tags.get(SETTINGS).is_some_and(|listed| listed.split(' ').any(|it| it == "versioning"))
}
