//! The functions on the endpoint's page: what they are, and how their last hour went.

use std::time::Duration;

use serde_json::{Value, json};

use super::mapping::MappingAccount;
use super::name::FunctionRef;
use super::state::Lambda;
use crate::cloudwatch::{Dimension, MetricId};
use crate::world::World;

/// How far back the sums go.
const HOUR: Duration = Duration::from_secs(3600);

impl Lambda {
    /// Each function with its sums of the last hour, as its metrics tell them.
    pub(crate) fn overview(&self, world: &World) -> Value {
        let now = world.clock.now();
        let functions: Vec<_> =
            self.functions.lock().values().map(|function| function.latest.clone()).collect();
        let mappings = self.mapping_accounts(now);
        functions
            .iter()
            .map(|version| {
                let name = version.name.as_str();
                let region = version.arn.split(':').nth(3).unwrap_or_default();
                let start = now.checked_sub(HOUR).unwrap_or(now);
                let sum = |metric: &str| {
                    let id = MetricId::new("AWS/Lambda", metric, [Dimension::new("FunctionName", name)]);
                    world.cloudwatch.total_in(region, &id, start, now)
                };
                let duration = sum("Duration");
                json!({
                    "name": name,
                    "runtime": version.configuration.runtime.as_str(),
                    "memoryMb": version.configuration.memory_mb,
                    "invocations": sum("Invocations").map_or(0.0, |sum| sum.sum),
                    "errors": sum("Errors").map_or(0.0, |sum| sum.sum),
                    "throttles": sum("Throttles").map_or(0.0, |sum| sum.sum),
                    "averageMillis": duration.map(|sum| sum.sum / sum.count.max(1.0)),
                    "running": self.executor.running(&version.name),
                    "warm": self.executor.warm(&version.name),
                    "mappings": mappings.iter().filter(|mapping| is_for(mapping, name)).collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}

fn is_for(mapping: &MappingAccount, function: &str) -> bool {
    FunctionRef::parse(&mapping.function).is_ok_and(|named| named.name.as_str() == function)
}
