//! Streams, with the applications that read them by enhanced fan-out.

use super::Drafter;
use crate::import::account::SeenStream;
use crate::resources::names;
use crate::resources::stream::StreamState;
use crate::spec::model::{Capacity, Stream};

impl Drafter<'_> {
    pub(super) fn streams(&mut self) {
        let account = self.account;
        for (physical, seen) in &account.streams {
            let Some(logical) = self.naming.stream(physical) else { continue };
            let name = self.naming.said(physical, &logical);
            let mut stream = Stream { name, ..settings(&seen.stream.state) };
            stream.fan_out = self.consumers(&logical, seen);
            self.draft.pipeline.streams.insert(logical, stream);
        }
    }

    /// The applications that read it, as far as the file can name them.
    fn consumers(&mut self, stream: &str, seen: &SeenStream) -> Vec<String> {
        let mut named = Vec::new();
        for consumer in &seen.consumers {
            if self.reads_by(consumer) {
                continue;
            }
            match self.naming.consumer(consumer) {
                Some(logical) => named.push(logical),
                None => {
                    let note =
                        format!("Its fan-out consumer {consumer} is another's by its name, and stays.");
                    self.draft.note("streams", stream, note);
                }
            }
        }
        named.sort();
        named
    }

    /// Whether a function of ours reads by this consumer, which its `fan-out` stands for.
    fn reads_by(&self, consumer: &str) -> bool {
        let mut functions = self.naming.functions();
        functions.any(|logical| names::function_consumer(&self.naming.pipeline, logical) == consumer)
    }
}

fn settings(state: &StreamState) -> Stream {
    Stream {
        name: None,
        capacity: match state.on_demand {
            true => Capacity::OnDemand,
            false => Capacity::Provisioned(state.open_shards.max(1)),
        },
        retention_hours: state.retention_hours,
        encryption: state.encryption.clone(),
        autoscale: None,
        fan_out: Vec::new(),
        shard_metrics: (!state.shard_metrics.is_empty()).then(|| state.shard_metrics.clone()),
        max_record_kib: state.max_record_kib,
        warm_mibps: state.warm_mibps.filter(|_| state.on_demand),
    }
}
