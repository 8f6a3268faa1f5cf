//! Notifications: what happens to objects, told to functions.
//!
//! A bucket's configuration is checked when it is put ([`check`]), as S3 does: rules must not overlap, and the functions
//! must be there and let S3 invoke them. When something happens to an object, [`rules`] say who hears of it and
//! [`event`] writes what; the rest is an asynchronous invocation. Queues, topics and buses do not exist here: a
//! destination that does not exist is refused in S3's words, and taken when its check is skipped.

pub(super) mod check;
pub(super) mod event;
pub(super) mod rules;

use std::sync::{Arc, Weak};

use crate::lambda::ServiceCaller;
use crate::world::World;

use self::event::Happened;
use self::rules::Target;
use super::state::S3;

/// S3, as policies name it.
const PRINCIPAL: &str = "s3.amazonaws.com";

/// The ARN of a bucket.
pub(super) fn bucket_arn(bucket: &str) -> String {
    format!("arn:aws:s3:::{bucket}")
}

/// Whether a function is there, in the region of its ARN, and lets S3 invoke it for a bucket.
pub(super) fn permitted(world: &World, function_arn: &str, bucket: &str) -> bool {
    let source_arn = bucket_arn(bucket);
    let caller =
        ServiceCaller { principal: PRINCIPAL, source_arn: &source_arn, source_account: &world.account };
    world.lambda.permits(function_arn, &world.region, &caller).unwrap_or(false)
}

impl S3 {
    /// Tells the store whose functions it may call; without a world it calls none.
    pub(crate) fn attach(&self, world: &Arc<World>) {
        let _ = self.world.set(Arc::downgrade(world));
    }

    pub(super) fn world(&self) -> Option<Arc<World>> {
        self.world.get().and_then(Weak::upgrade)
    }

    /// Tells everyone who is to hear of it. What cannot be told is said in the log.
    pub(super) fn tell(&self, happened: &Happened) {
        let Some(world) = self.world() else { return };
        for Target { id, function_arn } in &happened.targets {
            let refused = if permitted(&world, function_arn, &happened.bucket) {
                let event = event::write(&world, happened, id);
                world.lambda.invoke_later(&world, function_arn, event).err().map(|error| error.to_string())
            } else {
                Some("the function is gone or its policy does not let S3 invoke it".to_owned())
            };
            if let Some(reason) = refused {
                let (bucket, key) = (&happened.bucket, &happened.key);
                tracing::warn!(bucket, key, function = function_arn, reason, "a notification is lost");
            }
        }
    }
}
