//! What would have been wanted, had it been wanted as it is: how a refresh takes what is there for what was left.
//!
//! What others move by right (the count under an autoscaler, metrics that nobody of ours set) stays as it was wanted,
//! and so does what cannot be known from outside: what a function's code was built from.

use super::alarm::{AlarmSpec, AlarmState};
use super::bucket::{BucketSpec, BucketState, Setting};
use super::dashboard::DashboardSpec;
use super::delivery::{DeliverySpec, DeliveryState, EndpointKey, To};
use super::function::{FunctionSpec, FunctionState};
use super::log_group::{LogGroupSpec, LogGroupState};
use super::mapping::{MappingSpec, MappingState};
use super::role::{RoleSpec, RoleState};
use super::stream::{StreamCapacity, StreamSpec, StreamState};
use super::{Spec, State};

impl Spec {
    /// The properties as they are there, as far as these properties can say it; what they cannot say stays.
    #[must_use]
    pub fn found(&self, state: &State) -> Spec {
        match (self, state) {
            (Spec::Bucket(spec), State::Bucket(state)) => Spec::Bucket(bucket(spec, state)),
            (Spec::Stream(spec), State::Stream(state)) => Spec::Stream(stream(spec, state)),
            (Spec::LogGroup(spec), State::LogGroup(state)) => Spec::LogGroup(log_group(spec, state)),
            (Spec::Role(spec), State::Role(state)) => Spec::Role(role(spec, state)),
            (Spec::Function(spec), State::Function(state)) => Spec::Function(function(spec, state)),
            (Spec::Delivery(spec), State::Delivery(state)) => Spec::Delivery(delivery(spec, state)),
            (Spec::Mapping(spec), State::Mapping(state)) => Spec::Mapping(mapping(spec, state)),
            (Spec::Alarm(spec), State::Alarm(state)) => Spec::Alarm(alarm(spec, state)),
            (Spec::Dashboard(_), State::Dashboard(state)) => {
                Spec::Dashboard(DashboardSpec { body: state.body.clone() })
            }
            // A consumer has nothing to set; a state of another kind says nothing of this one.
            _ => self.clone(),
        }
    }
}

fn bucket(spec: &BucketSpec, state: &BucketState) -> BucketSpec {
    let known = |setting| state.known.contains(&setting);
    let mut found = spec.clone();
    if known(Setting::Versioning) && spec.versioning.is_some() {
        found.versioning = Some(state.versioning);
    }
    if known(Setting::Encryption) {
        found.encryption.clone_from(&state.encryption);
    }
    if known(Setting::Lifecycle) {
        found.lifecycle.clone_from(&state.lifecycle);
    }
    if known(Setting::Notifications) {
        found.notifications.clone_from(&state.notifications);
    }
    found
}

fn stream(spec: &StreamSpec, state: &StreamState) -> StreamSpec {
    StreamSpec {
        capacity: match spec.capacity {
            _ if state.on_demand => StreamCapacity::OnDemand,
            StreamCapacity::Autoscaled(first) => StreamCapacity::Autoscaled(first),
            StreamCapacity::Fixed(_) | StreamCapacity::OnDemand => StreamCapacity::Fixed(state.open_shards),
        },
        retention_hours: state.retention_hours,
        encryption: state.encryption.clone(),
        shard_metrics: spec.shard_metrics.as_ref().map(|_| state.shard_metrics.clone()),
        max_record_kib: state.max_record_kib,
        warm_mibps: spec.warm_mibps.and(state.warm_mibps),
    }
}

fn log_group(spec: &LogGroupSpec, state: &LogGroupState) -> LogGroupSpec {
    // For ever is nothing that we ask for.
    LogGroupSpec { retention_days: state.retention_days.unwrap_or(spec.retention_days), ..spec.clone() }
}

fn role(spec: &RoleSpec, state: &RoleState) -> RoleSpec {
    RoleSpec {
        trust: state.trust.clone(),
        policy: state.policy.clone().unwrap_or_else(|| spec.policy.clone()),
    }
}

fn function(spec: &FunctionSpec, state: &FunctionState) -> FunctionSpec {
    FunctionSpec {
        role_arn: state.role_arn.clone(),
        architecture: state.architecture.clone(),
        memory_mib: state.memory_mib,
        timeout_seconds: state.timeout_seconds,
        environment: state.environment.clone(),
        layers: state.layers.clone(),
        network: state.network.clone(),
        dead_letters: state.dead_letters.clone(),
        logging: state.logging.clone(),
        concurrency: state.concurrency,
        callers: state.callers.clone().unwrap_or_else(|| spec.callers.clone()),
        package: spec.package.clone(),
    }
}

fn delivery(spec: &DeliverySpec, state: &DeliveryState) -> DeliverySpec {
    DeliverySpec {
        source: state.source.clone(),
        destination: destination(spec, state),
        encryption: state.encryption.clone(),
    }
}

/// Where it goes. A key is never described: the one that was wanted stays.
fn destination(spec: &DeliverySpec, state: &DeliveryState) -> To {
    let mut found = state.destination.clone().unwrap_or_else(|| spec.destination.clone());
    if let (To::Http(found), To::Http(wanted)) = (&mut found, &spec.destination)
        && found.key == EndpointKey::None
        && wanted.fingerprint().is_some()
    {
        found.key = wanted.key.clone();
    }
    found
}

fn mapping(spec: &MappingSpec, state: &MappingState) -> MappingSpec {
    MappingSpec {
        source: state.source.clone(),
        start: state.start.unwrap_or(spec.start),
        settings: state.settings.clone(),
    }
}

fn alarm(spec: &AlarmSpec, state: &AlarmState) -> AlarmSpec {
    state.looks_at.clone().unwrap_or_else(|| spec.clone())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::resources::tags::TagMap;

    fn spec(capacity: StreamCapacity, shard_metrics: Option<BTreeSet<String>>) -> Spec {
        Spec::Stream(StreamSpec {
            capacity,
            retention_hours: 24,
            encryption: None,
            shard_metrics,
            max_record_kib: 1024,
            warm_mibps: None,
        })
    }

    #[test]
    fn what_was_found_is_no_difference_and_what_others_own_stays_theirs() {
        let Spec::Stream(plain) = spec(StreamCapacity::Fixed(1), Some(BTreeSet::new())) else { return };
        let moved = State::Stream(StreamState {
            open_shards: 7,
            retention_hours: 48,
            encryption: Some("alias/k".into()),
            shard_metrics: BTreeSet::from(["IncomingBytes".to_owned()]),
            ..super::super::Properties::created(&plain)
        });
        for before in
            [spec(StreamCapacity::Fixed(1), Some(BTreeSet::new())), spec(StreamCapacity::Autoscaled(1), None)]
        {
            let found = before.found(&moved);
            assert!(found.compare(&moved, &TagMap::new()).is_empty(), "{found:?}");
        }
        let Spec::Stream(scaled) = spec(StreamCapacity::Autoscaled(1), None).found(&moved) else { return };
        assert_eq!((scaled.capacity, scaled.shard_metrics), (StreamCapacity::Autoscaled(1), None));
    }
}
