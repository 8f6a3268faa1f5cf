//! What a `ResourceARN` names: a stream, or a consumer of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::consumers::Which;
use super::super::fan_out::no_consumer;
use super::super::stream::under;
use super::super::{ConsumerArn, Stream, StreamArn};
use super::consumers::parse_consumer;
use super::target::parse_arn;
use crate::http::{AwsError, Context};
use crate::world::World;

/// A stream or a consumer, whose tags and policy are handled alike.
#[derive(Debug)]
pub(crate) struct Resource {
    stream: Arc<Stream>,
    consumer: Option<ConsumerArn>,
    text: String,
}

impl Resource {
    /// What this ARN names, unless there is none.
    pub(crate) fn find(world: &World, context: &Context, text: &str) -> Result<Self, AwsError> {
        let now = world.clock.now();
        let consumer: Option<ConsumerArn> = text.parse().ok();
        let arn = match &consumer {
            Some(_) => parse_consumer(text, context)?.stream().clone(),
            None => parse_arn(text, context)?,
        };
        let found = Self { stream: stream(world, &arn, text, now)?, consumer, text: text.to_owned() };
        found.tags(now, |_| ())?;
        Ok(found)
    }

    /// As an ARN, for messages.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The end of a message about it: `stream NAME under account ACCOUNT`.
    pub(crate) fn shown(&self) -> String {
        match &self.consumer {
            None => format!("stream {}", under(self.stream.arn())),
            Some(consumer) => format!("consumer {consumer}"),
        }
    }

    /// Looks at its tags, or changes them.
    pub(crate) fn tags<T>(
        &self,
        now: Timestamp,
        look: impl FnOnce(&mut BTreeMap<String, String>) -> T,
    ) -> Result<T, AwsError> {
        match &self.consumer {
            None => Ok(self.stream.with(now, |state| look(&mut state.tags))),
            Some(arn) => {
                let found = self.stream.consumer(which(arn), now, |consumer| look(&mut consumer.tags));
                found.ok_or_else(|| no_consumer(arn))
            }
        }
    }

    /// Looks at its policy, or changes it.
    pub(crate) fn policy<T>(
        &self,
        now: Timestamp,
        look: impl FnOnce(&mut Option<String>) -> T,
    ) -> Result<T, AwsError> {
        match &self.consumer {
            None => Ok(self.stream.with(now, |state| look(&mut state.policy))),
            Some(arn) => {
                let found = self.stream.consumer(which(arn), now, |consumer| look(&mut consumer.policy));
                found.ok_or_else(|| no_consumer(arn))
            }
        }
    }
}

fn stream(world: &World, arn: &StreamArn, text: &str, now: Timestamp) -> Result<Arc<Stream>, AwsError> {
    world.kinesis.stream(arn, now).map_err(|_| {
        // By its ARN, as it was given.
        let message = format!("Stream {text} under account {} not found.", arn.account());
        AwsError::bad_request("ResourceNotFoundException", message)
    })
}

/// The consumer an ARN means.
pub(crate) fn which(arn: &ConsumerArn) -> Which<'_> {
    Which { name: arn.name(), born: Some(arn.born()) }
}
