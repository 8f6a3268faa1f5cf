//! Where the end of an event is told: a function or a bucket, which exist here, or a queue, topic or bus, which do not.
//!
//! What cannot be delivered is counted in `DestinationDeliveryFailures` or `DeadLetterErrors` as on AWS, and said in
//! the log.

use std::sync::Arc;

use bytes::Bytes;
use jiff::tz::TimeZone;

use crate::s3::ObjectHeaders;
use crate::world::World;

use super::super::event_invoke::EventInvokeConfig;
use super::super::function::Version;
use super::super::invoke::{Event, InvokeResult};
use super::super::metrics::FunctionMetric;
use super::super::name::FunctionRef;
use super::super::state::Location;
use super::Queued;
use super::record::{Told, write};
use super::schedule::{Attempts, Discarded};

/// How an event ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended<'a> {
    pub(super) version: &'a Version,
    pub(super) attempts: Attempts,
    /// The last answer of the function, where the end is one.
    pub(super) response: Option<&'a InvokeResult>,
}

/// Tells the destination of successes, if there is one.
pub(super) async fn succeeded(
    world: &Arc<World>,
    queued: &Queued,
    config: &EventInvokeConfig,
    ended: Ended<'_>,
) {
    if let Some(arn) = &config.on_success {
        deliver(world, queued, arn, record(world, queued, "Success", ended)).await;
    }
}

/// Tells the destination of failures and the dead-letter queue, as far as there are any: on AWS both get it.
pub(super) async fn failed(
    world: &Arc<World>,
    queued: &Queued,
    (config, reason): (&EventInvokeConfig, Discarded),
    ended: Ended<'_>,
) {
    if let Some(arn) = &config.on_failure {
        deliver(world, queued, arn, record(world, queued, reason.name(), ended)).await;
    }
    if let Some(arn) = &ended.version.configuration.dead_letter_arn {
        queued.publish(world, FunctionMetric::DeadLetterErrors, 1.0);
        let (function, request_id) = (queued.named.name.as_str(), &queued.request_id);
        tracing::warn!(
            function,
            request_id,
            queue = arn,
            "an event for a dead-letter queue is lost: this endpoint has no SQS and no SNS"
        );
    }
}

fn record(world: &World, queued: &Queued, condition: &str, ended: Ended<'_>) -> Bytes {
    let function_arn = format!("{}:{}", ended.version.arn, queued.named.version());
    write(&Told {
        now: world.clock.now(),
        request_id: &queued.request_id,
        function_arn: &function_arn,
        condition,
        runs: ended.runs(),
        payload: &queued.event.payload,
        response: ended.response,
    })
}

async fn deliver(world: &Arc<World>, queued: &Queued, arn: &str, record: Bytes) {
    let service = arn.split(':').nth(2).unwrap_or_default();
    let delivered = match service {
        "lambda" => invoke(world, queued, arn, record),
        "s3" => store(world, queued, arn, record).await,
        _ => Err(format!("this endpoint has no {}", service.to_uppercase())),
    };
    if let Err(reason) = delivered {
        queued.publish(world, FunctionMetric::DestinationDeliveryFailures, 1.0);
        let (function, request_id) = (queued.named.name.as_str(), &queued.request_id);
        tracing::warn!(function, request_id, destination = arn, reason, "an invocation record is lost");
    }
}

fn invoke(world: &Arc<World>, queued: &Queued, arn: &str, record: Bytes) -> Result<(), String> {
    if !queued.may_go_on() {
        return Err("it went from function to function in a circle".to_owned());
    }
    let named = FunctionRef::parse(arn).map_err(|error| error.to_string())?;
    let here = Location::of(&named, &queued.region, &world.account);
    world.lambda.version(&named, &here).map_err(|error| error.to_string())?;
    let passed_on = world.lambda.enqueue(world, (&named, here), Event::from(record), queued.hops + 1);
    passed_on.map_err(|error| error.to_string())
}

async fn store(world: &Arc<World>, queued: &Queued, arn: &str, record: Bytes) -> Result<(), String> {
    let bucket = arn.rsplit(':').next().unwrap_or_default();
    let now = world.clock.now().to_zoned(TimeZone::UTC);
    let key = format!(
        "aws/lambda/async/{}/{}-{}",
        queued.named.name.as_str(),
        now.strftime("%Y/%m/%d/%Y-%m-%dT%H.%M.%S"),
        world.dice.uuid("invocation record", queued.named.name.as_str())
    );
    let headers =
        ObjectHeaders { content_type: Some("application/json".to_owned()), ..ObjectHeaders::default() };
    world.s3.put_object(bucket, &key, record, headers).await.map(drop).map_err(|error| error.to_string())
}
