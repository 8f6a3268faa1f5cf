//! The consumers of a stream: registering, describing, listing and deregistering them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::consumers::{ADVANTAGE_CONSUMER_LIMIT, CONSUMER_LIMIT, Consumer, Which};
use super::super::fan_out::no_consumer;
use super::super::stream::invalid;
use super::super::{ConsumerArn, Mode, Stream, StreamArn};
use super::resource::which;
use super::tags::check_tags;
use super::target::{Target, parse_arn};
use super::values::{Shown, Time};
use crate::http::{AwsError, Context};
use crate::world::World;

/// How long a page's token is good.
const TOKEN_MILLIS: i64 = 300_000;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegisterInput {
    #[serde(rename = "StreamARN")]
    stream_arn: String,
    consumer_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegisterOutput {
    consumer: ConsumerOutput,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ConsumerOutput {
    consumer_name: String,
    #[serde(rename = "ConsumerARN")]
    consumer_arn: Shown<ConsumerArn>,
    consumer_status: &'static str,
    consumer_creation_timestamp: Time,
    #[serde(rename = "StreamARN", skip_serializing_if = "Option::is_none")]
    stream_arn: Option<Shown<StreamArn>>,
}

impl ConsumerOutput {
    fn of(stream: &Stream, consumer: &Consumer) -> Self {
        let arn = ConsumerArn::new(stream.arn().clone(), &consumer.name, consumer.born());
        Self {
            consumer_name: consumer.name.clone(),
            consumer_arn: Shown(arn),
            consumer_status: consumer.status.as_str(),
            // In whole seconds, as in the ARN.
            consumer_creation_timestamp: Time { millis: consumer.born() * 1000 },
            stream_arn: None,
        }
    }
}

pub(crate) fn register(
    world: &Arc<World>,
    context: &Context,
    input: RegisterInput,
) -> Result<RegisterOutput, AwsError> {
    let now = world.clock.now();
    let arn = parse_arn(&input.stream_arn, context)?;
    let stream = world.kinesis.stream(&arn, now)?;
    check_tags(&format!("consumer {}", input.consumer_name), &input.tags, 0)?;
    let on_demand = stream.with(now, |state| state.mode) == Mode::OnDemand;
    let advantage =
        world.kinesis.commitment(arn.region(), |commitment| commitment.is_on(now.as_millisecond()));
    let limit = if on_demand && advantage { ADVANTAGE_CONSUMER_LIMIT } else { CONSUMER_LIMIT };
    let consumer = stream.register_consumer(&input.consumer_name, input.tags, limit, now)?;
    Ok(RegisterOutput { consumer: ConsumerOutput::of(&stream, &consumer) })
}

/// A consumer by its ARN, or by its name and its stream's ARN, or by all three.
#[derive(Debug, Deserialize)]
pub(crate) struct ConsumerInput {
    #[serde(rename = "StreamARN")]
    stream_arn: Option<String>,
    #[serde(rename = "ConsumerName")]
    consumer_name: Option<String>,
    #[serde(rename = "ConsumerARN")]
    consumer_arn: Option<String>,
}

impl ConsumerInput {
    fn find<T>(
        &self,
        (world, context): (&World, &Context),
        look: impl FnOnce(&Stream, Which<'_>) -> Option<T>,
    ) -> Result<T, AwsError> {
        let now = world.clock.now();
        let Some(text) = &self.consumer_arn else {
            let (Some(stream), Some(name)) = (&self.stream_arn, &self.consumer_name) else {
                return Err(invalid(
                    "Either ConsumerARN or both StreamARN and ConsumerName must be provided.".to_owned(),
                ));
            };
            let arn = parse_arn(stream, context)?;
            let stream = world.kinesis.stream(&arn, now)?;
            let missing = || {
                let message = format!(
                    "Consumer {name} under stream {} not found for account {}.",
                    arn.name(),
                    arn.account()
                );
                AwsError::bad_request("ResourceNotFoundException", message)
            };
            return look(&stream, Which { name, born: None }).ok_or_else(missing);
        };
        let arn = parse_consumer(text, context)?;
        let conflicts = self.stream_arn.as_ref().is_some_and(|stream| *stream != arn.stream().to_string())
            || self.consumer_name.as_ref().is_some_and(|name| name != arn.name());
        if conflicts {
            return Err(invalid(format!(
                "ConsumerARN {text} does not match the StreamARN or the ConsumerName of the request."
            )));
        }
        let stream = world.kinesis.stream(arn.stream(), now)?;
        look(&stream, which(&arn)).ok_or_else(|| no_consumer(&arn))
    }
}

/// A consumer's ARN, which has passed its pattern. One of another region than the call's is not there.
pub(crate) fn parse_consumer(text: &str, context: &Context) -> Result<ConsumerArn, AwsError> {
    let arn: ConsumerArn = text.parse().map_err(|_| invalid(format!("Invalid ConsumerARN {text}.")))?;
    if arn.stream().region() == context.region { Ok(arn) } else { Err(no_consumer(&arn)) }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeOutput {
    consumer_description: ConsumerOutput,
}

pub(crate) fn describe(
    world: &Arc<World>,
    context: &Context,
    input: ConsumerInput,
) -> Result<DescribeOutput, AwsError> {
    let now = world.clock.now();
    let consumer_description = input.find((world, context), |stream, which| {
        let shown = stream.consumer(which, now, |consumer| ConsumerOutput::of(stream, consumer))?;
        Some(ConsumerOutput { stream_arn: Some(Shown(stream.arn().clone())), ..shown })
    })?;
    Ok(DescribeOutput { consumer_description })
}

pub(crate) fn deregister(
    world: &Arc<World>,
    context: &Context,
    input: ConsumerInput,
) -> Result<(), AwsError> {
    let now = world.clock.now();
    input.find((world, context), |stream, which| stream.deregister_consumer(which, now).then_some(()))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListInput {
    #[serde(flatten)]
    target: Target,
    next_token: Option<String>,
    max_results: Option<usize>,
    stream_creation_timestamp: Option<Time>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListOutput {
    consumers: Vec<ConsumerOutput>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Where the next page begins: after this name of this stream, and when the token was made.
#[derive(Debug, Serialize, Deserialize)]
struct Page {
    arn: String,
    after: String,
    issued: i64,
}

pub(crate) fn list(world: &Arc<World>, context: &Context, input: ListInput) -> Result<ListOutput, AwsError> {
    let now = world.clock.now();
    let stream = input.target.find(world, context)?;
    let millis = now.as_millisecond();
    let after = match &input.next_token {
        None => None,
        Some(_) if input.stream_creation_timestamp.is_some() => {
            return Err(invalid(
                "NextToken and StreamCreationTimestamp cannot be provided together.".to_owned(),
            ));
        }
        Some(token) => {
            let page: Option<Page> = world.kinesis.seal().open(token);
            let page = page.filter(|page| page.arn == stream.arn().to_string());
            let page = page.ok_or_else(|| invalid("Invalid NextToken.".to_owned()))?;
            if millis - page.issued > TOKEN_MILLIS {
                let message = "NextToken has expired: it is good for 300 seconds.";
                return Err(AwsError::bad_request("ExpiredNextTokenException", message));
            }
            Some(page.after)
        }
    };
    let limit = input.max_results.unwrap_or(100);
    let mut consumers = stream.consumers(now);
    consumers.retain(|consumer| after.as_ref().is_none_or(|after| consumer.name > *after));
    let more = consumers.len() > limit;
    consumers.truncate(limit);
    let last = consumers.last().filter(|_| more);
    let next_token = last.map(|last| {
        let page = Page { arn: stream.arn().to_string(), after: last.name.clone(), issued: millis };
        world.kinesis.seal().seal(&page)
    });
    let consumers = consumers.iter().map(|consumer| ConsumerOutput::of(&stream, consumer)).collect();
    Ok(ListOutput { consumers, next_token })
}
