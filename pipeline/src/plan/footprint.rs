//! What a plan's resources are billed by, before and after it: taken down when the plan is made, since only then is known
//! what is there. Prices come later, and from elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, Step};
use crate::resources::delivery::{DeliverySource, To};
use crate::resources::mapping::MappingSource;
use crate::resources::stream::StreamCapacity;
use crate::resources::{Address, Desired, Kind, Observed, Readiness, ResourceId, Spec, State};

/// A resource that costs money, before the plan and after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footprint {
    /// Where it stands in the file.
    pub address: Address,
    /// Its kind.
    pub kind: Kind,
    /// Its physical name.
    pub name: String,
    /// As it is; `None` when there is none.
    pub before: Option<Size>,
    /// As it will be; `None` when it goes.
    pub after: Option<Size>,
}

/// What a resource is billed by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// A stream with so many shards.
    ProvisionedStream {
        /// Open shards.
        shards: u32,
        /// How long records stay readable.
        retention_hours: u32,
        /// Whether the autoscaler moves the count.
        autoscaled: bool,
    },
    /// A stream that AWS sizes.
    OnDemandStream {
        /// How long records stay readable.
        retention_hours: u32,
    },
    /// A Firehose delivery.
    Delivery {
        /// Physical name of the stream it reads; `None` is direct put.
        source: Option<String>,
        /// Dynamic partitioning, where it is used.
        #[serde(default)]
        partitioned: Option<Partitioned>,
    },
    /// An enhanced fan-out consumer.
    FanOutConsumer {
        /// Physical name of its stream, whose shards it is billed by.
        stream: String,
    },
    /// A function that reads a stream with `GetRecords`: nothing by itself, but the stream bills its reads.
    Mapping {
        /// Physical name of the stream.
        stream: String,
    },
    /// A Lambda function.
    Function {
        /// Its memory.
        memory_mib: u32,
        /// Whether it runs on arm64.
        arm64: bool,
    },
    /// A CloudWatch alarm.
    Alarm,
    /// A CloudWatch dashboard.
    Dashboard,
}

/// What dynamic partitioning is billed by beside its traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitioned {
    /// The size at which a partition's object is written.
    pub buffer_mib: u32,
    /// The seconds after which it is, full or not.
    pub buffer_seconds: u32,
    /// Whether jq finds the keys; a function does otherwise.
    pub by_jq: bool,
}

/// The footprints of all steps whose resources are billed, in their order.
pub(super) fn footprints(steps: &[Step], observed: &BTreeMap<ResourceId, Observed>) -> Vec<Footprint> {
    steps.iter().filter_map(|step| footprint(step, observed)).collect()
}

fn footprint(step: &Step, observed: &BTreeMap<ResourceId, Observed>) -> Option<Footprint> {
    let seen = observed.get(&ResourceId::new(step.kind, step.name.clone()));
    let there = seen.filter(|seen| !matches!(seen.state.readiness(), Readiness::Leaving));
    let before = there.and_then(|seen| Size::seen(&step.name, &seen.state));
    let goes = matches!(step.action, Action::Delete | Action::Release);
    let wanted = step.desired.as_ref().filter(|_| !goes);
    let after = wanted.and_then(|wanted| Size::wanted(wanted, before.as_ref()));
    if before.is_none() && after.is_none() {
        return None;
    }
    let (address, name) = (step.address.clone(), step.name.clone());
    Some(Footprint { address, kind: step.kind, name, before, after })
}

impl Size {
    fn seen(name: &str, state: &State) -> Option<Self> {
        match state {
            State::Stream(stream) if stream.on_demand => {
                Some(Size::OnDemandStream { retention_hours: stream.retention_hours })
            }
            State::Stream(stream) => Some(Size::ProvisionedStream {
                shards: stream.open_shards,
                retention_hours: stream.retention_hours,
                autoscaled: false,
            }),
            State::Delivery(delivery) => {
                Some(Size::delivery(delivery.source.as_ref(), delivery.destination.as_ref()))
            }
            State::Alarm(_) => Some(Size::Alarm),
            State::Dashboard(_) => Some(Size::Dashboard),
            State::Function(function) => Some(Size::function(function.memory_mib, &function.architecture)),
            State::StreamConsumer(_) => Some(Size::fan_out(name)),
            State::Mapping(mapping) => Size::mapping(&mapping.source),
            _ => None,
        }
    }

    /// What is wanted. The shards of a stream under `autoscale` are those it has, and the first size of a new one.
    fn wanted(wanted: &Desired, before: Option<&Size>) -> Option<Self> {
        match &wanted.spec {
            Spec::Stream(stream) => {
                let retention_hours = stream.retention_hours;
                Some(match (stream.capacity, before) {
                    (StreamCapacity::OnDemand, _) => Size::OnDemandStream { retention_hours },
                    (StreamCapacity::Fixed(shards), _) => {
                        Size::ProvisionedStream { shards, retention_hours, autoscaled: false }
                    }
                    (StreamCapacity::Autoscaled(_), Some(Size::ProvisionedStream { shards, .. })) => {
                        Size::ProvisionedStream { shards: *shards, retention_hours, autoscaled: true }
                    }
                    (StreamCapacity::Autoscaled(shards), _) => {
                        Size::ProvisionedStream { shards, retention_hours, autoscaled: true }
                    }
                })
            }
            Spec::Delivery(delivery) => {
                Some(Size::delivery(delivery.source.as_ref(), Some(&delivery.destination)))
            }
            Spec::Alarm(_) => Some(Size::Alarm),
            Spec::Dashboard(_) => Some(Size::Dashboard),
            Spec::Function(function) => Some(Size::function(function.memory_mib, &function.architecture)),
            Spec::StreamConsumer(_) => Some(Size::fan_out(&wanted.name)),
            Spec::Mapping(mapping) => Size::mapping(&mapping.source),
            _ => None,
        }
    }

    fn delivery(source: Option<&DeliverySource>, to: Option<&To>) -> Self {
        let partitioned = match to {
            Some(To::S3(s3)) => s3.partitioning.as_ref().map(|partitioning| Partitioned {
                buffer_mib: s3.buffer_mib,
                buffer_seconds: s3.buffer_seconds,
                by_jq: partitioning.query.is_some(),
            }),
            _ => None,
        };
        Size::Delivery { source: source.map(|source| stream(&source.stream_arn)), partitioned }
    }

    /// A consumer's physical name is `<stream>/<consumer>`.
    fn fan_out(name: &str) -> Self {
        let stream = name.split_once('/').map_or(name, |(stream, _)| stream);
        Size::FanOutConsumer { stream: stream.to_owned() }
    }

    /// One that reads by a consumer is billed as that.
    fn mapping(source: &MappingSource) -> Option<Self> {
        source.consumer.is_none().then(|| Size::Mapping { stream: stream(&source.stream_arn) })
    }

    fn function(memory_mib: u32, architecture: &str) -> Self {
        Size::Function { memory_mib, arm64: architecture == "arm64" }
    }
}

/// The name at the end of a stream's ARN.
fn stream(arn: &str) -> String {
    arn.rsplit('/').next().unwrap_or(arn).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::Properties;
    use crate::resources::stream::StreamSpec;
    use crate::resources::tags::{TagMap, Tags};

    fn wanted(capacity: StreamCapacity) -> StreamSpec {
        StreamSpec {
            capacity,
            retention_hours: 24,
            encryption: None,
            shard_metrics: None,
            max_record_kib: 1024,
            warm_mibps: None,
        }
    }

    fn step(action: Action, spec: Option<StreamSpec>) -> Step {
        let address = Address::stream("events");
        let desired = spec.map(|spec| Desired {
            address: address.clone(),
            name: "clicks-events".to_owned(),
            tags: Tags::of("clicks", &address, &BTreeMap::new()),
            spec: Spec::Stream(spec),
            depends_on: Vec::new(),
            secrets: Vec::new(),
        });
        Step {
            address,
            kind: Kind::Stream,
            name: "clicks-events".to_owned(),
            action,
            changes: Vec::new(),
            reason: None,
            operations: Vec::new(),
            depends_on: Vec::new(),
            desired,
        }
    }

    fn there(shards: u32) -> BTreeMap<ResourceId, Observed> {
        let state = State::Stream(wanted(StreamCapacity::Fixed(shards)).created());
        let seen = Observed { id: "arn".to_owned(), tags: TagMap::new(), state };
        [(ResourceId::new(Kind::Stream, "clicks-events"), seen)].into()
    }

    fn shards(size: Option<&Size>) -> Option<u32> {
        match size {
            Some(Size::ProvisionedStream { shards, .. }) => Some(*shards),
            _ => None,
        }
    }

    fn sizes(step: &Step, observed: &BTreeMap<ResourceId, Observed>) -> (Option<u32>, Option<u32>) {
        let footprints = footprints(std::slice::from_ref(step), observed);
        (shards(footprints[0].before.as_ref()), shards(footprints[0].after.as_ref()))
    }

    #[test]
    fn a_stream_is_told_before_and_after_each_action() {
        let fixed = Some(wanted(StreamCapacity::Fixed(8)));
        assert_eq!(sizes(&step(Action::Create, fixed.clone()), &BTreeMap::new()), (None, Some(8)));
        assert_eq!(sizes(&step(Action::Update, fixed), &there(2)), (Some(2), Some(8)));
        assert_eq!(sizes(&step(Action::Delete, None), &there(2)), (Some(2), None));
    }

    #[test]
    fn under_autoscale_a_stream_costs_what_it_has_now() {
        let scaled = Some(wanted(StreamCapacity::Autoscaled(4)));
        assert_eq!(sizes(&step(Action::NoChange, scaled.clone()), &there(37)), (Some(37), Some(37)));
        assert_eq!(sizes(&step(Action::Create, scaled), &BTreeMap::new()), (None, Some(4)));
    }
}
