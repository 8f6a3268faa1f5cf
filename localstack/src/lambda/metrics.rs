//! What AWS publishes in `AWS/Lambda`: of a function over all its versions (`FunctionName`), and of what was invoked
//! (`FunctionName`, `Resource`: the function, or the function with its version or alias).

use std::sync::Arc;
use std::time::Duration;

use crate::cloudwatch::{Dimension, Meters, Unit, amount, metrics, millis};
use crate::world::World;

use super::executor::Finished;
use super::name::FunctionName;

metrics! {
    /// Of a function.
    pub(super) enum FunctionMetric in "AWS/Lambda" {
        Invocations = "Invocations" in Count,
        Errors = "Errors" in Count,
        Throttles = "Throttles" in Count,
        Duration = "Duration" in Milliseconds,
        IteratorAge = "IteratorAge" in Milliseconds,
    }
}

/// Publishes what happens seldom, of the function over all its versions.
pub(super) fn publish(world: &World, name: &FunctionName, metrics: &[(&str, f64, Unit)]) {
    let dimensions = [Dimension::new("FunctionName", name.as_str())];
    let now = world.clock.now();
    for (metric, value, unit) in metrics {
        world.cloudwatch.put("AWS/Lambda", metric, &dimensions, (*value, *unit), now);
    }
}

/// The meters of a function, and of the function as it was named.
fn meters(world: &World, name: &str, qualifier: Option<&str>) -> [Arc<Meters<FunctionMetric>>; 2] {
    let resource = qualifier.map_or_else(|| name.to_owned(), |qualifier| format!("{name}:{qualifier}"));
    let function = ("FunctionName", name);
    [
        world.cloudwatch.meters(&world.region, &[function]),
        world.cloudwatch.meters(&world.region, &[function, ("Resource", resource.as_str())]),
    ]
}

/// An invocation was refused for want of concurrency. It is no invocation.
pub(super) fn throttled(world: &World, name: &str, qualifier: Option<&str>) {
    let now = world.clock.now();
    for meters in meters(world, name, qualifier) {
        meters.record(FunctionMetric::Throttles, 1.0, now);
    }
}

/// A batch whose last record is so old goes to the function.
pub(super) fn iterator_age(world: &World, name: &str, qualifier: Option<&str>, age: Duration) {
    let now = world.clock.now();
    for meters in meters(world, name, qualifier) {
        meters.record(FunctionMetric::IteratorAge, millis(age), now);
    }
}

/// An invocation ended.
pub(super) fn ended(world: &World, name: &str, qualifier: Option<&str>, finished: &Finished) {
    let now = world.clock.now();
    for meters in meters(world, name, qualifier) {
        meters.record(FunctionMetric::Invocations, 1.0, now);
        meters.record(FunctionMetric::Errors, amount(u32::from(finished.failed)), now);
        meters.record(FunctionMetric::Throttles, 0.0, now);
        meters.record(FunctionMetric::Duration, millis(finished.duration), now);
    }
}
