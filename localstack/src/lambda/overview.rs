//! The functions on the endpoint's page: what they are, and how their last hour went.

use std::time::Duration;

use serde_json::{Value, json};

use super::mapping::MappingAccount;
use super::name::{FunctionId, FunctionRef};
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
                let (name, region) = (version.id.name.as_str(), version.id.region.as_str());
                let start = now.checked_sub(HOUR).unwrap_or(now);
                let sum = |metric: &str| {
                    let id = MetricId::new("AWS/Lambda", metric, [Dimension::new("FunctionName", name)]);
                    world.cloudwatch.total_in(region, &id, start, now)
                };
                let duration = sum("Duration");
                json!({
                    "name": name,
                    "region": region,
                    "runtime": version.configuration.runtime.as_str(),
                    "memoryMb": version.configuration.memory_mb,
                    "invocations": sum("Invocations").map_or(0.0, |sum| sum.sum),
                    "errors": sum("Errors").map_or(0.0, |sum| sum.sum),
                    "throttles": sum("Throttles").map_or(0.0, |sum| sum.sum),
                    "averageMillis": duration.map(|sum| sum.sum / sum.count.max(1.0)),
                    "running": self.executor.running(&version.id),
                    "warm": self.executor.warm(&version.id),
                    "mappings": mappings.iter().filter(|mapping| is_for(mapping, &version.id)).collect::<Vec<_>>(),
                })
            })
            .collect()
    }
}

fn is_for(mapping: &MappingAccount, function: &FunctionId) -> bool {
    FunctionRef::parse(&mapping.function)
        .is_ok_and(|named| named.name == function.name && named.region.as_ref() == Some(&function.region))
}
