//! What AWS publishes in `AWS/Lambda`: of a function over all its versions (`FunctionName`), of what was invoked
//! (`FunctionName`, `Resource`), of the version an alias led to (`FunctionName`, `Resource`, `ExecutedVersion`), of all
//! functions of a region (no dimension), and of an event source mapping that asks for it (`EventSourceMappingUUID`).
//!
//! From "Types of metrics for Lambda functions". Metrics of an invocation have the time it began, however long it
//! took. Concurrency is looked at when an invocation begins and when it ends; it is not told of aliases and versions,
//! and nothing is told of provisioned concurrency, which here is a setting without effect.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::cloudwatch::{Meters, amount, metrics, millis};
use crate::world::World;

use super::executor::{Finished, Running};
use super::function::Version;
use super::mapping::Counted;
use super::name::{FunctionRef, LATEST};

metrics! {
    /// Of a function.
    pub(super) enum FunctionMetric in "AWS/Lambda" {
        Invocations = "Invocations" in Count,
        Errors = "Errors" in Count,
        Throttles = "Throttles" in Count,
        Duration = "Duration" in Milliseconds,
        IteratorAge = "IteratorAge" in Milliseconds,
        ConcurrentExecutions = "ConcurrentExecutions" in Count,
        AsyncEventsReceived = "AsyncEventsReceived" in Count,
        AsyncEventAge = "AsyncEventAge" in Milliseconds,
        AsyncEventsDropped = "AsyncEventsDropped" in Count,
        DeadLetterErrors = "DeadLetterErrors" in Count,
        DestinationDeliveryFailures = "DestinationDeliveryFailures" in Count,
    }
}

metrics! {
    /// Of a region alone.
    enum RegionMetric in "AWS/Lambda" {
        Unreserved = "UnreservedConcurrentExecutions" in Count,
        Claimed = "ClaimedAccountConcurrency" in Count,
    }
}

metrics! {
    /// Of an event source mapping.
    enum MappingMetric in "AWS/Lambda" {
        Polled = "PolledEventCount" in Count,
        FilteredOut = "FilteredOutEventCount" in Count,
        Invoked = "InvokedEventCount" in Count,
        FailedInvoke = "FailedInvokeEventCount" in Count,
        Dropped = "DroppedEventCount" in Count,
        Delivered = "OnFailureDestinationDeliveredEventCount" in Count,
    }
}

/// A function as it was named, in its region, and the version that was invoked, where one was.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invoked<'a> {
    region: &'a str,
    name: &'a str,
    qualifier: Option<&'a str>,
    executed: Option<&'a str>,
}

impl<'a> Invoked<'a> {
    /// A version that was named by a qualifier, or by none.
    pub(super) fn version(version: &'a Version, qualifier: Option<&'a str>) -> Self {
        let (region, name) = (version.id.region.as_str(), version.id.name.as_str());
        Self { region, name, qualifier, executed: Some(&version.number) }
    }

    /// A function that was named without being invoked. Without an ARN it is of `region`.
    pub(super) fn named(named: &'a FunctionRef, region: &'a str) -> Self {
        let region = named.region.as_deref().unwrap_or(region);
        Self { region, name: named.name.as_str(), qualifier: named.qualifier.as_deref(), executed: None }
    }

    /// Publishes values of it, in all the combinations of dimensions it has.
    pub(super) fn publish(self, world: &World, at: Timestamp, values: &[(FunctionMetric, f64)]) {
        for meters in self.meters(world) {
            for (metric, value) in values {
                meters.record(*metric, *value, at);
            }
        }
    }

    fn meters(self, world: &World) -> Vec<Arc<Meters<FunctionMetric>>> {
        let resource = match self.qualifier {
            Some(qualifier) => format!("{}:{qualifier}", self.name),
            None => self.name.to_owned(),
        };
        let function = ("FunctionName", self.name);
        let resource = ("Resource", resource.as_str());
        let of = |dimensions: &[(&'static str, &str)]| world.cloudwatch.meters(self.region, dimensions);
        let mut all = vec![of(&[]), of(&[function]), of(&[function, resource])];
        if let (Some(qualifier), Some(executed)) = (self.qualifier, self.executed)
            && is_alias(qualifier)
        {
            all.push(of(&[function, resource, ("ExecutedVersion", executed)]));
        }
        all
    }
}

fn is_alias(qualifier: &str) -> bool {
    qualifier != LATEST && !qualifier.bytes().all(|byte| byte.is_ascii_digit())
}

/// An invocation was refused for want of concurrency. It is no invocation.
pub(super) fn throttled(world: &World, invoked: Invoked<'_>) {
    invoked.publish(world, world.clock.now(), &[(FunctionMetric::Throttles, 1.0)]);
}

/// How many invocations run at the moment; `allocated` is the concurrency that functions have for themselves.
pub(super) fn concurrency(world: &World, invoked: Invoked<'_>, running: Running, allocated: u32) {
    let now = world.clock.now();
    let of = |dimensions: &[(&'static str, &str)], count: u32| {
        let meters: Arc<Meters<FunctionMetric>> = world.cloudwatch.meters(invoked.region, dimensions);
        meters.record(FunctionMetric::ConcurrentExecutions, amount(count), now);
    };
    of(&[("FunctionName", invoked.name)], running.of_function);
    of(&[], running.of_account);
    let region: Arc<Meters<RegionMetric>> = world.cloudwatch.meters(invoked.region, &[]);
    region.record(RegionMetric::Unreserved, amount(running.unreserved), now);
    region.record(RegionMetric::Claimed, amount(running.unreserved.saturating_add(allocated)), now);
}

/// A batch whose last record is so old goes to the function.
pub(super) fn iterator_age(world: &World, named: &FunctionRef, age: Duration) {
    let invoked = Invoked::named(named, &world.region);
    invoked.publish(world, world.clock.now(), &[(FunctionMetric::IteratorAge, millis(age))]);
}

/// The destination of a mapping to the function did not get what it should have.
pub(super) fn not_delivered(world: &World, named: &FunctionRef) {
    let invoked = Invoked::named(named, &world.region);
    invoked.publish(world, world.clock.now(), &[(FunctionMetric::DestinationDeliveryFailures, 1.0)]);
}

/// An invocation ended that had begun then.
pub(super) fn ended(world: &World, invoked: Invoked<'_>, begun: Timestamp, finished: &Finished) {
    let values = [
        (FunctionMetric::Invocations, 1.0),
        (FunctionMetric::Errors, amount(u32::from(finished.failed))),
        (FunctionMetric::Throttles, 0.0),
        (FunctionMetric::Duration, millis(finished.duration)),
    ];
    invoked.publish(world, begun, &values);
}

/// Events of a mapping were counted.
pub(super) fn mapping(world: &World, (region, id): (&str, &str), counted: Counted, events: usize) {
    let metric = match counted {
        Counted::Polled => MappingMetric::Polled,
        Counted::FilteredOut => MappingMetric::FilteredOut,
        Counted::Invoked => MappingMetric::Invoked,
        Counted::FailedInvoke => MappingMetric::FailedInvoke,
        Counted::Dropped => MappingMetric::Dropped,
        Counted::DeliveredOnFailure => MappingMetric::Delivered,
        // "This doesn't include the number of records that expire due to exceeding your event source's retention."
        Counted::Expired => return,
    };
    let meters: Arc<Meters<MappingMetric>> =
        world.cloudwatch.meters(region, &[("EventSourceMappingUUID", id)]);
    meters.record(metric, amount(events), world.clock.now());
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::InProcess;
    use super::super::alias::Alias;
    use super::super::state::Location;
    use super::*;
    use crate::cloudwatch::{Dimension, MetricId};
    use crate::world::Setting;

    /// A world with a function that takes 2 seconds.
    fn world() -> Arc<World> {
        let world = World::new(Setting::default());
        let code = InProcess::new(|event: Bytes| async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            Ok(event)
        });
        world.lambda.install(&world, "f", code).unwrap();
        let here = Location { region: &world.region, account: &world.account };
        let changed = world.lambda.with_function(&FunctionRef::parse("f").unwrap(), &here, |function| {
            let alias = Alias::new(LATEST.to_owned(), String::new(), Default::default(), uuid::Uuid::nil());
            function.aliases.insert("live".to_owned(), alias);
            Ok(())
        });
        changed.unwrap();
        world
    }

    /// Sum and maximum over some seconds.
    fn total(
        world: &World,
        name: &str,
        dimensions: &[(&str, &str)],
        (start, seconds): (Timestamp, u64),
    ) -> Option<(f64, f64)> {
        let dimensions = dimensions.iter().map(|(name, value)| Dimension::new(*name, *value));
        let id = MetricId::new("AWS/Lambda", name, dimensions.collect::<Vec<_>>());
        let total = world.cloudwatch.total(&id, start, start + Duration::from_secs(seconds));
        total.map(|total| (total.sum, total.maximum))
    }

    #[tokio::test(start_paused = true)]
    async fn an_invocation_by_an_alias_is_told_in_four_combinations_at_the_time_it_began() {
        let world = world();
        let now = world.clock.now().as_millisecond();
        // A second before a minute ends: the invocation ends in the next.
        let minute = now - now.rem_euclid(60_000) + 60_000;
        let wait = u64::try_from(minute + 59_000 - now).unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        world.lambda.invoke(&world, "f:live", Bytes::from_static(b"1")).await.unwrap();
        let minute = (Timestamp::from_millisecond(minute).unwrap(), 59);
        let function = ("FunctionName", "f");
        let resource = ("Resource", "f:live");
        for dimensions in
            [&[][..], &[function], &[function, resource], &[function, resource, ("ExecutedVersion", LATEST)]]
        {
            assert_eq!(total(&world, "Invocations", dimensions, minute), Some((1.0, 1.0)), "{dimensions:?}");
            assert_eq!(total(&world, "Errors", dimensions, minute), Some((0.0, 0.0)), "{dimensions:?}");
        }
        assert_eq!(total(&world, "Invocations", &[function, ("Resource", "f")], minute), None);
    }

    #[tokio::test(start_paused = true)]
    async fn concurrency_is_told_of_the_function_the_account_and_what_is_not_reserved() {
        let world = world();
        let invoke = || world.lambda.invoke(&world, "f", Bytes::from_static(b"1"));
        let all = tokio::join!(invoke(), invoke(), invoke());
        assert!(all.0.is_ok() && all.1.is_ok() && all.2.is_ok());
        let since = world.clock.now() - Duration::from_secs(120);
        let most = |name: &str, dimensions: &[(&str, &str)]| {
            total(&world, name, dimensions, (since, 120)).map(|(_, most)| most)
        };
        assert_eq!(most("ConcurrentExecutions", &[("FunctionName", "f")]), Some(3.0));
        assert_eq!(most("ConcurrentExecutions", &[]), Some(3.0));
        assert_eq!(most("UnreservedConcurrentExecutions", &[]), Some(3.0));
        assert_eq!(most("ClaimedAccountConcurrency", &[]), Some(3.0));
    }
}
